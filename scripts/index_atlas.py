"""Write what the atlas says in sum into the guide, between the marks of its pages.

docs/atlas.md gets the summary, docs/keras_releases.md the releases and what changed from one to
the next, docs/atlas_of_workers.md what several workers trained together.
"""

import sys
from pathlib import Path

from epochwatch._files import write_whole
from epochwatch.errors import BadInput
from epochwatch_lab._atlas.environments import read_environments
from epochwatch_lab._atlas.files import read_atlas
from epochwatch_lab._atlas.many_devices_page import table_of
from epochwatch_lab._atlas.releases import releases_page
from epochwatch_lab._atlas.rows import rows_of
from epochwatch_lab._atlas.summary import readme
from epochwatch_lab._marks import between_marks
from epochwatch_lab._runs import project

ATLAS, DOCS = project.ROOT / "atlas", project.ROOT / "docs"
SUMMARY, RELEASES = DOCS / "atlas.md", DOCS / "keras_releases.md"
WORKERS = DOCS / "atlas_of_workers.md"


def pages() -> dict[Path, str]:
    """Return the pages with what the atlas says now.

    Raises:
        BadInput: there is no atlas, or a page lacks the marks.
    """
    files = list(read_atlas(ATLAS))
    releases = releases_page(files, read_environments(ATLAS / "environments.yaml"))
    cells = sum(len(file["cells"]) for file in files)
    return {
        SUMMARY: between_marks(SUMMARY, "atlas", readme(rows_of(files), cells)),
        RELEASES: between_marks(RELEASES, "releases", releases),
        WORKERS: between_marks(WORKERS, "workers", table_of(ATLAS / "many_devices")),
    }


def main() -> None:
    """Write them, or end with one line that says why not."""
    try:
        written = pages()
    except BadInput as refusal:
        print(f"index_atlas: {refusal}", file=sys.stderr)
        sys.exit(2)
    for page, text in written.items():
        write_whole(page, lambda file, text=text: file.write(text.encode()))


if __name__ == "__main__":
    main()
