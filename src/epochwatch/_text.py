"""Numbers as people read them."""


def percent(share: float) -> str:
    """Write a share with one digit, never a 100 % or a 0 % that is not one.

    Args:
        share: from 0 to 1.

    Returns:
        The text.

    Example:
        >>> percent(0.5), percent(59_999 / 60_000), percent(1), percent(1e-6)
        ('50.0%', '99.9%', '100.0%', '<0.1%')
    """
    text = f"{share:.1%}"
    if text == "100.0%" and share < 1:
        return "99.9%"
    return "<0.1%" if text == "0.0%" and share > 0 else text


def count_of(number: int, noun: str) -> str:
    """Write a number of things.

    Example:
        >>> count_of(1, "batch"), count_of(2_000, "batch"), count_of(2, "epoch")
        ('1 batch', '2,000 batches', '2 epochs')
    """
    ending = "" if number == 1 else "es" if noun.endswith("tch") else "s"
    return f"{number:,} {noun}{ending}"
