"""The samples that are met, in training and in plain passes over the feed."""

import numpy as np

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

    def merged_identity(self) -> np.ndarray:
        """Return the samples met so far, int64 (samples,), ascending."""
        self.merge()
        return self.identity

    def differs_from(self, other: "MetSamples") -> bool:
        """Whether most samples that both have met had another content there, as if augmented."""
        _, here, there = np.intersect1d(
            self.merged_identity(),
            other.merged_identity(),
            assume_unique=True,
            return_indices=True,
        )
        varied = self.content[here] != other.content[there]
        return 2 * np.count_nonzero(varied) > len(varied)
