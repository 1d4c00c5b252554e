"""What is generated within a page that is written by hand: it stands between two marks."""

import re
from pathlib import Path

from epochwatch.errors import BadInput


def between_marks(page: Path, name: str, content: str) -> str:
    """Return the text of a page with other content between its marks of this name.

    Raises:
        BadInput: the page lacks the marks.
    """
    text = page.read_text()
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    block = re.compile(f"({re.escape(begin)}\n).*?({re.escape(end)})", re.DOTALL)
    if not block.search(text):
        raise BadInput(
            f"{page}: got no line {begin} with {end} after it, allowed: both, "
            "with what is generated between them; put them back where it shall stand"
        )
    return block.sub(lambda marks: f"{marks[1]}{content}\n{marks[2]}", text)
