"""`epochwatch audit`: what happens to a feed, in a terminal and in CI."""

import contextlib
import functools
import importlib
import json
import math
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from epochwatch._auditing.request import FAIL_ON, FINDINGS, KILLS
from epochwatch._auditing.strategies import STRATEGIES
from epochwatch._auditing.workers import PATIENCE
from epochwatch._cli import fit_options, user_code
from epochwatch._cli.options import FAILED, count_option
from epochwatch._extras import missing_extras_named
from epochwatch._files import write_whole
from epochwatch.errors import BadInput

if TYPE_CHECKING:
    from rich.console import Console

    from epochwatch._report.report import Report


def names_of_findings(ctx, param, texts: tuple[str, ...]) -> tuple[str, ...]:
    """Read --fail-on: names with commas between them, `runs-dry` for `runs dry`."""
    names = [name.strip().replace("-", " ") for text in texts for name in text.split(",")]
    if names == ["none"]:
        return ()
    for name in names:
        if name not in FAIL_ON:
            raise BadInput(f"--fail-on: got {name!r}, allowed: none, {', '.join(FAIL_ON)}")
    return tuple(names) or FINDINGS


def samples_given(ctx, param, texts: tuple[str, ...]) -> int | dict[str, int] | None:
    """Read --population: one number, or one for each stream, NAME=N with commas between."""
    parts = [part.strip() for text in texts for part in text.split(",")]
    by_name = {}
    for part in parts:
        name, equals, count = (piece.strip() for piece in part.rpartition("="))
        # A number alone is all there is; a name twice would be one too many.
        is_alone = not equals and len(parts) == 1
        is_named = bool(equals and name) and name not in by_name
        if not (is_alone or is_named) or not re.fullmatch("0*[1-9][0-9]*", count):
            raise BadInput(
                f"--population: got {','.join(texts)!r}, allowed: a number of samples, such "
                "as 4000, or one for each stream, such as 0=3800,1=200"
            )
        by_name[name] = int(count)
    return by_name.get("", by_name) or None


def figure_file(ctx, param, path: Path | None) -> Path | None:
    """Check --figure before the audit, not after it."""
    if path is None:
        return None
    if path.suffix not in (".svg", ".png"):
        raise BadInput(f"--figure: got {str(path)!r}, allowed: a file that ends in .svg or .png")
    if not path.parent.is_dir():
        raise BadInput(f"--figure: the folder {path.parent} does not exist; make it first")
    with missing_extras_named("--figure"):
        importlib.import_module("matplotlib")
    return path


