"""The answer of a sweep: how many of its runs are there, and what its parameters change."""

from collections import Counter
from collections.abc import Mapping, Sequence

from epochwatch._text import percent
from epochwatch_lab.answers import Answer


def answer(
    sweep: str,
    finished: int,
    planned: int,
    verdicts: Sequence[str | None],
    numbers: Mapping[str, Sequence[float]],
    changed: Mapping[str, Sequence[str]],
) -> Answer:
    """Say what a sweep's runs have found.

    Args:
        sweep: its file's name.
        finished: runs that are finished.
        planned: runs that there should be.
        verdicts: of the finished runs.
        numbers: by name, what each finished run has measured.
        changed: by parameter, the names of the numbers that it alone changes.

    Returns:
        The answer, and as its advice the span of each number.
    """
    runs = f"{finished:,} of {planned:,} runs are finished"
    if finished < planned:
        runs += f"; `epochwatch sweep {sweep}` makes the others"
    if any(verdicts):
        counted = Counter(verdict or "none" for verdict in verdicts).items()
        runs += "; the verdict is " + ", ".join(f"*{v}* in {n:,}" for v, n in counted)
    parts = [_changed(parameter, what, list(numbers)) for parameter, what in changed.items()]
    compared = "; ".join(parts) if numbers else "There is nothing to compare yet"
    spans = "; ".join(_span(name, values) for name, values in numbers.items())
    return Answer(runs, f"**{runs}.** {compared}.", f"Measured: {spans}." if spans else "")


def _changed(parameter: str, what: Sequence[str], names: Sequence[str]) -> str:
    if list(what) == list(names):
        return f"`{parameter}` alone changes all that is compared"
    return f"`{parameter}` alone changes {', '.join(what) or 'nothing'}"


def _span(name: str, values: Sequence[float]) -> str:
    low, high = (_written(name, number) for number in (min(values), max(values)))
    return f"{name} {low} in all" if low == high else f"{name} {low} to {high}"


def _written(name: str, number: float) -> str:
    return percent(number) if name.endswith("coverage") else f"{number:.4f}"
