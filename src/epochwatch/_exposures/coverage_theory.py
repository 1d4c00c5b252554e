"""How soon rounds of random samples have seen a whole stream, in closed form.

How samples are taken decides it:

- in order, or shuffled without replacement: none comes again before all others have had their
  turn, so one pass is enough, and there is nothing to compute;
- anew each round: every round takes a set of different samples at random, whatever the rounds
  before it took, as a feed does that shuffles the whole stream and is cut off by every epoch;
- with replacement: the same with rounds of a single sample, the coupon collector.
"""

import math
from typing import NamedTuple

import numpy as np

# A probability that counts for nothing in a sum of thousands of them.
NEGLIGIBLE = 1e-12
NEVER = np.iinfo(np.int64).max


class CouponCollector(NamedTuple):
    """Rounds that each take some different samples at random, whatever the others took.

    Attributes:
        samples: in the stream.
        a_round: samples that a round takes; 1 is drawing with replacement.

    Example:
        >>> drawn = CouponCollector(53258, 1)
        >>> round(drawn.rounds_until_all()), round(drawn.spread_until_all())
        (610344, 68301)
    """

    samples: int
    a_round: int

    def unseen(self, rounds) -> np.ndarray:
        """Expect how many samples no round has taken.

        Args:
            rounds: how many rounds, an integer or an array.

        Returns:
            float64, of the same shape.
        """
        return self.samples * self._passed_over(0) ** np.asarray(rounds, float)

    def unseen_spread(self, rounds) -> np.ndarray:
        """Return the standard deviation of that number.

        Args:
            rounds: how many rounds, an integer or an array.

        Returns:
            float64, of the same shape.
        """
        mean = self.unseen(rounds)
        other = self._passed_over(0) * self._passed_over(1)
        # The variance of a sum of indicators: all ordered pairs are passed over together, or not.
        pairs = self.samples * (self.samples - 1) * other ** np.asarray(rounds, float)
        return np.sqrt(np.maximum(pairs + mean - mean**2, 0))

    def rounds_until_all(self) -> float:
        """Expect how many rounds it takes until every sample has been taken.

        With rounds of one this is N (1 + 1/2 + … + 1/N), exactly. With more the samples are
        taken for independent of each other, as `lacking` does. That is a little too few rounds,
        as those that one round leaves out are not: 1.5 % too few for 34 samples in rounds of 16.
        """
        if self.a_round == 1:
            return float(self.samples * np.sum(1 / self._ranks()))
        return float(np.sum(self._still_lacking()))

    def spread_until_all(self) -> float:
        """Return the standard deviation of that number of rounds; see `rounds_until_all`."""
        mean = self.rounds_until_all()
        if self.a_round == 1:
            return math.sqrt(self.samples**2 * np.sum(1 / self._ranks() ** 2) - mean)
        # E[T²] = Σ (2r + 1) P(T > r), the sum being over rounds r.
        lacking = self._still_lacking()
        square = np.sum((2 * np.arange(len(lacking)) + 1) * lacking)
        return math.sqrt(max(square - mean**2, 0))

    def lacking(self, rounds) -> np.ndarray:
        """Return the probability that some sample has not been taken; see `rounds_until_all`.

        Args:
            rounds: how many rounds, an integer or an array.

        Returns:
            float64, of the same shape.
        """
        each = self._passed_over(0) ** np.asarray(rounds, float)
        with np.errstate(divide="ignore"):  # before the first round all are lacking
            # 1 - (1 - p)^N, without losing the digits of a small p.
            return -np.expm1(self.samples * np.log1p(-each))

    def first_rounds(self, random: np.random.Generator) -> np.ndarray:
        """Simulate rounds until every sample has been taken.

        Args:
            random: where chance comes from.

        Returns:
            int64 (samples,), the rounds that were over when each was taken first, from 0.
        """
        first = np.full(self.samples, NEVER)
        begun = 0
        while first.max() == NEVER:
            drawn = self._rounds(random)
            np.minimum.at(first, drawn, begun + np.arange(len(drawn))[:, None])
            begun += len(drawn)
        return first

    def _rounds(self, random: np.random.Generator) -> np.ndarray:
        """Take some rounds: int64 (rounds, a_round)."""
        if self.a_round == 1:
            # Many at once: a call a draw would take minutes for a large stream.
            return random.integers(self.samples, size=(8 * self.samples, 1))
        drawn = random.choice(self.samples, self.a_round, replace=False, shuffle=False)
        return drawn[None]

    def _passed_over(self, others: int) -> float:
        """Return the probability that a round passes over a sample, as over so many others."""
        return max(0.0, 1 - self.a_round / (self.samples - others)) if self.samples > others else 0

    def _ranks(self) -> np.ndarray:
        return np.arange(1.0, self.samples + 1)

    def _still_lacking(self) -> np.ndarray:
        """Return `lacking` after 0, 1, 2, … rounds, until it is next to nothing."""
        passed_over = self._passed_over(0)
        if not passed_over:
            return np.ones(1)
        rounds = math.log(NEGLIGIBLE / self.samples) / math.log(passed_over)
        return self.lacking(np.arange(math.ceil(rounds) + 1))
