"""How long the notebook's training takes, against the original post's: same 6,250 steps.

Each training runs in a process of its own, because the number of threads is set for a process.
Only `fit` is timed, so neither pays for importing TensorFlow.
"""

import subprocess
import sys
from pathlib import Path

from measure import by_turns, report

ROUNDS = 5
HERE = Path(__file__).parent


def seconds_of(script: str) -> float:
    """Run one of the trainings, which prints its seconds."""
    answer = subprocess.run(
        [sys.executable, HERE / script],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return float(answer.stdout)


def main():
    """Measure and report."""
    notebook, original = by_turns(
        lambda: seconds_of("notebook_training.py"),
        lambda: seconds_of("original_training.py"),
        ROUNDS,
    )
    report(
        "notebook_training_to_original_post",
        0.4,
        ("the notebook's training, watched", notebook),
        ("the original post's training", original),
    )


if __name__ == "__main__":
    main()
