"""Write the summary of the atlas into README.md, between its two marks."""

import re
import sys

from epochwatch._files import write_whole
from epochwatch.errors import BadInput
from epochwatch_lab._atlas.files import read_atlas
from epochwatch_lab._atlas.rows import rows_of
from epochwatch_lab._atlas.summary import readme
from epochwatch_lab._runs import project

README = project.ROOT / "README.md"
BLOCK = re.compile(r"(<!-- atlas -->\n).*?(<!-- /atlas -->)", re.DOTALL)


def page() -> str:
    """Return README with the summary of the atlas as it is.

    Raises:
        BadInput: there is no atlas, or README lacks the marks.
    """
    text = README.read_text()
    if not BLOCK.search(text):
        raise BadInput(
            f"{README}: got no line <!-- atlas --> with <!-- /atlas --> after it, allowed: both, "
            "with the summary between them; put them back where it shall stand"
        )
    summary = readme(rows_of(read_atlas(project.ROOT / "atlas")))
    return BLOCK.sub(lambda marks: f"{marks[1]}{summary}\n{marks[2]}", text)


def main() -> None:
    """Write it, or end with one line that says why not."""
    try:
        content = page().encode()
    except BadInput as refusal:
        print(f"index_atlas: {refusal}", file=sys.stderr)
        sys.exit(2)
    write_whole(README, lambda file: file.write(content))


if __name__ == "__main__":
    main()
