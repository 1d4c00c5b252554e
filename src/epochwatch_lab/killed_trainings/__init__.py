"""One training that is killed and run again: undisturbed, backed up by Keras, and made resumable.

`Plan` says what is trained and where it is killed. `start` trains it in each of `WAYS`, in
processes of their own, and `Outcome` says what each came to. `Difference` compares two of them.
"""

from epochwatch_lab.killed_trainings._differences import Difference, Rows, compare, never_trained
from epochwatch_lab.killed_trainings._outcomes import Outcome, Start
from epochwatch_lab.killed_trainings._plan import (
    BACKUP,
    RESUMABLE,
    UNDISTURBED,
    WAYS,
    Plan,
    random_step,
)
from epochwatch_lab.killed_trainings._processes import start

__all__ = [
    "BACKUP",
    "RESUMABLE",
    "UNDISTURBED",
    "WAYS",
    "Difference",
    "Outcome",
    "Plan",
    "Rows",
    "Start",
    "compare",
    "never_trained",
    "random_step",
    "start",
]