@click.command(
    cls=fit_options.GroupedCommand,
    groups={
        fit_options.TITLE: fit_options.NAMES,
        "What is counted": ("streams", "population"),
        "What is tried besides": ("resume", "kills"),
        "Several workers": ("workers", "strategy", "hangs_after"),
        "What counts as a finding": ("fail_on", "min_coverage"),
        "What is written": ("as_json", "figure", "log"),
    },
    epilog="""\b
Examples:
  epochwatch audit feeds.py:make_feed --steps-per-epoch 625 --epochs 10
  epochwatch audit my.data:train --epochs 3 --fit-option shuffle=false
  epochwatch audit my.data:train --fail-on restarts,skips --min-coverage 0.99
  epochwatch audit my.data:train --steps-per-epoch 99 --population 0=380,1=20
  epochwatch audit feeds.py:make_feed --epochs 3 --resume
  epochwatch audit feeds.py:make_feed --epochs 3 --workers 2

Exit codes: 0 no findings, 1 findings, 2 bad input.""",
)
@click.argument("target")
@fit_options.fit_options
@count_option("--epochs", "Epochs, as in fit.", 1)
@click.option(
    "--fail-on",
    multiple=True,
    callback=names_of_findings,
    metavar="NAMES",
    help=f"One or more of these, with commas between them: {', '.join(FAIL_ON)}; or none.  "
    f"[default: all but {', '.join(name for name in FAIL_ON if name not in FINDINGS)}]",
)
@click.option(
    "--min-coverage",
    type=click.FloatRange(0, 1),
    metavar="SHARE",
    help="Least share of each stream that fit must have trained by the end, such as 0.99.",
)
@click.option(
    "--population",
    multiple=True,
    callback=samples_given,
    metavar="NUMBERS",
    help="How many samples a feed without an end has: 4000, or for each stream, "
    "0=3800,1=200.  [default: counted in one pass, or until each stream repeats]",
)
@click.option(
    "--streams",
    metavar="TARGET",
    help="Count the samples of these streams: a mapping from names to arrays of indices, or a "
    "function that returns one, in the same form as TARGET.  [default: the classes, if the "
    "labels are a few whole numbers]",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Kill fit after each step and resume it, as epochwatch.resumable does: does it go on with "
    "the samples that it would have trained?",
)
@count_option(
    "--kills",
    f"Steps at most after which --resume kills fit, those next to an epoch's end among them."
    f"  [default: {KILLS}]",
    word="all",
)
@count_option(
    "--workers",
    "Train on so many workers: processes of this machine, or replicas in one, each with the feed "
    "that TARGET makes there.",
    low=2,
)
@click.option(
    "--strategy",
    type=click.Choice(STRATEGIES),
    help="How workers train together.  [default: that of the backend; on tf_keras multi_worker]",
)
@click.option(
    "--hangs-after",
    type=click.FloatRange(0, min_open=True),
    default=PATIENCE,
    show_default=True,
    metavar="SECONDS",
    help="Without a step of any worker, after which fit is taken to wait for ever.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
@click.option(
    "--figure",
    type=click.Path(path_type=Path),
    callback=figure_file,
    metavar="FILE",
    help="Draw the report into this file, .svg or .png.",
)
@click.option(
    "--log",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write the exposure log, every sample in the order trained, into this new folder.",
)
def audit(target: str, as_json: bool, figure: Path | None, **arguments):
    """Run fit over your feed with a model that learns nothing.

    TARGET is a function that returns a new feed at each call (anything fit accepts; arrays as
    a tuple): package.module:make_feed, or a file, feeds.py:make_feed.

    The report says in one sentence what was found. Then it answers four questions: In which
    order did fit take the batches? Which samples were lost, although there were enough steps for
    them? Did shuffling change the order? What could not be measured? Samples are identified by
    their index if the targets have one ({"label": ..., "index": ...}), or else by their content.
    """
    of_workers = {name: arguments.pop(name) for name in ("workers", "strategy", "hangs_after")}
    check_workers(**of_workers, **arguments)
    if of_workers["workers"]:
        from epochwatch._cli.audit_workers import audited_by_workers

        report = audited_by_workers(target, **of_workers, **arguments)
    else:
        report = audited_target(target, **arguments)
    if as_json:
        click.echo(json.dumps(report.as_json()))
    else:
        report.show()
    if figure:
        save_figure(report, figure)
    if not report.sound:
        sys.exit(FAILED)


def check_workers(workers: int | None, strategy: str | None, resume: bool, **_) -> None:
    """Refuse what is of several workers without them, and what is of one with several."""
    if strategy and not workers:
        raise BadInput(f"--strategy: got {strategy!r} without --workers, allowed: with --workers 2")
    if resume and workers:
        raise BadInput("--resume: got it with --workers, allowed: one of the two")


def audited_target(
    target: str,
    *,
    fit_option: tuple[str, ...],
    streams: str | None,
    kills: int | str | None,
    **arguments,
) -> "Report":
    """Audit what a target names; `arguments` are those of `epochwatch.audit`."""
    arguments["kills"] = sys.maxsize if kills == "all" else kills
    feed = user_code.parse_target(target)
    named = user_code.parse_target(streams) if streams else None
    own = {"make_feed", "streams", "progress", *arguments}
    # Before Keras is imported, which takes seconds: bad input is refused at once.
    options = fit_options.further_options(fit_option, own_names=own)
    with fit_options.keras_begun(arguments["backend"], arguments["seed"]):
        from epochwatch import audit as audit_feed

        make_feed = fit_options.loaded_make_feed(feed)
        by_name = loaded_streams(named) if named else None
        call = {name: arguments[name] for name in fit_options.OF_EXPLAIN} | options
        kills = (arguments["kills"] or KILLS) if arguments["resume"] else 0
        in_all = functools.partial(steps_in_all, kills, arguments["steps_per_execution"])
        with user_code.user_errors(target), progress_bar(make_feed, call, in_all) as progress:
            return audit_feed(make_feed, streams=by_name, progress=progress, **arguments, **options)


def loaded_streams(target: user_code.Target) -> Mapping:
    with user_code.user_errors(str(target)):
        streams = user_code.load(target)
        streams = streams() if callable(streams) else streams
    if not isinstance(streams, Mapping) or not streams:
        raise BadInput(
            f"--streams: got {type(streams).__name__} from {target}, allowed: a mapping from names "
            "to arrays of indices, or a function that returns one"
        )
    return streams


@contextlib.contextmanager
def progress_bar(
    make_feed: Callable, call: Mapping[str, Any], in_all: Callable[[int], int]
) -> Iterator[Callable[[int], None] | None]:
    """On a terminal, say what is to be expected, and show how far the audit is.

    Args:
        make_feed: of the audit.
        call: of `epochwatch.explain`, but for the feed.
        in_all: the steps that an audit trains where a training has so many.

    Yields:
        What `audit` calls with the steps trained; None where there is no terminal.
    """
    from rich import progress
    from rich.console import Console

    # On stderr: the report, or its JSON, has stdout to itself.
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield None
        return
    steps = announced_steps(console, make_feed, call)
    total = steps and in_all(steps)
    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("steps", total=total)
        yield lambda steps: bar.advance(task, steps)


def steps_in_all(kills: int, execution: int, steps: int) -> int:
    """Count the steps of an audit: as it is, undisturbed, and with each kill.

    What is killed goes on with the execution it was killed after.
    """
    if not kills:
        return steps
    kills = min(steps // execution, kills)
    return 2 * steps + kills * (steps + execution)


def announced_steps(console: "Console", make_feed: Callable, call: Mapping[str, Any]) -> int | None:
    """Print what is to be expected and why; return the steps in all, where they are known."""
    from epochwatch import explain
    from epochwatch._report.terminal import in_a_word

    try:
        expected = explain(make_feed(), **call)
    except BadInput:  # nothing to say before the run; what cannot be used, the audit says
        return None
    console.print(f"[bold]expected[/bold]  {in_a_word(expected)}: {expected.rule.why}")
    if expected.judged and expected.exact:
        return sum(expected.judged.steps_run)
    known = [call[name] for name in ("steps_per_epoch", "epochs", "fits")]
    return math.prod(known) if all(known) else None


def save_figure(report: "Report", path: Path) -> None:
    """Draw a report into a file, .svg or .png, whole or not at all."""
    from epochwatch._report import style

    drawn = report.draw()
    try:
        write_whole(path, lambda file: style.write(drawn, file, path.suffix))
    except OSError as error:
        raise BadInput(f"--figure: {path} cannot be written: {error.strerror}") from error
