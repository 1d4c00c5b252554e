"""A process that trains: `python -m epochwatch_lab.killed_trainings FOLDER WAY NUMBER PLAN`."""

import json
import os
import sys
import threading
from pathlib import Path

from epochwatch_lab.killed_trainings._plan import Plan


def end_with_parent() -> None:
    """Wait until the process that holds the other end of this one's input is gone."""
    sys.stdin.read()
    os._exit(1)


def main() -> None:
    """Train what the command line says, as long as somebody waits for it."""
    threading.Thread(target=end_with_parent, daemon=True).start()
    from epochwatch_lab.killed_trainings._training import train

    folder, way, number, plan = sys.argv[1:]
    train(Plan(**json.loads(plan)), way, int(number), Path(folder))


if __name__ == "__main__":
    main()
