"""A process that trains: `python -m epochwatch_lab.distributed_trainings`, its job on its input.

It is started, watched and ended as a worker of a distributed audit is.
"""

import json
import os
import sys
import threading
import traceback
from pathlib import Path

from epochwatch._auditing.workers import Notes, end_with_parent
from epochwatch._cli.user_code import in_one_line
from epochwatch_lab.distributed_trainings._plan import Plan


def main() -> None:
    """Train in each way that the job names, as long as somebody waits for it."""
    job = json.loads(sys.stdin.buffer.readline())
    folder, number = Path(job["folder"]), job["number"]
    notes = Notes(Path(job["aside"]), number)
    end_with_parent(before=lambda: None)
    try:
        from epochwatch_lab.distributed_trainings._training import train_ways

        train_ways(Plan(**job["plan"]), job["ways"], folder, number, notes.note)
    except BaseException as error:
        notes.error.write_text(in_one_line(error))
        traceback.print_exc()
        # At once: at its exit, TensorFlow waits for the worker that waits for this one.
        os._exit(1)
    notes.done.touch()
    # It would take the connections of the other worker with it.
    threading.Event().wait()


if __name__ == "__main__":
    main()
