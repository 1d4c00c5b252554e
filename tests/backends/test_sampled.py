"""fit of whatever backend is chosen trains on what the sampler chooses; a torch loader takes it."""

import itertools

import numpy as np
import pytest

from epochwatch import BalancedSampler, assert_sound, feeds
from epochwatch.errors import BadInput

ROWS, BATCH_SIZE = 34, 16
STREAMS = {"minority": np.arange(29, 34), "majority": np.arange(29)}
STEPS_PER_EPOCH, EPOCHS = 2, 2

x = np.arange(ROWS, dtype=np.float32)[:, None]
y = (np.arange(ROWS) >= 29).astype(np.int64)


@pytest.fixture
def sampler():
    return BalancedSampler(STREAMS, BATCH_SIZE, seed=3)


def trained(report):
    return report.streams["majority"].exposures


@pytest.mark.parametrize("feed", feeds.SAMPLED)
@pytest.mark.parametrize("start", [0, 2])
def test_fit_trains_on_the_steps_of_the_sampler(feed, start, sampler):
    if not feeds.is_installed(feed):
        pytest.skip(f"what {feed} needs is not here")
    report = assert_sound(
        lambda: feeds.sampled(feed, sampler, (x, y), start=start),
        steps_per_epoch=STEPS_PER_EPOCH,
        epochs=EPOCHS,
        streams=STREAMS,
        min_coverage=0 if start else 1.0,
    )
    assert report.verdict == "resumes"
    steps = sampler[start : start + STEPS_PER_EPOCH * EPOCHS].ravel()
    assert (trained(report) == np.bincount(steps[steps < 29], minlength=29)).all()


class Rows:
    """Rows of a torch dataset, each with its index; at the top, so that workers can have it."""

    def __getitem__(self, row):
        return x[row], {"label": y[row], "index": np.int64(row)}


@pytest.fixture
def batch_sampler():
    """Make a sampler what a torch loader takes."""
    pytest.importorskip("torch")
    from epochwatch.feeds.torch_loader import BatchSampler

    return BatchSampler


def torch_loader(batches, **options):
    from torch.utils.data import DataLoader

    return DataLoader(Rows(), batch_sampler=batches, **options)


def workers(count):
    """Options for so many workers: none is forked, which a process with TensorFlow must not be."""
    spawned = {"multiprocessing_context": "spawn", "persistent_workers": True}
    return {"num_workers": count, **(spawned if count else {})}


def indices(loader, count=None):
    return [targets["index"].tolist() for _, targets in itertools.islice(loader, count)]


@pytest.mark.parametrize("count", [0, 2])
def test_each_iteration_of_a_batch_sampler_goes_on_where_the_last_one_ended(
    count, sampler, batch_sampler
):
    loader = torch_loader(batch_sampler(sampler, steps=3), **workers(count))
    assert len(loader) == 3
    assert indices(loader) == sampler[0:3].tolist()
    assert indices(loader) == sampler[3:6].tolist()
    assert loader.batch_sampler.state_dict()["step"] == sampler.step == 6


@pytest.mark.parametrize("step", range(5))
def test_a_batch_sampler_resumes_with_exactly_the_next_sample(step, sampler, batch_sampler):
    batches = batch_sampler(sampler)
    for _ in itertools.islice(batches, step):
        pass
    resumed = batch_sampler(BalancedSampler(STREAMS, BATCH_SIZE, seed=3))
    resumed.load_state_dict(batches.state_dict())
    assert indices(torch_loader(resumed), 3) == sampler[step : step + 3].tolist()


def test_what_workers_took_ahead_is_told_by_the_step_that_was_trained(sampler, batch_sampler):
    batches = batch_sampler(sampler)
    assert indices(torch_loader(batches, **workers(1)), 3) == sampler[0:3].tolist()
    assert sampler.step > 3
    batches.load_state_dict(batches.state_dict(step=3))
    assert indices(torch_loader(batches), 2) == sampler[3:5].tolist()


def test_a_batch_sampler_without_steps_has_no_length(sampler, batch_sampler):
    with pytest.raises(TypeError, match="has no length"):
        len(batch_sampler(sampler))
    with pytest.raises(BadInput, match="steps: got 0"):
        batch_sampler(sampler, steps=0)


@pytest.mark.parametrize("count", [0, 2])
def test_a_sampled_loader_delivers_the_batches_of_the_sampler(count, sampler):
    pytest.importorskip("torch")
    loader = feeds.sampled("torch_loader", sampler, (x, y), start=7, **workers(count))
    for _ in range(2):
        assert indices(loader, 3) == sampler[7:10].tolist()
