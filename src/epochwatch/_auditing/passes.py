"""Plain passes over feeds made for them: what a feed delivers when nothing trains on it."""

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from epochwatch._auditing.feed import IdentifiedFeed
from epochwatch._auditing.observe import AuditPlan
from epochwatch._auditing.population import ComingRound
from epochwatch._auditing.samples import MetSamples
from epochwatch._exposures.feed_order import batch_digest
from epochwatch.feeds._plain_iteration import before_first_pass, between_passes

LONGEST_PASS = 1_000_000  # batches; a longer one is not gone through to count its samples
AT_ONCE = 128  # batches; of tf.data they are identified in the graph


class TalliedPass:
    """A pass that is counted as far as it is asked for, once however often it is asked.

    Args:
        columns: batch by batch, the columns of `MetSamples.add`.
        steps: how many of its batches a run could reach that is no longer.
        met: the samples that the training met, to which those of this pass are added.

    Attributes:
        samples: the samples of the pass, as far as it went.
        rows: the same, a sample as often as it comes.
        reached: int64 (samples,), ascending, those of the first `steps` batches; so far.
        reached_rows: the same, a sample as often as it comes.
        digests: of its batches.
        length: batches of a pass; None until it has come to its end.
        coming_round: what begins again in it, where its end is not looked for or not known.
    """

    def __init__(
        self,
        columns: Iterator[np.ndarray],
        steps: int,
        met: MetSamples | None = None,
        coming_round: ComingRound | None = None,
    ):
        self.steps = steps
        self.met = met
        self.samples = MetSamples()
        self.coming_round = coming_round
        self.rows = self.reached_rows = 0
        self.digests: list[int] = []
        self.length: int | None = None
        self._reached: np.ndarray | None = None
        self.batches = self._tally(columns)

    def _tally(self, columns: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        for batch in columns:
            self._add(batch)
            yield batch[0]
        self.length = len(self.digests)

    def _add(self, batch: np.ndarray) -> None:
        if len(self.digests) == self.steps:
            self._reached = self.samples.merged_identity()
        if len(self.digests) < self.steps:
            self.reached_rows += batch.shape[1]
        self.samples.add(batch)
        for other in (self.met, self.coming_round):
            if other is not None:
                other.add(batch)
        self.rows += batch.shape[1]
        self.digests.append(batch_digest(batch[0]))

    @property
    def reached(self) -> np.ndarray:
        return self.samples.merged_identity() if self._reached is None else self._reached

    def go_on(self, batches: int) -> None:
        """Go on to its end, or until so many batches are known and one more."""
        while self.length is None and len(self.digests) <= batches:
            next(self.batches, None)


class PlainPasses:
    """Passes over one feed and over feeds made anew, made as they are asked for.

    Args:
        plan: what is audited.
        steps: steps that the run trained.
        met: the samples that the training met, to which those of the first pass are added.

    Attributes:
        first: the pass that the feed's samples are counted by.
        others: the samples of all other passes, as far as they went.
    """

    def __init__(self, plan: AuditPlan, steps: int, met: MetSamples):
        self.plan = plan
        self.steps = steps
        self.met = met
        self.others = MetSamples()
        self._first_feed = self.identified()
        at_once = min(AT_ONCE, max(steps, 1))
        length = plan.facts.length
        rounds = ComingRound() if length is None or length > LONGEST_PASS else None
        self.first = TalliedPass(self._first_feed.columns(at_once), steps, met, rounds)
        self._orders_made = 0

    def identified(self) -> IdentifiedFeed:
        plan = self.plan
        feed = plan.feed.make_part()
        before_first_pass(feed)
        return IdentifiedFeed(feed, plan.batch_size, plan.backend, plan.on_device)

    def make_feed_order(self) -> Iterator[np.ndarray]:
        """Pass over a feed made anew, the first time the one that is tallied."""
        self._orders_made += 1
        if self._orders_made == 1:
            return self.first.batches
        return self._noting(self.identified())

    @property
    def can_be_repeated(self) -> bool:
        """Whether a second pass over one feed can be another one than the first."""
        # Arrays do not change: it is `fit` that shuffles them.
        return self.plan.facts.can_be_iterated_again and self.plan.facts.kind != "arrays"

    def make_next_pass(self) -> Iterator[np.ndarray]:
        """Pass once more over one and the same feed."""
        again = self._passed_over
        between_passes(again.feed)
        return self._noting(again)

    @cached_property
    def _passed_over(self) -> IdentifiedFeed:
        """A feed of which a first pass has been begun."""
        if self.plan.facts.kind == "tf_data":
            return self._first_feed  # of which two iterators do not disturb each other
        again = self.identified()
        next(again.columns(1), None)
        return again

    def _noting(self, feed: IdentifiedFeed) -> Iterator[np.ndarray]:
        for batch in feed.columns(min(AT_ONCE, self.steps)):
            self.others.add(batch)
            yield batch[0]

    def reached_again(self) -> TalliedPass:
        """Pass over a feed made anew, as far as the run went."""
        again = TalliedPass(self.identified().columns(min(AT_ONCE, self.steps)), self.steps)
        again.go_on(self.steps - 1)
        return again

    def is_augmented(self) -> bool:
        """Whether most samples have another content in another pass, as if augmented."""
        if not len(self.others.merged_identity()):
            for _ in zip(range(self.steps), self._noting(self.identified()), strict=False):
                pass
        return self.first.samples.differs_from(self.others)
