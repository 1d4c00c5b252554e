"""The posts as Markdown: from the run named default where there is one, else as published."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from epochwatch_lab._runs import project
from epochwatch_lab._runs.notebooks import NOTEBOOKS
from epochwatch_lab.post import PostMetadata


class Post(NamedTuple):
    """A notebook with its results.

    Attributes:
        slug: its name in its address.
        title: the question it asks.
        answer: in a few sentences.
        notebook: its file.
        blog: the folder that it, and its images, are in.
        name: of its file in that folder.
        image_folder: where in that folder its images are.
        from_run: whether it is of the run named default of this machine.
    """

    slug: str
    title: str
    answer: str
    notebook: Path
    blog: Path
    name: str
    image_folder: str
    from_run: bool


def read_posts(outputs: Path, work: Path) -> Iterator[Post]:
    """Find the posts, in reading order.

    Args:
        outputs: folder of runs and posts.
        work: folder for the posts of runs of this machine.

    Raises:
        BadInput: a notebook, or its run, cannot be read.
    """
    for name in NOTEBOOKS:
        if post := _read_post(name, outputs, work):
            yield post


def _read_post(name: str, outputs: Path, work: Path) -> Post | None:
    notebook = project.notebook_path(name)
    about = PostMetadata.from_notebook(json.loads(notebook.read_text()))
    run, blog = outputs / name / "default" / "notebook.ipynb", outputs / "blog"
    if run.is_file():
        from epochwatch_lab.post import export_post  # nbconvert takes seconds to import

        blog = work
        export_post(run, blog)
    published = blog / about.file_name("jekyll")
    if not published.is_file():
        return None
    answer = next(yaml.safe_load_all(published.read_text())).get("excerpt", "")
    return Post(
        about.slug,
        about.title,
        answer,
        notebook,
        blog,
        about.file_name("github"),
        about.image_folder,
        run.is_file(),
    )
