"""The table of samples, against a dictionary that is told the same one by one."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from epochwatch._auditing import samples as module
from epochwatch._auditing.samples import MetSamples
from epochwatch._watching.fingerprint import NO_CONTENT, NO_LABEL

SMALL = st.integers(-2, 3)
IDENTITY = SMALL | st.sampled_from([-(2**63), 2**63 - 1])
ROW = st.tuples(IDENTITY, SMALL | st.just(NO_CONTENT), SMALL | st.just(NO_LABEL))
CHUNK = st.lists(ROW, max_size=8)


class Oracle:
    """Remembers of each sample what came first, and whether something else came later."""

    def __init__(self):
        self.first = {}
        self.changed = set()

    def add(self, rows):
        """Note some rows."""
        for identity, content, label in rows:
            known, _ = self.first.setdefault(identity, (content, label))
            if NO_CONTENT not in (known, content) and known != content:
                self.changed.add(identity)

    def streams(self):
        """Sort by label."""
        labels = {label for _, label in self.first.values()}
        if NO_LABEL in labels or not 1 < len(labels) <= module.FEW:
            return {}
        return {
            str(label): sorted(i for i, (_, of) in self.first.items() if of == label)
            for label in labels
        }


def columns(rows):
    """Write rows as the probe does: int64 (3, rows)."""
    return np.array(rows, np.int64).reshape(-1, 3).T


def assert_same(samples, oracle):
    """Compare all that is asked of either."""
    assert samples.conflicts == len(oracle.changed)
    assert samples.identity.tolist() == sorted(oracle.first)
    known = zip(samples.content.tolist(), samples.label.tolist(), strict=True)
    assert dict(zip(samples.identity.tolist(), known, strict=True)) == oracle.first
    assert samples.identity[samples.changed].tolist() == sorted(oracle.changed)
    streams = {name: members.tolist() for name, members in samples.streams().items()}
    assert streams == oracle.streams()


@settings(deadline=None)
@given(st.lists(st.tuples(CHUNK, st.booleans()), max_size=12))
def test_it_knows_what_a_dictionary_knows_wherever_it_is_merged(chunks):
    samples, oracle = MetSamples(), Oracle()
    for rows, merge in chunks:
        samples.add(columns(rows))
        oracle.add(rows)
        if merge:
            samples.merge()
    assert_same(samples, oracle)


@settings(deadline=None)
@given(st.lists(CHUNK, max_size=12), st.integers(1, 20))
def test_it_merges_by_itself_before_much_is_pending(chunks, rows_before_merging):
    samples, oracle = MetSamples(), Oracle()
    before, module.ROWS_BEFORE_MERGING = module.ROWS_BEFORE_MERGING, rows_before_merging
    try:
        for rows in chunks:
            samples.add(columns(rows))
            oracle.add(rows)
            assert samples.pending_rows < rows_before_merging
    finally:
        module.ROWS_BEFORE_MERGING = before
    assert_same(samples, oracle)


def test_what_it_was_given_may_be_filled_again():
    """A feed that reuses its arrays must not change what was noted."""
    samples, reused = MetSamples(), columns([(1, 5, 0)])
    samples.add(reused)
    reused[:] = 7
    samples.merge()
    assert (samples.identity.tolist(), samples.content.tolist()) == ([1], [5])


def test_a_conflict_is_remembered_when_the_first_content_comes_back():
    samples = MetSamples()
    for content in (5, 6, 5):
        samples.add(columns([(1, content, 0)]))
        samples.merge()
    assert samples.conflicts == 1


def test_twenty_classes_are_streams_and_twenty_one_are_numbers_to_predict():
    for classes, streams in ((1, 0), (2, 2), (20, 20), (21, 0)):
        samples = MetSamples()
        samples.add(columns([(i, i, i % classes) for i in range(42)]))
        assert len(samples.streams()) == streams
