"""A sample of the atlas is observed again on the installed Keras: the evidence is current."""

import copy

import pytest

from tests.epochwatch_lab.atlas import evidence


@pytest.mark.slow
def test_a_sample_of_the_cells_does_again_what_is_committed():
    assert evidence.differences("tensorflow") == [], "remake them with `make atlas`"


@pytest.mark.slow
def test_the_sample_is_the_same_each_time_and_has_the_edges():
    cells = evidence.committed("tensorflow")
    chosen = evidence.sampled(cells)
    assert chosen == evidence.sampled(cells)
    assert len(set(chosen)) == evidence.CELLS
    assert set(evidence.PINNED) <= set(chosen)


def test_a_batch_trained_elsewhere_is_a_difference_and_what_workers_decide_is_none():
    cells = evidence.committed("tensorflow")
    sure = cells["tf_data(finite): steps_per_epoch=3"]
    queued = cells["py_dataset(workers=2): steps_per_epoch=3"]
    asked = {"act": "evaluate", "how": {"steps": 3}, "trained": [], "observed": None}
    tested = sure | asked | {"tested": [[[0, 1], [2, 3]], [[0, 1], [2, 3]]]}
    for cell, counts in ((sure, True), (queued, False), (tested, True)):
        changed = copy.deepcopy(cell)
        (changed["trained"] or [changed["tested"]])[0][0].reverse()
        same = evidence.certain(changed, "tensorflow") == evidence.certain(cell, "tensorflow")
        assert same is not counts
