"""The notebooks as Markdown: from the run named default where there is one, else the post."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from epochwatch_lab._runs import project
from epochwatch_lab._runs.notebooks import NOTEBOOKS
from epochwatch_lab.post import PostMetadata

BLOG = project.ROOT / "outputs" / "blog"


class RenderedNotebook(NamedTuple):
    """A notebook with its results.

    Attributes:
        name: of the notebook.
        title: the question it asks.
        answer: in a few sentences.
        text: file of its Markdown.
        published: where its post is, or will be, in the repository: what its links start from.
        site: folder that its images are in.
        images: where in it.
        from_run: whether it is the run named default of this machine.
    """

    name: str
    title: str
    answer: str
    text: Path
    published: Path
    site: Path
    images: list[str]
    from_run: bool


def rendered_notebook(name: str, outputs: Path, work: Path) -> RenderedNotebook | None:
    """Render a notebook; None where there is neither a run nor a post of it.

    Args:
        name: of the notebook.
        outputs: folder of runs and posts.
        work: folder for what is made on the way.

    Raises:
        BadInput: the notebook, or its run, cannot be read.
    """
    post = PostMetadata.from_notebook(json.loads(project.notebook_path(name).read_text()))
    run = outputs / name / "default" / "notebook.ipynb"
    site = outputs / "blog"
    if run.is_file():
        from epochwatch_lab.post import export_post  # nbconvert takes seconds to import

        site = work
        export_post(run, site)
    published = site / post.file_name("jekyll")
    if not published.is_file():
        return None
    front = next(yaml.safe_load_all(published.read_text()))
    pictures = sorted((site / post.image_folder).glob("*.png"))
    return RenderedNotebook(
        name,
        post.title,
        front.get("excerpt", ""),
        site / post.file_name("github"),
        BLOG / post.file_name("github"),
        site,
        [f"{post.image_folder}/{picture.name}" for picture in pictures],
        run.is_file(),
    )


def rendered_notebooks(outputs: Path, work: Path) -> Iterator[RenderedNotebook]:
    """Render all that can be, in reading order."""
    for name in NOTEBOOKS:
        if notebook := rendered_notebook(name, outputs, work):
            yield notebook
