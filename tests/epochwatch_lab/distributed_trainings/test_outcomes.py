"""Who trained which sample, counted from logs that are small enough to count by hand."""

import json

import numpy as np
import pytest

from epochwatch._exposures.share import Share
from epochwatch._exposures.writer import ExposureWriter
from epochwatch_lab.distributed_trainings import EpochShares, Outcome, Plan
from epochwatch_lab.distributed_trainings._plan import account_file, log_folder

PLAN = Plan(1, 6, 4, 2, True, 0)
# By worker and epoch: the samples of each step.
TRAINED = [[[0, 1, 2], [3, 4, 5]], [[2, 1, 3], [0, 1, 2]]]
RARE = np.array([False, False, False, False, True, True])


@pytest.fixture
def outcome(tmp_path):
    """The outcome of two workers that trained those samples."""
    log = log_folder(tmp_path, "off")
    for worker, epochs in enumerate(TRAINED):
        share = Share((worker,), worker, 2).joining(log)
        writer = ExposureWriter(share.folder_in(log), share=share)
        for number, index in enumerate(epochs, start=1):
            writer.append(1, number, 0, np.array([2, 1]), np.array(index))
        writer.close()
        account = {"loss": [0.5, 0.25], "weights": f"digest {worker}"}
        account_file(tmp_path, "off", worker).write_text(json.dumps(account))
    return Outcome.read(PLAN, "off", tmp_path)


def test_what_each_worker_trained_is_counted_epoch_by_epoch(outcome):
    first, second = outcome.epochs
    assert first.times.tolist() == [[1, 1, 1, 0, 0, 0], [0, 1, 1, 1, 0, 0]]
    assert np.flatnonzero(first.again).tolist() == [1, 2]
    assert np.flatnonzero(first.never).tolist() == [4, 5]
    assert not second.never.any()
    assert [batch.tolist() for batch in outcome.first_batches] == [[0, 1], [2, 1]]


def test_the_findings_are_counts_and_what_the_workers_reported(outcome):
    assert outcome.findings(RARE) == {
        "epochs": [
            {"trained": [3, 3], "again": 2, "never": 2, "rare_never": 2},
            {"trained": [3, 3], "again": 0, "never": 0, "rare_never": 0},
        ],
        "never_in_any_epoch": 0,
        "losses_alike": True,
        "weights_alike": False,
        "losses": [[0.5, 0.25]] * 2,
    }


def test_losses_that_differ_in_the_last_digit_are_not_alike(outcome):
    losses = [[0.5, 0.1], [0.5, float(np.nextafter(0.1, 1))]]
    assert not outcome._replace(losses=losses).losses_alike


def test_the_picture_begins_with_what_all_trained_and_ends_with_what_nobody_did(outcome):
    once, again, never = outcome.epochs[0].picture()
    assert again.tolist() == [[1, 1, 0, 0, 0, 0]] * 2
    assert once.tolist() == [[0, 0, 1, 0, 0, 0], [0, 0, 0, 1, 0, 0]]
    assert never.tolist() == [0, 0, 0, 0, 1, 1]


@pytest.mark.parametrize("seed", range(3))
def test_a_picture_of_many_samples_has_the_shares_of_each(seed):
    times = np.random.default_rng(seed).integers(0, 3, (2, 960))
    once, again, never = EpochShares(times).picture()
    each = times.sum(axis=0)
    trained = times > 0
    np.testing.assert_allclose(once.mean(axis=1), (trained & (each == 1)).mean(axis=1))
    np.testing.assert_allclose(again.mean(axis=1), (trained & (each > 1)).mean(axis=1))
    np.testing.assert_allclose(never.mean(), (each == 0).mean())
    # The samples of one kind stand together.
    assert np.count_nonzero(np.diff(never)) <= 2
