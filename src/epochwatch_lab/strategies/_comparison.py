"""What differs between strategies, over runs that differ in their seed.

Runs of one seed begin with the same weights, and share which samples there are: differences
between strategies are taken within a seed, and their mean is estimated over the seeds.
"""

import json
import statistics
from collections.abc import Iterable, Mapping
from pathlib import Path

from epochwatch.errors import BadInput
from epochwatch_lab.strategies._intervals import Interval, mean_interval
from epochwatch_lab.strategies._strategies import BASELINE

CONFIDENCE = 0.95


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

    def error_rates(self, ratio: int, strategy: str) -> dict[str, list[float]]:
        """Collect the error rates among seen and never-seen majority samples, by seed.

        Args:
            ratio: majority samples to one of the minority.
            strategy: its name.

        Returns:
            `seen` and `never_seen`; empty where there are no such samples.
        """
        errors = [measured["errors"] for measured in self.measured_with(ratio, strategy)]
        return {
            part: [wrong / samples for wrong, samples in (one[part] for one in errors) if samples]
            for part in ("seen", "never_seen")
        }
