"""Two runs side by side: what they were given, where they ran, what they found."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from epochwatch_lab.runs.ledger import Entry, said_by

PARTS = ("parameters", "environment", "findings")


class Difference(NamedTuple):
    """One thing in which two runs differ.

    Attributes:
        part: "parameters", "environment" or "findings".
        name: where in it, with dots and list positions: `epochs.0.coverage.majority`.
        first: of the first run; None where it has none.
        second: of the second run.
    """

    part: str
    name: str
    first: object
    second: object


def differences(first: Entry, second: Entry) -> list[Difference]:
    """Compare two runs.

    Returns:
        Everything in which they differ, numbers to the last digit; empty where they are equal.
    """
    return [
        Difference(part, name, values.get(name), others.get(name))
        for part in PARTS
        for values, others in [
            (dict(leaves(_part(first, part))), dict(leaves(_part(second, part))))
        ]
        for name in dict.fromkeys([*values, *others])
        if values.get(name) != others.get(name)
    ]


def _part(entry: Entry, part: str) -> Mapping:
    if part == "findings":
        return said_by(entry).get("findings", {})
    content = dict(entry.record.get(part, {}))
    content.pop("run_name", None)
    return content


def leaves(content, path: str = "") -> Iterator[tuple[str, object]]:
    """Flatten nested values.

    Yields:
        A name with dots, and the value.

    Example:
        >>> list(leaves({"a": {"b": 1}, "c": [{"d": 2}, {"d": [3, 4]}]}))
        [('a.b', 1), ('c.0.d', 2), ('c.1.d', [3, 4])]
    """
    if isinstance(content, Mapping):
        items = content.items()
    elif isinstance(content, list) and any(isinstance(item, Mapping | list) for item in content):
        items = enumerate(content)
    else:
        yield path, content
        return
    for name, value in items:
        yield from leaves(value, f"{path}.{name}" if path else str(name))
