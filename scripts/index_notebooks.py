"""List the notebooks, with their questions, answers and posts.

In `notebooks/README.md`, in `outputs/blog/README.md`, and between two marks of `README.md`.
"""

import json
import re
import sys
from pathlib import Path
from typing import NamedTuple

import yaml

from epochwatch._files import write_whole
from epochwatch.errors import BadInput
from epochwatch_lab._marks import between_marks
from epochwatch_lab._runs import project
from epochwatch_lab._runs.notebooks import NOTEBOOKS
from epochwatch_lab.post import PostMetadata
from epochwatch_lab.tables import markdown_table

README = project.ROOT / "README.md"
BLOG = project.ROOT / "outputs" / "blog"
# A sentence ends where the next one begins: not at the point of 3.15, nor of "e.g. two".
NEXT_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
NOTEBOOKS_PAGE = """# Notebooks

In reading order. `make blog` makes this page from the notebooks and the published posts.

"""
BLOG_PAGE = """# Posts

For reading here. [_posts](_posts) holds the same for Jekyll, which shows a post once it says
`published: true`: `epochwatch post --published RUN_FOLDER`. `make blog` makes all of it.

"""


class ListedNotebook(NamedTuple):
    """A notebook in the lists.

    Attributes:
        file: its name.
        title: the question it asks.
        answer: the first sentence of its post's excerpt.
        post: file of its post, from the folder of posts.
    """

    file: str
    title: str
    answer: str
    post: str


def listed_notebook(name: str) -> ListedNotebook:
    """Read what the lists say of a notebook."""
    path = project.notebook_path(name)
    metadata = json.loads(path.read_text())["metadata"]["epochwatch"]
    post = PostMetadata.from_notebook({"metadata": {"epochwatch": metadata}})
    front_matter = (BLOG / post.file_name("jekyll")).read_text().split("---\n")[1]
    answer = first_sentence(yaml.safe_load(front_matter)["excerpt"])
    return ListedNotebook(path.name, post.title, answer, post.file_name("github"))


def first_sentence(text: str) -> str:
    """Return the first sentence of a text.

    Example:
        >>> first_sentence("Yes: on Keras 3.15 it resumes. After 10 epochs, it ended.")
        'Yes: on Keras 3.15 it resumes.'
    """
    return NEXT_SENTENCE.split(text)[0]


def index_pages() -> dict[Path, str]:
    """Make the text of all pages.

    Raises:
        BadInput: README lacks the marks.
    """
    listed = list(map(listed_notebook, NOTEBOOKS))
    up = BLOG.relative_to(project.ROOT)
    by_notebook = [
        [f"[{one.title}]({one.file})", one.answer, f"[post](../{up}/{one.post})"] for one in listed
    ]
    by_post = [[f"[{one.title}]({one.post})", one.answer] for one in listed]
    in_readme = [
        f"- [{one.title}](notebooks/{one.file}) – {one.answer} [Post]({up}/{one.post})"
        for one in listed
    ]
    header = ["question", "answer", "post"]
    return {
        project.NOTEBOOKS / "README.md": NOTEBOOKS_PAGE
        + markdown_table(header, by_notebook)
        + "\n",
        BLOG / "README.md": BLOG_PAGE + markdown_table(header[:2], by_post) + "\n",
        README: between_marks(README, "notebooks", "\n".join(in_readme)),
    }


def main() -> None:
    """Write them, or end with one line that says why not."""
    try:
        pages = index_pages()
    except BadInput as refusal:
        print(f"index_notebooks: {refusal}", file=sys.stderr)
        sys.exit(2)
    for path, text in pages.items():
        write_whole(path, lambda file, text=text: file.write(text.encode()))


if __name__ == "__main__":
    main()
