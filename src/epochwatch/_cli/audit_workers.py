"""`epochwatch audit --workers`: what several workers are fed.

`epochwatch.audit` has no such argument: each worker is a process that makes the feed itself, so it
must find the function by a name, which a `lambda` or a notebook's function does not have.
"""

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from epochwatch._auditing.request import FitCall, Gate, Population, check_looked_for
from epochwatch._cli import fit_options, user_code

if TYPE_CHECKING:
    from epochwatch._report.shared import SharedReport

COMMAND = (sys.executable, "-m", "epochwatch._cli.audit_worker")


def audited_by_workers(
    target: str,
    *,
    workers: int,
    strategy: str | None,
    hangs_after: float,
    fit_option: tuple[str, ...],
    streams: str | None,
    population,
    backend: str | None,
    seed: int | None,
    fail_on: tuple[str, ...],
    min_coverage: float | None,
    log: Path | None,
    **arguments,
) -> "SharedReport":
    """Audit what a target feeds to several workers; further arguments say how `fit` is called."""
    from rich.console import Console

    from epochwatch._cli.audit import loaded_streams

    feed = user_code.parse_target(target)
    named = user_code.parse_target(streams) if streams else None
    names = ("steps_per_epoch", "epochs", "batch_size", "fits", "steps_per_execution")
    own = {"make_feed", *names, "backend", "seed", "callbacks"}
    options = fit_options.further_options(fit_option, own_names=own)
    call = FitCall(**{name: arguments[name] for name in names}, options=options)
    gate = Gate(fail_on, min_coverage)
    check_looked_for(gate, with_workers=True)
    console = Console(stderr=True)
    waiting = console.status if console.is_terminal else contextlib.nullcontext
    with waiting(f"{workers} workers begin, and train"), fit_options.keras_begun(backend, seed):
        from epochwatch._auditing import distributed, strategies
        from epochwatch._auditing.keras_door import keras_for
        from epochwatch._report.shared import SharedReport
        from epochwatch._watching.backends import fit_kind

        keras = keras_for(backend)
        strategy = strategies.strategy_for(strategy, fit_kind(keras))
        asked = distributed.Workers(strategy, workers, COMMAND, target, hangs_after)
        with user_code.user_errors(target), strategies.alone(strategy):
            make_feed = fit_options.loaded_make_feed(feed)
            result = distributed.audit_workers(
                keras,
                make_feed,
                call,
                asked,
                gate=gate,
                streams=loaded_streams(named) if named else None,
                population=Population.from_argument(population),
                seed=seed,
                log=log,
            )
        return SharedReport.showing(result)
