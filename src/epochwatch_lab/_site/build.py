"""The site whole: its pages, the files of the atlas, reproductions and notebooks."""

import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

from epochwatch.errors import BadInput
from epochwatch_lab._site import texts
from epochwatch_lab._site.cells import read_files
from epochwatch_lab._site.notebooks import RenderedNotebook, rendered_notebooks
from epochwatch_lab._site.page import filled_template, index_page
from epochwatch_lab._site.reproductions import Reproduction, read_reproductions

INDEX = "index.html"


class Built(NamedTuple):
    """What was built.

    Attributes:
        index: the first page.
        cells: how many it has.
        notebooks: beside it.
        reproductions: beside it.
    """

    index: Path
    cells: int
    notebooks: list[RenderedNotebook]
    reproductions: list[Reproduction]


def build_site(atlas: Path, outputs: Path, site: Path) -> Built:
    """Build the site.

    Args:
        atlas: folder of the atlas, with its `reproductions`.
        outputs: folder of runs and posts.
        site: the folder to make; one that is there is replaced once all is made.

    Returns:
        What was built.

    Raises:
        BadInput: the atlas is missing or damaged, a notebook cannot be rendered, or the folder
            cannot be written.

    Example:
        `build_site(Path("atlas"), Path("outputs"), Path("outputs/site"))`
    """
    files = read_files(atlas)
    reproductions = read_reproductions(atlas, files)
    try:
        site.parent.mkdir(parents=True, exist_ok=True)
        # On the site's own disk, where a folder is moved at once and whole.
        with tempfile.TemporaryDirectory(dir=site.parent, prefix=".site-") as work:
            aside, posts = Path(work) / "site", Path(work) / "posts"
            notebooks = list(rendered_notebooks(outputs, posts))
            write_atlas_files(atlas, aside)
            write_reproductions(reproductions, atlas, aside)
            for notebook in notebooks:
                write_notebook(notebook, aside)
            (aside / INDEX).write_text(index_page(files, notebooks, reproductions))
            replace_folder(aside, site, Path(work) / "old")
    except OSError as error:
        raise BadInput(f"{site}: cannot be written ({error.strerror or error})") from None
    cells = sum(len(file.cells) for file in files)
    return Built(site / INDEX, cells, notebooks, reproductions)


def replace_folder(made: Path, site: Path, old: Path) -> None:
    """Move a folder to where another may be, which is moved away."""
    if site.exists():
        site.rename(old)
    made.rename(site)


def write_atlas_files(atlas: Path, aside: Path) -> None:
    """Copy the evidence."""
    (aside / "atlas").mkdir(parents=True)
    for path in sorted(atlas.glob("*.json")):
        shutil.copyfile(path, aside / "atlas" / path.name)


def write_reproductions(reproductions: list[Reproduction], atlas: Path, aside: Path) -> None:
    """Write a page for each reproduction, its script below and beside it."""
    places = {path.resolve(): f"atlas/{path.name}" for path in atlas.glob("*.json")}
    for one in reproductions:
        places[one.text.resolve()] = f"reproductions/{one.name}.html"
        places[one.script.resolve()] = f"reproductions/{one.script.name}"
    (aside / "reproductions").mkdir()
    for one in reproductions:
        shutil.copyfile(one.script, aside / "reproductions" / one.script.name)
        here = f"reproductions/{one.name}.html"
        html = texts.as_html(texts.without_fields(one.text.read_text()), one.text, places, here)
        code = texts.coloured_code(one.script.read_text(), "python")
        fields = {"title": one.title, "body": html, "kind": "Reproduction", "code": code}
        page = filled_template("reproduction.html.j2", it=one, **fields)
        (aside / here).write_text(page)


def write_notebook(notebook: RenderedNotebook, aside: Path) -> None:
    here = f"notebooks/{notebook.name}.html"
    images = {
        image.resolve(): str(image.relative_to(notebook.site))
        for image in sorted((notebook.site / notebook.image_folder).glob("*.png"))
    }
    html = texts.as_html(notebook.text.read_text(), notebook.text, images, here)
    for image, place in images.items():
        (aside / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(image, aside / place)
    (aside / here).parent.mkdir(exist_ok=True)
    page = filled_template("text.html.j2", title=notebook.title, body=html, kind="Notebook")
    (aside / here).write_text(page)
