"""Write the summary of the atlas into docs/atlas.md, between its two marks."""

import sys

from epochwatch._files import write_whole
from epochwatch.errors import BadInput
from epochwatch_lab._atlas.files import read_atlas
from epochwatch_lab._atlas.rows import rows_of
from epochwatch_lab._atlas.summary import readme
from epochwatch_lab._marks import between_marks
from epochwatch_lab._runs import project

PAGE = project.ROOT / "docs" / "atlas.md"


def page() -> str:
    """Return the page with the summary of the atlas as it is.

    Raises:
        BadInput: there is no atlas, or the page lacks the marks.
    """
    return between_marks(PAGE, "atlas", readme(rows_of(read_atlas(project.ROOT / "atlas"))))


def main() -> None:
    """Write it, or end with one line that says why not."""
    try:
        content = page().encode()
    except BadInput as refusal:
        print(f"index_atlas: {refusal}", file=sys.stderr)
        sys.exit(2)
    write_whole(PAGE, lambda file: file.write(content))


if __name__ == "__main__":
    main()
