"""Checks of what a user gives, the same wherever it is given."""

import numbers
from typing import Any

from epochwatch.errors import BadInput


def is_whole_number(value: Any) -> bool:
    """Check for an integer of Python's or NumPy's; a truth value or a float is none."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def whole_number(name: str, value: Any, low: int, high: int | None = None, remedy: str = "") -> int:
    """Check a whole number.

    Args:
        name: what it is called.
        value: what was given.
        low: the least allowed.
        high: the most allowed; None for no end.
        remedy: what to do instead, the end of a sentence.

    Returns:
        The number, as Python's own.

    Raises:
        BadInput: it is no whole number, or out of range.

    Example:
        >>> whole_number("seed", 7, 0)
        7
        >>> whole_number("seed", 7.0, 0)
        Traceback (most recent call last):
        epochwatch.errors.BadInput: seed: got 7.0, allowed: a whole number, 0 or more
    """
    if not is_whole_number(value) or value < low or (high is not None and value > high):
        upper = "or more" if high is None else f"to {high:,}"
        raise BadInput(f"{name}: got {value!r:.60}, allowed: a whole number, {low} {upper}{remedy}")
    return int(value)
