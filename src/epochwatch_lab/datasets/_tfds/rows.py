"""The ids of TFDS as row numbers of a split, and back."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from epochwatch.errors import BadInput

PART_OF_A_SPLIT = re.compile(r"(?P<name>[^\[\]+]+)(\[[^\[\]+]*\])?")


class SplitRows(NamedTuple):
    """Where the files of a split stand in it.

    Attributes:
        files: their names, in order.
        first: int64 (files + 1,), the row of the first sample in each; last, how many there are.
    """

    files: list[str]
    first: np.ndarray

    @classmethod
    def from_split(cls, split_info: Any) -> "SplitRows":
        """Make it from a whole split's `tfds.core.SplitInfo`."""
        files = [path.name for path in split_info.filepaths]
        return cls(files, np.cumsum([0, *split_info.shard_lengths], dtype=np.int64))

    def rows_from_ids(self, ids: Iterable[bytes]) -> np.ndarray:
        """Turn ids into rows.

        Args:
            ids: as `ReadConfig(add_tfds_id=True)` gives them.

        Returns:
            int64 (ids,).

        Example:
            >>> rows = SplitRows(["a.tfrecord-0-of-2", "a.tfrecord-1-of-2"], np.array([0, 3, 5]))
            >>> rows.rows_from_ids([b"a.tfrecord-0-of-2__2", b"a.tfrecord-1-of-2__0"])
            array([2, 3])
        """
        first = dict(zip(self.files, self.first.tolist(), strict=False))
        parts = (one.decode().rpartition("__") for one in ids)
        return np.array([first[file] + int(place) for file, _, place in parts], dtype=np.int64)

    def ids(self, rows: np.ndarray) -> Iterator[str]:
        """Turn rows into ids.

        Example:
            >>> rows = SplitRows(["a.tfrecord-0-of-2", "a.tfrecord-1-of-2"], np.array([0, 3, 5]))
            >>> list(rows.ids(np.array([2, 3])))
            ['a.tfrecord-0-of-2__2', 'a.tfrecord-1-of-2__0']
        """
        # Of files that start at the same row, all but the last are empty.
        files = np.searchsorted(self.first, rows, side="right") - 1
        for file, place in zip(files, rows - self.first[files], strict=True):
            yield f"{self.files[file]}__{place}"

    def part_rows(self, split_info: Any) -> np.ndarray:
        """List the rows of a part of the split, in the order of the files.

        Args:
            split_info: what TFDS knows of the part.

        Returns:
            int64 (samples,).
        """
        first = dict(zip(self.files, self.first.tolist(), strict=False))
        parts = []
        for read in split_info.file_instructions:
            begin = first[read.basename()] + read.skip
            parts.append(np.arange(begin, begin + read.take, dtype=np.int64))
        return np.concatenate(parts)


def whole_split(split: str, splits: Any) -> Any:
    """Find the split that a part is of.

    Args:
        split: name of a split or of a part of one, as `tfds.load` takes it.
        splits: those of the set, `builder.info.splits`.

    Returns:
        What TFDS knows of the whole split.

    Raises:
        BadInput: there is no such split or part, or it is of several.
    """
    match = PART_OF_A_SPLIT.fullmatch(split)
    try:
        # `in` and `splits[split]` would both take a sum of splits.
        whole = splits[match["name"]] if match and match["name"] in list(splits) else None
        samples = splits[split].num_examples if whole else None
    except (ValueError, AssertionError, KeyError):
        samples = None
    if samples is None:
        names = ", ".join(sorted(splits))
        raise BadInput(
            f"split: got {split!r}, allowed: one of {names}, or a part of one, such as "
            f"'{next(iter(splits))}[:10%]' (indices are unique in a split, not in several)"
        )
    if not samples:
        raise BadInput(f"split: got {split!r}, which has no samples; give one that has some")
    return whole
