"""The site whole: made aside by Sphinx, the atlas' own page put in, and moved into place."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from epochwatch.errors import BadInput
from epochwatch_lab._atlas.files import read_atlas
from epochwatch_lab._atlas.reproductions import read_reproductions
from epochwatch_lab._site.atlas_page import write_atlas_page
from epochwatch_lab._site.posts import Post, read_posts
from epochwatch_lab._site.sources import SourceFolder

# What Sphinx and its theme leave that no page asks for.
NEEDLESS = (".buildinfo", "objects.inv", "*.map", "webpack-macros.html")
ERROR = re.compile(r"^\S*Error: .*", re.MULTILINE)  # in what Sphinx says when it breaks off


class Built(NamedTuple):
    """What was built.

    Attributes:
        index: the first page.
        posts: those that there are.
    """

    index: Path
    posts: list[Post]


def build_site(repository: Path, outputs: Path, site: Path) -> Built:
    """Build the site.

    Args:
        repository: where `atlas`, with its `reproductions`, and `docs` are.
        outputs: folder of runs and posts.
        site: the folder to make; one that is there is replaced once all is made.

    Returns:
        What was built.

    Raises:
        BadInput: the atlas is missing or damaged, a page leads nowhere or has no place in the
            order, a post cannot be made, or the folder cannot be written.

    Example:
        `build_site(Path("."), Path("outputs"), Path("outputs/site"))`
    """
    reproductions = read_reproductions(repository / "atlas" / "reproductions")
    if not reproductions:
        raise BadInput(f"{repository}: is no clone of this repository, has no atlas/reproductions")
    evidence = read_atlas(repository / "atlas")
    findings = {cell["finding"] for file in evidence for cell in file["cells"]}
    try:
        site.parent.mkdir(parents=True, exist_ok=True)
        # On the site's own disk, where a folder is moved at once and whole.
        with tempfile.TemporaryDirectory(dir=site.parent, prefix=".site-") as work:
            aside = Path(work) / "site"
            posts = list(read_posts(outputs, Path(work) / "blog"))
            sources = SourceFolder(Path(work) / "sources", repository)
            sources.add_guide()
            sources.add_posts(posts)
            sources.add_reproductions(reproductions, findings)
            run_sphinx(sources, aside)
            write_atlas_page(repository / "atlas", aside / "atlas")
            replace_folder(aside, site, Path(work) / "old")
    except OSError as error:
        raise BadInput(f"{error.filename or site}: {error.strerror or error}") from None
    return Built(site / "index.html", posts)


def run_sphinx(sources: SourceFolder, site: Path) -> None:
    """Have Sphinx make the site, in a process of its own.

    In it, what the API is read from is imported without frameworks; this process needs them.

    Raises:
        BadInput: with the first thing that Sphinx warns of.
    """
    said = sources.folder.with_name("warnings")
    cache = sources.folder.with_name("cache")
    sources.write_map()
    sphinx = [sys.executable, "-m", "sphinx", "-q", "--no-color", "-w", said, "-d", cache]
    # Sphinx imports the modules of base classes, Keras too: without a backend that ends at once.
    surroundings = os.environ | {"KERAS_BACKEND": "none"}
    done = subprocess.run(
        [*sphinx, sources.folder, site],
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = said.read_text().splitlines() if said.is_file() else []
    if lines or done.returncode:
        broke_off = ERROR.findall(done.stderr) or [f"Sphinx ended with code {done.returncode}"]
        raise BadInput(_first_of(lines or broke_off, sources))
    for pattern in NEEDLESS:
        for path in site.rglob(pattern):
            path.unlink()


def _first_of(lines: list[str], sources: SourceFolder) -> str:
    """Choose the first line of what is wrong; it names the file in the repository."""
    first = lines[0].removeprefix(f"{sources.folder}/")
    page = first.partition(".md:")[0]
    origin = sources.origins.get(page)
    more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
    return (first.replace(f"{page}.md", origin, 1) if origin else first) + more


def replace_folder(made: Path, site: Path, old: Path) -> None:
    """Move a folder to where another may be, which is moved away."""
    if site.exists():
        site.rename(old)
    made.rename(site)
