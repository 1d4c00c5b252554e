"""Names of a package that are loaded when they are first used, so that importing it is cheap."""

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def lazy_names(
    package: str, homes: Mapping[str, str], modules: Mapping[str, str] | None = None
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Make what a package's `__getattr__` and `__dir__` are to be (PEP 562).

    Args:
        package: its `__name__`.
        homes: by public name, the module that defines it.
        modules: the same for names that are modules themselves.

    Returns:
        The two functions.

    Example:
        >>> load, _ = lazy_names("epochwatch", {"BadInput": "epochwatch.errors"})
        >>> load("BadInput")
        <class 'epochwatch.errors.BadInput'>
        >>> load("BadOutput")
        Traceback (most recent call last):
        AttributeError: module 'epochwatch' has no attribute 'BadOutput'
    """
    modules = modules or {}

    def load(name: str) -> Any:
        if name in modules:
            return importlib.import_module(modules[name])
        if name in homes:
            return getattr(importlib.import_module(homes[name]), name)
        # The words of Python's own: `hasattr` and `from … import` build on this error.
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return load, lambda: sorted([*homes, *modules])
