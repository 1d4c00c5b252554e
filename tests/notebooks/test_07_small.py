"""Notebook 07 with few samples, fed in order, so that who trains what can be told by hand."""

import numpy as np
import pytest

from epochwatch import BalancedSampler, ExposureLog
from tests.notebooks.conftest import run_cells

NAME = "07_many_devices"
SAMPLES, BATCH, EPOCHS, SEED = 340, 34, 3, 5
GIVEN = {"samples": SAMPLES, "batch_size": BATCH, "epochs": EPOCHS, "seed": SEED}
# Half a batch a step, cut out of the order that all workers read.
PARTS = np.arange(SAMPLES).reshape(-1, BATCH // 2)
STEPS = SAMPLES // BATCH


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Run the notebook once."""
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv("EPOCHWATCH_ATTEMPT", raising=False)
        folder = tmp_path_factory.mktemp("small")
        return run_cells(NAME, folder, **GIVEN, shuffle=False, positive_digit=7, run_name="small")


def batches_by_replica(log, epoch):
    """Read what each replica trained in an epoch, int64 (steps, batch)."""
    batches = list(ExposureLog.read(log).batches(epoch))
    return [np.stack([b.index for b in batches if b.replica == replica]) for replica in (0, 1)]


def shard(epoch, worker):
    """Ask the sampler itself what a worker is to train; a batch of all is two steps of it."""
    sampler = BalancedSampler([SAMPLES], BATCH, SEED, shard=(worker, 2))
    batches = range((epoch - 1) * STEPS // 2, epoch * STEPS // 2)
    return np.concatenate([sampler[k] for k in batches]).reshape(STEPS, BATCH // 2)


@pytest.mark.slow
@pytest.mark.parametrize("epoch", range(1, EPOCHS + 1))
@pytest.mark.parametrize(
    ("log", "trained"),
    [
        ("exposures", lambda epoch, worker: PARTS[worker::2]),
        ("exposures_off", lambda epoch, worker: PARTS[:STEPS]),
        ("exposures_other_seeds", lambda epoch, worker: PARTS[worker::2]),
        ("exposures_one_seed", lambda epoch, worker: PARTS[worker::2]),
        ("exposures_sampler", shard),
    ],
)
def test_each_device_trained_what_its_feed_hands_out_in_order(written, log, trained, epoch):
    expected = [trained(epoch, worker) for worker in (0, 1)]
    got = batches_by_replica(written.folder / log, epoch)
    np.testing.assert_array_equal(got, expected)


@pytest.mark.slow
def test_of_what_is_read_in_order_off_never_trains_the_second_half(written):
    off = written.findings["trainings"]["off"]
    for epoch in off["epochs"]:
        assert (epoch["trained"], epoch["again"], epoch["never"]) == ([170, 170], 170, 170)
    assert off["never_in_any_epoch"] == 170
    others = {way: one for way, one in written.findings["trainings"].items() if way != "off"}
    assert all(
        epoch["again"] == epoch["never"] == 0 for o in others.values() for epoch in o["epochs"]
    )


@pytest.mark.slow
def test_workers_report_the_same_losses_whatever_they_were_fed(written):
    for one in written.findings["trainings"].values():
        assert one["losses_alike"]
        assert one["weights_alike"]
        assert {len(losses) for losses in one["losses"]} == {EPOCHS}


@pytest.mark.slow
def test_the_answer_is_about_this_run(written):
    assert written.answer.startswith(
        "**Not always: on two workers with TensorFlow's shard policy `OFF`, 170 of 340 samples "
        "were never trained in the first epoch, and 170 were trained twice.** The workers of each"
    )
    assert (written.folder / "figures" / "shares.svg").stat().st_size > 1_000


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("batch_size=7", "batch_size: got '7', allowed: an even integer"),
        ("batch_size=128", "batch_size: got 128, allowed: an even divisor of samples (30,000), so"),
        ("samples=100", "samples: got '100', allowed: an integer from 200 to 60,000"),
        ("epochs=0", "epochs: got '0', allowed: an integer from 1 to 100"),
        ("shuffle=maybe", "shuffle: got 'maybe', allowed:"),
        ("policy=OFF", "policy: unknown parameter"),
    ],
)
def test_a_bad_parameter_is_one_line(given, told, refused):
    assert told in refused(NAME, given)
