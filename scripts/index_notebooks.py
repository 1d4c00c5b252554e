"""Write notebooks/README.md: of each notebook the question, the answer and the post."""

import json
from pathlib import Path

import yaml

from epochwatch.files import write_whole
from epochwatch.runs import project
from epochwatch.runs.parameters import NOTEBOOKS
from epochwatch.tables import markdown_table

INDEX = project.NOTEBOOKS / "README.md"
INTRODUCTION = """# Notebooks

In reading order. This page is made by `make run` from the notebooks and the published posts.

"""


def post_of(metadata: dict) -> Path:
    """Find the published post of a notebook by the metadata that names it."""
    return project.OUTPUTS / "blog" / "_posts" / f"{metadata['date']}-{metadata['slug']}.md"


def row(notebook: str) -> list[str]:
    """Say question, answer and post of one notebook."""
    path = project.notebook_path(notebook)
    metadata = json.loads(path.read_text())["metadata"]["epochwatch"]
    post = post_of(metadata)
    answer = yaml.safe_load(post.read_text().split("---\n")[1])["excerpt"]
    link = f"[post](../{post.relative_to(project.ROOT)})"
    return [f"[{notebook}]({path.name})", metadata["title"], answer.split(". ")[0] + ".", link]


def index() -> str:
    """Write the page."""
    rows = [row(notebook) for notebook in NOTEBOOKS]
    return INTRODUCTION + markdown_table(["notebook", "question", "answer", "post"], rows) + "\n"


if __name__ == "__main__":
    write_whole(INDEX, lambda file: file.write(index().encode()))
