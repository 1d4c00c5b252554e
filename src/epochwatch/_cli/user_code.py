"""The user's own code, loaded by its name: `package.module:name` or `path/to/file.py:name`."""

import contextlib
import importlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from epochwatch._extras import EXTRAS
from epochwatch.errors import BadInput, RecordingFailed

FEW = 5
FEEDS_IN_WORDS = {
    "arrays": "arrays",
    "generator": "a generator",
    "py_dataset": "a PyDataset",
    "tf_data": "a tf.data.Dataset",
    "torch_loader": "a torch DataLoader",
    "grain_loader": "a Grain loader",
}


class Target(NamedTuple):
    """Where something is to be loaded from: module, or path of a file, and the name in there."""

    place: str
    name: str

    def __str__(self) -> str:
        return f"{self.place}:{self.name}"

    @property
    def is_file(self) -> bool:
        return self.place.endswith(".py")


def parse_target(text: str) -> Target:
    """Read a target, and look whether there is such a file or module, without loading it."""
    place, _, name = text.rpartition(":")
    target = Target(place, name)
    if not (place and name.isidentifier() and (target.is_file or is_dotted(place))):
        raise BadInput(
            f"TARGET: got {text!r}, allowed: package.module:name or "
            "path/to/file.py:name, such as feeds.py:make_feed"
        )
    if target.is_file:
        if not Path(place).is_file():
            raise BadInput(f"{text}: no file {place} in {Path.cwd()}")
        return target
    look_in(Path.cwd())
    with user_errors(f"{text}: the package of {place}"):
        if not is_there(place):
            raise BadInput(
                f"{text}: no module {place}, neither in {Path.cwd()} nor installed; if it is a "
                f"file, give its path: {place.replace('.', '/')}.py:{name}"
            )
    return target


def is_there(module: str) -> bool:
    """Whether there is a module; its package is imported to see it."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError as error:
        if error.name and f"{module}.".startswith(f"{error.name}."):
            return False
        raise


def is_dotted(place: str) -> bool:
    """Whether a text can be the name of a module."""
    return all(part.isidentifier() for part in place.split("."))


def load(target: Target):
    with user_errors(f"{target}: {target.place}"):
        module = file_as_module(Path(target.place)) if target.is_file else imported(target.place)
    try:
        return getattr(module, target.name)
    except AttributeError:
        there = [n for n, value in vars(module).items() if callable(value) and n[0] != "_"]
        own = [n for n in there if getattr(vars(module)[n], "__module__", "") == module.__name__]
        listed = ", ".join(own[:FEW]) or "none"
        raise BadInput(
            f"{target}: no {target.name} in {target.place}; it has these functions: {listed}"
            + (", …" if len(own) > FEW else "")
        ) from None


def described(value: Any) -> str:
    """Say what something is: a feed, a class, a function, or else the name of its type."""
    if inspect.isclass(value):
        return f"the class {value.__name__}"
    if inspect.isroutine(value):
        return f"the function {value.__name__}"
    from epochwatch.feeds import kind_of  # after the backend has been chosen

    try:
        return FEEDS_IN_WORDS[kind_of(value)]
    except BadInput:
        return type(value).__name__


def needed_arguments(function: Callable) -> list[str]:
    """Name the arguments without which a function cannot be called."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # of what is not written in Python, nothing is known
        return []
    empty, given = (
        inspect.Parameter.empty,
        (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD),
    )
    return [p.name for p in parameters if p.default is empty and p.kind not in given]


def imported(module: str):
    """Import a module, with the current folder where Python looks for modules."""
    look_in(Path.cwd())
    return importlib.import_module(module)


def file_as_module(path: Path):
    """Run a file as a module, with its folder where Python looks for modules."""
    look_in(path.resolve().parent)
    # Under its own name, so that worker processes find what it defines.
    name = path.stem if path.stem not in sys.modules else f"audited_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def look_in(folder: Path) -> None:
    """Have Python look for modules in a folder first."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


@contextlib.contextmanager
def user_errors(what: str) -> Iterator[None]:
    """Turn what the user's code raises into bad input: one line, with where it comes from."""
    try:
        yield
    except BadInput:
        raise
    except RecordingFailed as error:
        raise BadInput(str(error)) from error
    except ModuleNotFoundError as error:
        # The user's own code may need anything; what an extra brings is named.
        extra = EXTRAS.get((error.name or "").partition(".")[0])
        remedy = f"; pip install 'epochwatch[{extra}]'" if extra else ""
        raise BadInput(f"{what} raised {in_one_line(error)}{remedy}") from error
    except Exception as error:
        raise BadInput(f"{what} raised {in_one_line(error)}") from error
    except SystemExit as error:
        # A script without `if __name__ == "__main__"`; a signal raises a class of its own.
        if type(error) is not SystemExit:
            raise
        raise BadInput(f"{what} ended the program by sys.exit({error.code!r})") from error


def in_one_line(error: Exception) -> str:
    """Write an error with the place where it was raised."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    place, line, text = last.filename, last.lineno, str(error)
    if isinstance(error, SyntaxError):
        place, line, text = error.filename, error.lineno, error.msg
    first = (text.strip() or "no message").splitlines()[0]
    return f"{type(error).__name__}: {first} ({Path(place or '?').name}, line {line})"
