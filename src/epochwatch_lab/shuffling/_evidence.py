"""What trainings of many seeds have measured: does a new order each epoch do better?"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from epochwatch.errors import BadInput
from epochwatch_lab.strategies import Interval, mean_interval


class Evidence:
    """What runs have measured.

    Args:
        runs: of each its `task` and `seed`, and for each of `ORDERS` the `accuracy` and the
            `loss` on test rows, and how many `different_orders` its epochs had.
        measured: the day, and with which versions.
    """

    def __init__(self, runs: Iterable[Mapping], measured: Mapping | None = None):
        self.runs = sorted(runs, key=lambda run: (run["task"], run["seed"]))
        self.measured = dict(measured or {})

    @classmethod
    def read(cls, path: Path) -> "Evidence":
        """Read a file that `scripts/measure_repeated_order.py` has written.

        Raises:
            BadInput: there is no such file, or it holds no runs.
        """
        remedy = "python scripts/measure_repeated_order.py writes it"
        try:
            content = json.loads(path.read_text())
            return cls(content["runs"], content["measured"])
        except FileNotFoundError:
            raise BadInput(f"evidence: {path.name} does not exist; {remedy}") from None
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(f"evidence: {path.name} holds no runs ({error!r}); {remedy}") from None

    @property
    def tasks(self) -> list[str]:
        """Which there are."""
        return list(dict.fromkeys(run["task"] for run in self.runs))

    def runs_of(self, task: str) -> list[Mapping]:
        """The runs of a task, by seed."""
        return [run for run in self.runs if run["task"] == task]

    def scores(self, task: str, order: str, score: str = "accuracy") -> list[float]:
        """One score of each run of a task, by seed."""
        return [run[order][score] for run in self.runs_of(task)]

    def gain(self, task: str, score: str = "accuracy") -> Interval:
        """Estimate what a new order each epoch changes, with 95 % confidence (Student's t).

        The difference is taken within a seed, whose two trainings share rows and first weights.

        Args:
            task: which.
            score: `accuracy`, of which more is better, or `loss`.

        Returns:
            The interval of the mean difference, sampler less `fit`.
        """
        pairs = zip(
            self.scores(task, "sampler", score), self.scores(task, "fit", score), strict=True
        )
        return mean_interval([ours - theirs for ours, theirs in pairs])
