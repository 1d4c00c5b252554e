"""Trained batches as a few characters: how the files of the atlas keep what each epoch trained.

A batch that the toy feeds have as it is, rows 2n and 2n + 1, is its number n; others list their
rows. Numbers in a row are written as a range: `0-4 7 (3,17)` is seven batches.
"""

import re
from collections.abc import Iterable, Iterator

from epochwatch_lab._atlas.toy_feeds import ROWS

PART = re.compile(r"(\d+)-(\d+)|(\d+)|\(([\d,]*)\)")


def text_of(batches: Iterable[list[int]]) -> str:
    """Write the batches of an epoch, each a list of rows.

    Example:
        >>> text_of([[0, 1], [2, 3], [4, 5], [3, 17], [8, 9], []])
        '0-2 (3,17) 4 ()'
    """
    parts: list[str] = []
    first = last = None
    for batch in [*batches, None]:
        number = number_of(batch)
        if number is not None and last is not None and number == last + 1:
            last = number
            continue
        if last is not None:
            parts.append(f"{first}-{last}" if last > first else f"{first}")
        first = last = number
        if number is None and batch is not None:
            parts.append("({})".format(",".join(map(str, batch))))
    return " ".join(parts)


def number_of(batch: list[int] | None) -> int | None:
    """Return the number of a whole batch in order; None for any other."""
    if not batch or batch[0] % ROWS or batch != list(range(batch[0], batch[0] + ROWS)):
        return None
    return batch[0] // ROWS


def batches_of(text: str) -> list[list[int]]:
    """Read batches that `text_of` has written.

    Raises:
        ValueError: it is no such text.

    Example:
        >>> batches_of("0-1 (3,17)")
        [[0, 1], [2, 3], [3, 17]]
    """
    return [batch for part in text.split() for batch in batches_of_part(part)]


def batches_of_part(part: str) -> Iterator[list[int]]:
    match = PART.fullmatch(part)
    if match is None:
        raise ValueError(f"got {part!r}, allowed: a number, a range, or rows in brackets")
    first, last, single, rows = match.groups()
    if rows is not None:
        yield [int(row) for row in rows.split(",") if row]
        return
    for number in range(int(first or single), int(last or single) + 1):
        yield [*range(number * ROWS, (number + 1) * ROWS)]
