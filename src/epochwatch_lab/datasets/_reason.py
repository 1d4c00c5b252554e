"""What another library's error says, for a line of our own."""

import textwrap

WIDTH = 300


def reason_of(error: Exception) -> str:
    """Put an error's type and text into one line."""
    return textwrap.shorten(f"{type(error).__name__}: {error}", WIDTH)
