"""A worker of `epochwatch audit --workers`: a process that trains its share of the feed.

Its job is a line of JSON on standard input; it ends when that is closed.
"""

import contextlib
from collections.abc import Mapping
from pathlib import Path

from epochwatch._auditing import strategies
from epochwatch._auditing.request import FitCall
from epochwatch._auditing.workers import Notes, Stand, do_job
from epochwatch._cli import user_code
from epochwatch._cli.fit_options import loaded_make_feed
from epochwatch._cli.standard_streams import quiet
from epochwatch.errors import BadInput

# Noted again and again: on a busy machine it takes minutes until the first step.
BEGINNING = Stand(0, 0, 0)


def main() -> None:
    """Do the job, and note what it failed with."""
    do_job(train, in_one_line)


def in_one_line(error: BaseException) -> str:
    """Write what a worker failed with."""
    return str(error) if isinstance(error, BadInput) else user_code.in_one_line(error)


def train(job: Mapping, notes: Notes, close: contextlib.ExitStack) -> None:
    """Join the other workers, and train as a script does that is started on each of them.

    Args:
        job: what is to be done.
        notes: where is noted how far it is.
        close: is given what is to be done where the worker is ended from outside.
    """
    strategy, workers = job["strategy"], job["workers"]
    joined = strategies.join(strategy, workers)
    notes.note(BEGINNING)
    from epochwatch._auditing.keras_door import keras_for

    keras = keras_for(job["backend"])
    notes.note(BEGINNING)
    from epochwatch._auditing.observe import plan_audit
    from epochwatch._auditing.shared_training import (
        ShareWriter,
        metadata_of_share,
        own_share,
        train_share,
    )

    if job["seed"] is not None:
        keras.utils.set_random_seed(job["seed"])
    target = user_code.parse_target(job["target"])
    with quiet(), user_code.user_errors(job["target"]):
        make_feed = loaded_make_feed(target)
        plan = plan_audit(keras, make_feed, FitCall(**job["call"]), job["seed"])
    notes.note(BEGINNING)
    share = own_share(strategy, workers)
    writer = ShareWriter(Path(job["log"]), metadata_of_share(plan, strategy), share, notes.note)
    close.callback(writer.close, "Ended")
    train_share(plan, writer, strategies.scope(strategy, joined, keras, plan.facts.kind))
    close.pop_all()  # the log is complete


if __name__ == "__main__":
    main()
