"""The samples that are met, in training and in two plain passes over the feed."""

from collections.abc import Iterator

import numpy as np

from epochwatch._exposures.feed_order import batch_digest
from epochwatch._watching.fingerprint import NO_CONTENT, NO_LABEL

ROWS_BEFORE_MERGING = 2**18
FEW = 20  # classes


class MetSamples:
    """The samples met so far, each once; memory grows with the samples only.

    Attributes:
        identity: int64 (samples,), ascending.
        content: int64 (samples,), fingerprint of the sample as it was met first; `NO_CONTENT`
            if it has none.
        label: int64 (samples,), its class then.
        changed: bool (samples,), whether it was met with another content later.
    """

    def __init__(self):
        self.identity = self.content = self.label = np.empty(0, np.int64)
        self.changed = np.empty(0, bool)
        self.pending: list[np.ndarray] = []
        self.pending_rows = 0

    def add(self, columns: np.ndarray) -> None:
        """Note the samples of some batches, int64 (3, n): identity, content, label."""
        self.pending.append(np.array(columns))
        self.pending_rows += columns.shape[1]
        if self.pending_rows >= ROWS_BEFORE_MERGING:
            self.merge()

    def merge(self) -> None:
        """Take in what is pending."""
        if not self.pending:
            return
        known = np.stack([self.identity, self.content, self.label])
        columns = np.concatenate([known, *self.pending], axis=1)
        changed = np.append(self.changed, np.zeros(columns.shape[1] - len(self.changed), bool))
        self.pending, self.pending_rows = [], 0
        # Stable: of equal identities the one met first comes first.
        order = np.argsort(columns[0], kind="stable")
        columns, changed = columns[:, order], changed[order]
        starts = np.flatnonzero(np.append(True, np.diff(columns[0]) != 0)[: len(changed)])
        self.identity, self.content, self.label = columns[:, starts]
        sample_of_row = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(changed))))
        first, now = self.content[sample_of_row], columns[1]
        # Where either content was not looked at, nothing is known, and nothing is held against it.
        differs = changed | ((now != first) & (now != NO_CONTENT) & (first != NO_CONTENT))
        self.changed = np.logical_or.reduceat(differs, starts)

    @property
    def conflicts(self) -> int:
        """Samples whose index was met with different contents."""
        self.merge()
        return int(self.changed.sum())

    def streams(self) -> dict[str, np.ndarray]:
        """Sort the samples by class, where all have one and there are few.

        Per class number, as text, the identities of its samples, int64, ascending.
        """
        self.merge()
        classes = np.unique(self.label)
        if NO_LABEL in classes or not 1 < len(classes) <= FEW:
            return {}
        # Numbers as text, as they stand in JSON and among streams that the user names.
        return {str(number): self.identity[self.label == number] for number in classes}


class TwoPasses:
    """Two plain passes over the feed: its population is counted by the first.

    Args:
        first_columns: batch by batch, the columns of `MetSamples.add`.
        second_columns: those of another pass.
        met: the samples that the training met, to which those of the first pass are added.

    Attributes:
        first: the samples of the first pass, as far as it went.
        second: those of the second one.
        met: those of the training and the first pass together.
        rows: in the first pass, a sample as often as it comes.
        digests: of its batches.
        length: batches of a pass; None until the first has come to its end.
    """

    def __init__(
        self,
        first_columns: Iterator[np.ndarray],
        second_columns: Iterator[np.ndarray],
        met: MetSamples,
    ):
        self.met = met
        self.first, self.second = MetSamples(), MetSamples()
        self.rows = 0
        self.digests: list[int] = []
        self.length: int | None = None
        self.first_batches = self._tally(first_columns)
        self.second_batches = self._compare(second_columns)

    def _tally(self, columns: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        for batch in columns:
            self.first.add(batch)
            self.met.add(batch)
            self.rows += batch.shape[1]
            self.digests.append(batch_digest(batch[0]))
            yield batch[0]
        self.length = len(self.digests)

    def _compare(self, columns: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        for batch in columns:
            self.second.add(batch)
            yield batch[0]

    def go_on(self, batches: int) -> None:
        """Go on with the first pass, to its end if that comes with so many batches."""
        while self.length is None and len(self.digests) <= batches:
            next(self.first_batches, None)

    def content_varies(self) -> bool:
        """Whether most samples have another content in another pass, as if augmented."""
        self.first.merge()
        self.second.merge()
        _, first, second = np.intersect1d(
            self.first.identity, self.second.identity, assume_unique=True, return_indices=True
        )
        varied = self.first.content[first] != self.second.content[second]
        return 2 * np.count_nonzero(varied) > len(varied)
