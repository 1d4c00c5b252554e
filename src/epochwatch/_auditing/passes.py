"""Plain passes over the feed under audit, and what the first of them has told."""

from collections.abc import Iterator

import numpy as np

from epochwatch._auditing import feed as feeding
from epochwatch._auditing.counting import Stream
from epochwatch._auditing.samples import Samples
from epochwatch._exposures.feed_order import batch_digest


class Passes:
    """Plain passes over the feed; the first is what its population is counted by."""

    def __init__(self, audited, samples: Samples, batch_size: int | None):
        self.audited = audited
        self.samples = samples
        self.batch_size = batch_size
        self.first: Iterator[np.ndarray] | None = None
        self.own, self.others = Samples(), Samples()
        self.rows = 0
        self.digests: list[int] = []
        self.length: int | None = None

    def __call__(self) -> Iterator[np.ndarray]:
        """Begin a pass: the identities of each batch."""
        columns = feeding.identities(self.audited.make_part(), self.batch_size)
        if self.first is None:
            self.first = self.tallied(columns)
            return self.first
        return self.compared(columns)

    def tallied(self, columns: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        """Count the first pass as it goes."""
        for batch in columns:
            self.own.add(batch)
            self.samples.add(batch)
            self.rows += batch.shape[1]
            self.digests.append(batch_digest(batch[0]))
            yield batch[0]
        self.length = len(self.digests)

    def compared(self, columns: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        """Note the samples of another pass, to compare them with those of the first."""
        for batch in columns:
            self.others.add(batch)
            yield batch[0]

    def content_varies(self) -> bool:
        """Say whether most samples have another content in another pass, as if augmented."""
        self.own.merge()
        self.others.merge()
        _, own, other = np.intersect1d(
            self.own.identity, self.others.identity, assume_unique=True, return_indices=True
        )
        varied = self.own.content[own] != self.others.content[other]
        return 2 * np.count_nonzero(varied) > len(varied)

    def go_on(self, batches: int) -> None:
        """Go on with the first pass, to its end if that comes with so many batches."""
        while self.length is None and len(self.digests) <= batches:
            next(self.first, None)

    def population(self) -> Stream | None:
        """Return the samples of one pass; None where it has not ended."""
        self.own.merge()
        return None if self.length is None else Stream(self.own.identity, whole=True)
