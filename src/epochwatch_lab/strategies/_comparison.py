"""What differs between strategies, over runs that differ in their seed.

Runs of one seed begin with the same weights, and share which samples there are: differences
between strategies are taken within a seed, and their mean is estimated over the seeds.
"""

import json
import statistics
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from epochwatch.errors import BadInput
from epochwatch_lab.strategies._intervals import Interval, mean_interval
from epochwatch_lab.strategies._strategies import BASELINE

CONFIDENCE = 0.95
PARTS = ("seen", "never_seen")  # of the majority


class Point(NamedTuple):
    """How a strategy did at one ratio.

    Attributes:
        coverage: share of the majority that was trained on, above 0.
        quality: its score over the seeds.
    """

    coverage: float
    quality: Interval


class ErrorRates(NamedTuple):
    """How often a strategy took majority samples for the rare class, over the seeds.

    Attributes:
        seen: rate among those that it was trained on.
        never_seen: rate among those that it never saw.
        differ: the second less the first, within a seed.
    """

    seen: Interval
    never_seen: Interval
    differ: Interval


class Evidence:
    """What runs have measured.

    Args:
        runs: of each its `ratio`, its `seed`, and by strategy what was `trained`, its `test`
            scores, and its `errors` in the majority: `[wrong, samples]`, `seen` and `never_seen`.
        parameters: that they share.
        seconds: from the first one's beginning to the last one's end, where it is known.
    """

    def __init__(
        self, runs: Iterable[Mapping], parameters: Mapping | None = None, seconds: float = 0
    ):
        self.parameters = dict(parameters or {})
        self.seconds = seconds
        self.runs = sorted(runs, key=lambda run: (run["ratio"], run["seed"]))

    @classmethod
    def read(cls, path: Path) -> "Evidence":
        """Read a file of runs.

        Args:
            path: of the file, JSON as the sweep `never_saw` leaves it.

        Returns:
            The evidence.

        Raises:
            BadInput: there is no such file, or it does not hold runs.
        """
        remedy = f"make sweep SWEEP=sweeps/{path.stem}.yaml writes it, or give sweep=none"
        try:
            content = json.loads(path.read_text())
            return cls(content["runs"], content["parameters"], content["seconds"]["in_all"])
        except FileNotFoundError:
            raise BadInput(f"sweep: {path.name} does not exist; {remedy}") from None
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(
                f"sweep: {path.name} holds no runs ({error!r}), allowed: JSON with a list `runs`; "
                f"{remedy}"
            ) from None

    @property
    def ratios(self) -> list[int]:
        """Which there are, ascending."""
        return sorted({run["ratio"] for run in self.runs})

    @property
    def strategies(self) -> list[str]:
        """Which there are, in their order."""
        return list(self.runs[0]["strategies"])

    @property
    def seeds(self) -> list[int]:
        """Which there are, ascending."""
        return sorted({run["seed"] for run in self.runs})

    @property
    def trainings(self) -> int:
        """How many models were trained."""
        return len(self.runs) * len(self.strategies)

    def measured_with(self, ratio: int, strategy: str) -> list[Mapping]:
        """What was measured with a strategy at a ratio, by seed.

        Args:
            ratio: majority samples to one of the minority.
            strategy: its name.

        Returns:
            Of each run what `runs` holds of the strategy.
        """
        return [run["strategies"][strategy] for run in self.runs if run["ratio"] == ratio]

    def scores(self, ratio: int, strategy: str, score: str) -> list[float]:
        """One of the test scores, by seed.

        Args:
            ratio: majority samples to one of the minority.
            strategy: its name.
            score: which, as `test` names it.

        Returns:
            A score of each run.
        """
        return [measured["test"][score] for measured in self.measured_with(ratio, strategy)]

    def coverage(self, ratio: int, strategy: str) -> float:
        """The share of the majority that was trained on, on average.

        Args:
            ratio: majority samples to one of the minority.
            strategy: its name.

        Returns:
            From 0 to 1.
        """
        trained = [one["trained"]["majority"] for one in self.measured_with(ratio, strategy)]
        return statistics.mean(seen / samples for seen, samples in trained)

    def points(self, score: str) -> dict[int, dict[str, Point]]:
        """Set a score against the share of the majority that was trained on.

        Args:
            score: which, as `test` names it.

        Returns:
            By ratio and strategy.
        """
        return {
            ratio: {
                name: Point(
                    self.coverage(ratio, name), mean_interval(self.scores(ratio, name, score))
                )
                for name in self.strategies
            }
            for ratio in self.ratios
        }

    def against_baseline(
        self, score: str, baseline: str = BASELINE, at_once: int | None = None
    ) -> dict[int, dict[str, Interval]]:
        """Estimate how each other strategy differs from the baseline in a score, at each ratio.

        Args:
            score: which, as `test` names it.
            baseline: the strategy to compare with.
            at_once: how many of the intervals hold at once with 95 % confidence (Bonferroni).
                As many as there are ratios where it is not given: each strategy is a question of
                its own.

        Returns:
            By ratio and strategy the interval of the difference, strategy less baseline.
        """
        confidence = 1 - (1 - CONFIDENCE) / (at_once or len(self.ratios))
        return {
            ratio: {
                name: self._difference(ratio, name, baseline, score, confidence)
                for name in self.strategies
                if name != baseline
            }
            for ratio in self.ratios
        }

    def _difference(self, ratio, name, baseline, score, confidence) -> Interval:
        # Both by seed, from the same runs: what is subtracted belongs together.
        ours, theirs = (self.scores(ratio, one, score) for one in (name, baseline))
        return mean_interval([a - b for a, b in zip(ours, theirs, strict=True)], confidence)

    def errors_in_all(self, ratio: int, strategy: str, part: str) -> tuple[int, int]:
        """Count the wrong ones among seen or never-seen majority samples, of all seeds.

        Args:
            ratio: majority samples to one of the minority.
            strategy: its name.
            part: `seen` or `never_seen`.

        Returns:
            How many were wrong, and of how many.
        """
        pairs = [measured["errors"][part] for measured in self.measured_with(ratio, strategy)]
        return sum(wrong for wrong, _ in pairs), sum(samples for _, samples in pairs)

    def error_rates(self) -> dict[int, dict[str, ErrorRates]]:
        """Estimate how wrong strategies are about what they saw and about what they never saw.

        Returns:
            By ratio, of each strategy that left majority samples out in every run.
        """
        return {
            ratio: {
                name: self._error_rates(ratio, name)
                for name in self.strategies
                if all(one["errors"]["never_seen"][1] for one in self.measured_with(ratio, name))
            }
            for ratio in self.ratios
        }

    def _error_rates(self, ratio: int, strategy: str) -> ErrorRates:
        errors = [measured["errors"] for measured in self.measured_with(ratio, strategy)]
        seen, never = ([one[part][0] / one[part][1] for one in errors] for part in PARTS)
        differ = [b - a for a, b in zip(seen, never, strict=True)]
        return ErrorRates(*map(mean_interval, (seen, never, differ)))


def excluding_zero(by_ratio: Mapping[int, Mapping[str, Interval]]) -> list[tuple[int, str]]:
    """List the differences that chance does not explain, by ratio and strategy."""
    return [
        (ratio, name)
        for ratio, rows in by_ratio.items()
        for name, difference in rows.items()
        if difference.excludes_zero
    ]
