"""Write notebooks/README.md and outputs/blog/README.md: questions, answers and posts."""

import json
from pathlib import Path

import yaml

from epochwatch._files import write_whole
from epochwatch_lab._runs import project
from epochwatch_lab._runs.notebooks import NOTEBOOKS
from epochwatch_lab.post import PostMetadata
from epochwatch_lab.tables import markdown_table

BLOG = project.ROOT / "outputs" / "blog"
NOTEBOOKS_PAGE = """# Notebooks

In reading order. This page is made by `make blog` from the notebooks and the published posts.

"""
BLOG_PAGE = """# Posts

For reading here. [_posts](_posts) holds the same for Jekyll; all of it is made by `make blog`.

"""


def notebook_row(notebook: str) -> dict[str, str]:
    """List a notebook's question, its answer and the file of its post."""
    path = project.notebook_path(notebook)
    metadata = json.loads(path.read_text())["metadata"]["epochwatch"]
    post = PostMetadata.from_notebook({"metadata": {"epochwatch": metadata}})
    front_matter = (BLOG / post.file_name("jekyll")).read_text().split("---\n")[1]
    answer = yaml.safe_load(front_matter)["excerpt"].split(". ")[0]
    return {
        "notebook": f"[{notebook}]({path.name})",
        "question": post.title,
        "answer": f"{answer.removesuffix('.')}.",
        "post": post.file_name("github"),
    }


def index_pages() -> dict[Path, str]:
    """Make the text of both pages."""
    rows = list(map(notebook_row, NOTEBOOKS))
    up = f"../{BLOG.relative_to(project.ROOT)}"
    by_notebook = [[*list(r.values())[:3], f"[post]({up}/{r['post']})"] for r in rows]
    by_post = [[f"[{r['question']}]({r['post']})", r["answer"]] for r in rows]
    return {
        project.NOTEBOOKS / "README.md": NOTEBOOKS_PAGE
        + markdown_table(list(rows[0]), by_notebook),
        BLOG / "README.md": BLOG_PAGE + markdown_table(["question", "answer"], by_post),
    }


if __name__ == "__main__":
    for path, text in index_pages().items():
        write_whole(path, lambda file, text=text: file.write(f"{text}\n".encode()))
