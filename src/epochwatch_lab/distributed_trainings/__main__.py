"""A process that trains: `python -m epochwatch_lab.distributed_trainings`, its job on its input.

It is started, watched and ended as a worker of a distributed audit is.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from epochwatch._auditing.workers import Notes, do_job
from epochwatch._cli.user_code import in_one_line
from epochwatch_lab.distributed_trainings._plan import Plan


def main() -> None:
    """Train in each way that the job names, as long as somebody waits for it."""
    do_job(train, in_one_line)


def train(job: Mapping, notes: Notes, _: ExitStack) -> None:
    """Train as the job says."""
    from epochwatch_lab.distributed_trainings._training import train_ways

    plan, folder = Plan(**job["plan"]), Path(job["folder"])
    train_ways(plan, job["ways"], folder, job["number"], notes.note)


if __name__ == "__main__":
    main()
