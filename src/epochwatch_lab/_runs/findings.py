"""What a notebook has measured, as JSON can have it."""

import math

import numpy as np

DIGITS = 6  # that a float is rounded to


def plain(value):
    """Make plain values of numpy's, lists of tuples and arrays, and round floats.

    Returns:
        The same of integers, floats, texts, lists and dictionaries; None for what is no number.

    Example:
        >>> plain({"seen": np.int64(3), "share": 1 / 3, "span": (1, float("nan"))})
        {'seen': 3, 'share': 0.333333, 'span': [1, None]}
    """
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, float):
        return round(value, DIGITS) if math.isfinite(value) else None
    return value
