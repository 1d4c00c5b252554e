"""Addresses of cells: readable, one for each cell, and the same for ever.

`keras-3.15/tensorflow/generator/steps=3/fits=2` is Keras, its backend, the feed with its options,
and of the call only what differs from a plain `fit`. A value is written as in JSON, but for `true`,
which is left out, and for text that JSON would not take for anything else. What is left out must
never change: an address that somebody has written down would name another cell.
"""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from packaging.version import Version

# In the order that an address has them: the name there, and the value that is left out.
PLAIN_CALL = {
    "act": ("act", "fit"),
    "steps_per_epoch": ("steps", None),
    "steps_per_execution": ("steps_per_execution", 1),
    "fits": ("fits", 1),
    "validation": ("validation", False),
    "seeded": ("seeded", None),
}
HOW = "how."  # begins what an act is told besides
PLAIN_OPTIONS = {"generator": {"endless": False}}
BARE = {"tf_data": "pipeline"}  # the option whose value stands alone, in front
BETWEEN = ";"
SAFE = ",=.-_"


def address_of(environment: dict[str, Any], cell: dict[str, Any]) -> str:
    """Return the address of a cell.

    Args:
        environment: of its file: the `package`, its version `keras`, and the `backend`.
        cell: how it begins in its file, as of `AtlasCell.as_json`.

    Example:
        >>> about = {"package": "keras", "keras": "3.15.1", "backend": "tensorflow"}
        >>> feed = {"feed": "generator", "options": {"endless": False}}
        >>> address_of(about, feed | {"steps_per_epoch": 3, "fits": 2})
        'keras-3.15/tensorflow/generator/steps=3/fits=2'
    """
    backend = environment["backend"]
    return "/".join((release_of(environment), backend, feed_part(cell), *call_parts(cell)))


def parsed_address(address: str) -> tuple[str, str, dict[str, Any]]:
    """Read an address: the release, the backend, and how the cell begins in its file.

    Raises:
        ValueError: it is no address.

    Example:
        >>> parsed_address("keras-3.15/jax/tf_data(repeat)/steps=5/validation")[2]["validation"]
        True
    """
    release, backend, feed, *call = address.split("/")
    kind, _, inner = feed.partition("(")
    options = dict(_parsed_part(part) for part in inner.removesuffix(")").split(BETWEEN) if part)
    if kind in BARE:
        bare = unquote_plus(inner.removesuffix(")").split(BETWEEN)[0])
        options = {BARE[kind]: bare, **dict([*options.items()][1:])}
    names = {name: key for key, (name, _) in PLAIN_CALL.items()}
    cell = {key: plain for key, (_, plain) in PLAIN_CALL.items()} | {"how": {}}
    for name, value in map(_parsed_part, call):
        if name.startswith(HOW):
            cell["how"][name.removeprefix(HOW)] = value
        else:
            cell[names[name]] = value
    return release, backend, {"feed": kind, "options": PLAIN_OPTIONS.get(kind, {}) | options} | cell


def release_of(environment: dict[str, Any]) -> str:
    """Name a release by its package and version, of a coming one the day too.

    Example:
        >>> release_of({"package": "keras", "keras": "3.15.1"})
        'keras-3.15'
        >>> release_of({"package": "keras", "keras": "3.16.0.dev2026102703"})
        'keras-3.16.0.dev2026102703'
    """
    version = Version(environment["keras"])
    written = version if version.is_prerelease else f"{version.major}.{version.minor}"
    return f"{environment['package']}-{written}"


def feed_part(cell: dict[str, Any]) -> str:
    """Write the feed with its options."""
    kind, options = cell["feed"], dict(cell["options"])
    bare = [quote_plus(options.pop(BARE[kind]), SAFE)] if kind in BARE else []
    for key, value in PLAIN_OPTIONS.get(kind, {}).items():
        if options.get(key) == value:
            del options[key]
    parts = bare + [_part(key, value) for key, value in options.items()]
    return f"{kind}({BETWEEN.join(parts)})" if parts else kind


def call_parts(cell: dict[str, Any]) -> Iterator[str]:
    """Write what differs from a plain call of `fit`."""
    for key, (name, plain) in PLAIN_CALL.items():
        if cell.get(key, plain) != plain:
            yield _part(name, cell[key])
    for key, value in sorted(cell.get("how", {}).items()):
        yield _part(HOW + key, value)


def _part(name: str, value: Any) -> str:
    if value is True:
        return name
    written = json.dumps(value)
    if isinstance(value, str) and not _is_json(value):
        written = value
    return f"{name}={quote_plus(written, SAFE)}"


def _parsed_part(part: str) -> tuple[str, Any]:
    name, equals, written = part.partition("=")
    written = unquote_plus(written)
    if not equals:
        return name, True
    return name, json.loads(written) if _is_json(written) else written


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
