"""The site whole: its pages, the files of the atlas, guide, reproductions and notebooks."""

import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

from epochwatch.errors import BadInput
from epochwatch_lab._runs import project
from epochwatch_lab._site import texts
from epochwatch_lab._site.cells import read_files
from epochwatch_lab._site.guide import GuidePage, read_guide
from epochwatch_lab._site.notebooks import RenderedNotebook, rendered_notebooks
from epochwatch_lab._site.page import filled_template, index_page
from epochwatch_lab._site.reproductions import ABOUT, Reproduction, read_reproductions

INDEX = "index.html"
Places = dict[Path, str]  # where in the site the files of the repository are


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


def build_site(atlas: Path, docs: Path, outputs: Path, site: Path) -> Built:
    """Build the site.

    Args:
        atlas: folder of the atlas, with its `reproductions`.
        docs: folder of the guide.
        outputs: folder of runs and posts.
        site: the folder to make; one that is there is replaced once all is made.

    Returns:
        What was built.

    Raises:
        BadInput: the atlas or the guide is missing or damaged, a notebook cannot be rendered, or
            the folder cannot be written.

    Example:
        `build_site(Path("atlas"), Path("docs"), Path("outputs"), Path("outputs/site"))`
    """
    files = read_files(atlas)
    reproductions, guide = read_reproductions(atlas, files), read_guide(docs)
    try:
        site.parent.mkdir(parents=True, exist_ok=True)
        # On the site's own disk, where a folder is moved at once and whole.
        with tempfile.TemporaryDirectory(dir=site.parent, prefix=".site-") as work:
            aside, posts = Path(work) / "site", Path(work) / "posts"
            notebooks = list(rendered_notebooks(outputs, posts))
            places = site_places(atlas, guide, notebooks, reproductions)
            write_atlas_files(atlas, aside)
            for page in guide:
                write_guide_page(page, places, aside)
            for one in reproductions:
                write_reproduction(one, places, aside)
            for notebook in notebooks:
                write_notebook(notebook, places, aside)
            (aside / INDEX).write_text(index_page(files, guide, notebooks, reproductions))
            replace_folder(aside, site, Path(work) / "old")
    except OSError as error:
        raise BadInput(f"{site}: cannot be written ({error.strerror or error})") from None
    cells = sum(len(file.cells) for file in files)
    return Built(site / INDEX, cells, notebooks, reproductions)


def site_places(
    atlas: Path,
    guide: list[GuidePage],
    notebooks: list[RenderedNotebook],
    reproductions: list[Reproduction],
) -> Places:
    """Say where in the site each file is that a page may link to."""
    places = {path: f"atlas/{path.name}" for path in atlas.glob("*.json")}
    places |= {path: INDEX for path in (atlas, atlas / "reproductions" / f"{ABOUT}.md")}
    places |= {page.text: f"guide/{page.name}.html" for page in guide}
    for one in reproductions:
        places[one.text] = f"reproductions/{one.name}.html"
        places[one.script] = f"reproductions/{one.script.name}"
    for notebook in notebooks:
        here = f"notebooks/{notebook.name}.html"
        places |= {notebook.published: here, project.notebook_path(notebook.name): here}
        places |= {notebook.published.parents[1] / image: image for image in notebook.images}
    return {path.resolve(): place for path, place in places.items()}


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


def write_guide_page(page: GuidePage, places: Places, aside: Path) -> None:
    here = f"guide/{page.name}.html"
    html = texts.as_html(page.text.read_text(), page.text, places, here)
    write_page(aside / here, "text.html.j2", title=page.title, body=html, kind="Guide")


def write_reproduction(one: Reproduction, places: Places, aside: Path) -> None:
    """Write the page of a reproduction, its script below and beside it."""
    here = f"reproductions/{one.name}.html"
    html = texts.as_html(texts.without_fields(one.text.read_text()), one.text, places, here)
    code = texts.coloured_code(one.script.read_text(), "python")
    fields = {"title": one.title, "body": html, "kind": "Reproduction", "code": code}
    write_page(aside / here, "reproduction.html.j2", it=one, **fields)
    shutil.copyfile(one.script, aside / "reproductions" / one.script.name)


def write_notebook(notebook: RenderedNotebook, places: Places, aside: Path) -> None:
    here = f"notebooks/{notebook.name}.html"
    html = texts.as_html(notebook.text.read_text(), notebook.published, places, here)
    write_page(aside / here, "text.html.j2", title=notebook.title, body=html, kind="Notebook")
    for image in notebook.images:
        (aside / image).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(notebook.site / image, aside / image)


def write_page(path: Path, template: str, **values) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(filled_template(template, **values))
