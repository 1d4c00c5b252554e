"""Packages that are optional: one that is absent is named in one line, with its extra."""

import contextlib
from collections.abc import Iterator

from epochwatch.errors import BadInput

# By the name that is imported. What is not here belongs to the laboratory.
EXTRAS = {
    "bokeh": "report",
    "bs4": "post",
    "dask": "cluster",
    "distributed": "cluster",
    "grain": "grain",
    "jax": "jax",
    "jinja2": "report",
    "latex2mathml": "post",
    "matplotlib": "figures",
    "nbconvert": "post",
    "nbformat": "post",
    "psutil": "cluster",
    "tensorflow": "tensorflow",
    "tf_keras": "tf_keras",
    "torch": "torch",
}
LABORATORY = "lab"


@contextlib.contextmanager
def missing_extras_named(needed_for: str, extra: str | None = None) -> Iterator[None]:
    """Turn the import of an absent package into a line that says how to get it.

    Args:
        needed_for: what needs it, with which the line begins: "feed: got 'grain_loader'".
        extra: the one that brings all that is needed; else the one of the package that is absent.

    Raises:
        BadInput: a package is not installed; the line names it and its extra.

    Example:
        >>> with missing_extras_named("jax"):
        ...     raise ModuleNotFoundError(name="torch.utils")
        Traceback (most recent call last):
        epochwatch.errors.BadInput: jax: torch is not installed; pip install 'epochwatch[torch]'
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package.startswith("epochwatch"):  # a fault of our own
            raise
        extra = extra or EXTRAS.get(package, LABORATORY)
        raise BadInput(
            f"{needed_for}: {package} is not installed; pip install 'epochwatch[{extra}]'"
        ) from None
