"""What the command `epochwatch audit` does around the audit, so that only the report is seen."""

import contextlib
import json
import logging
import math
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from epochwatch._auditing import loading
from epochwatch._auditing.observe import keras_for
from epochwatch._auditing.report import Report
from epochwatch.errors import BadInput

STDOUT, STDERR = 1, 2
SILENT = "3"  # of TensorFlow's log levels
# What the report says better.
NOISE = "`shuffle=True` was passed, but will be ignored|Your input ran out of data"
SPOKEN = {"true": True, "false": False, "null": None, "none": None}


def audited(
    target: str, *, fit_option: tuple[str, ...] = (), streams: str | None = None, **asked
) -> Report:
    """Audit what a target names.

    Args:
        target: of `make_feed`; see `loading.found`.
        fit_option: further arguments of `fit`, as NAME=VALUE.
        streams: target of a mapping, or of a function that returns one.
        asked: of `audit`.
    """
    feed, named = loading.found(target), loading.found(streams) if streams else None
    options = options_of(fit_option, taken={"make_feed", "streams", "progress", *asked})
    # Standard output is the report's alone, whatever the user's code prints, or its children.
    with redirected(STDOUT, STDERR), quiet():
        begin_keras(asked["backend"])
        from epochwatch._auditing.audit import audit

        make_feed = loading.load(feed)
        if not callable(make_feed):
            raise BadInput(
                f"{target}: got {type(make_feed).__name__}, allowed: a function that returns a "
                "new feed at each call"
            )
        by_name = streams_of(named) if named else None
        with loading.blamed(target), progress_of(make_feed, asked, options) as progress:
            return audit(make_feed, streams=by_name, progress=progress, **asked, **options)


def options_of(texts: tuple[str, ...], taken=()) -> dict:
    """Read --fit-option, each NAME=VALUE: data, as in JSON, or else text; never code.

    Example:
        >>> options_of(("shuffle=false", "validation_freq=2", 'class_weight={"0": 1, "1": 9}'))
        {'shuffle': False, 'validation_freq': 2, 'class_weight': {0: 1, 1: 9}}
    """
    options = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise BadInput(f"--fit-option: got {text!r}, allowed: NAME=VALUE, as in shuffle=false")
        if name in taken:
            raise BadInput(f"--fit-option: got {name!r}, which is given otherwise; see --help")
        options[name] = value_of(value)
    return options


def value_of(text: str):
    """Read a value as JSON, with Python's spellings too; what is no JSON is text."""
    if text.lower() in SPOKEN:
        return SPOKEN[text.lower()]
    try:
        return json.loads(text, object_pairs_hook=with_numbers)
    except ValueError:
        return text


def with_numbers(pairs: list[tuple[str, object]]) -> dict:
    """Make the keys numbers that JSON can write as texts only: classes are numbers."""
    return {int(key) if re.fullmatch(r"-?\d+", key) else key: value for key, value in pairs}


def streams_of(target: loading.Target) -> Mapping:
    """Load --streams."""
    with loading.blamed(str(target)):
        given = loading.load(target)
        given = given() if callable(given) else given
    if not isinstance(given, Mapping) or not given:
        raise BadInput(
            f"--streams: got {type(given).__name__} from {target}, allowed: a mapping from names "
            "to arrays of indices, or a function that returns one"
        )
    return given


def begin_keras(backend: str | None) -> None:
    """Import Keras on its backend, before the user's code does."""
    if backend == "tf_keras":
        os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_USE_LEGACY_KERAS": "1"}
    with unheard():
        keras_for(backend or os.environ.get("KERAS_BACKEND"))


@contextlib.contextmanager
def redirected(descriptor: int, to: int) -> Iterator[None]:
    """Send all that is written to one open file to another, by this process or its children."""
    sys.stdout.flush()
    kept = os.dup(descriptor)
    os.dup2(to, descriptor)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, descriptor)
        os.close(kept)


@contextlib.contextmanager
def unheard() -> Iterator[None]:
    """Keep back what TensorFlow writes while it is imported: no log level reaches that.

    It is written after all if the import fails, or if the user has set a log level.
    """
    if os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", SILENT) != SILENT:
        yield
        return
    with tempfile.TemporaryFile() as file:
        try:
            with redirected(STDERR, file.fileno()):
                yield
        except BadInput:
            raise
        except BaseException:
            file.seek(0)
            os.write(STDERR, file.read())
            raise


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Drop the warnings that say what the report says."""
    for name in ("absl", "tensorflow"):
        logging.getLogger(name).setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=NOISE)
        yield


@contextlib.contextmanager
def progress_of(
    make_feed: Callable, asked: Mapping, options: Mapping
) -> Iterator[Callable[[int], None] | None]:
    """On a terminal, say what is to be expected, and show how far the audit is.

    Yields what `audit` calls with the steps trained; None where there is no terminal.
    """
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield None
        return
    total = foretold(console, make_feed, asked, options)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task("steps", total=total)
        yield lambda steps: bar.advance(task, steps)


def foretold(console: Console, make_feed: Callable, asked: Mapping, options) -> int | None:
    """Print what is to be expected and why; return the steps in all, where they are known."""
    from epochwatch._auditing.audit import explain

    names = ("steps_per_epoch", "epochs", "steps_per_execution", "fits", "batch_size", "backend")
    known = [asked[name] for name in ("steps_per_epoch", "epochs", "fits")]
    try:
        expected = explain(make_feed(), **{name: asked[name] for name in names}, **options)
    except BadInput:  # nothing to tell before the run; what cannot be used, the audit says
        return None
    verdict = expected.verdict or ("nothing" if expected.judged is None else "no boundary")
    console.print(f"[bold]to be expected[/bold]  {verdict}: {expected.rule.why}")
    if expected.judged and expected.exact:
        return sum(expected.judged.steps_run)
    return math.prod(known) if all(known) else None


def save_figure(report: Report, path: Path) -> None:
    """Draw a report into a file, .svg or .png, whole or not at all."""
    from epochwatch._files import write_whole
    from epochwatch._report import style

    drawn = report.draw()
    try:
        write_whole(path, lambda file: style.write(drawn, file, path.suffix))
    except OSError as error:
        raise BadInput(f"--figure: {path} cannot be written: {error.strerror}") from error
