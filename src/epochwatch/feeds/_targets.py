"""Targets with the index beside them, as a watched model takes them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from epochwatch.errors import BadInput

INDEX = "index"
LABEL = "label"


def add_index(targets: Any, index: Any) -> dict:
    """Put the index beside the targets: `{"label", "index"}`, or named targets and "index"."""
    if not isinstance(targets, Mapping):
        return {LABEL: targets, INDEX: index}
    if INDEX in targets:
        raise BadInput(
            'with_index: got targets that have an "index" already, allowed: targets without; '
            "they can be fed to a watched model as they are"
        )
    return {**targets, INDEX: index}


def checked_index(index: Any, rows: int, name: str) -> np.ndarray:
    """Check indices that a user gave, an integer to a sample: int64 (rows,)."""
    index = np.asarray(index)
    is_exact = np.issubdtype(index.dtype, np.integer) and np.can_cast(index.dtype, np.int64)
    if not is_exact or index.shape != (rows,):
        raise BadInput(
            f"{name}: got {index.dtype} {index.shape}, allowed: int64 ({rows},), one integer "
            "to a sample"
        )
    return index.astype(np.int64)
