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
    if feed in feeds.EXTRAS:
        pytest.importorskip(feeds.EXTRAS[feed])
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


def torch_parts(sampler, steps=None):
    """A dataset of rows that have their index, and the sampler as a torch loader takes it."""
    torch = pytest.importorskip("torch")
    from epochwatch.feeds.torch_loader import BatchSampler

    class Rows(torch.utils.data.Dataset):
        def __getitem__(self, row):
            return x[row], {"label": y[row], "index": np.int64(row)}

    return Rows(), BatchSampler(sampler, steps)


def torch_loader(sampler, steps=None, **options):
    import torch

    rows, batches = torch_parts(sampler, steps)
    return torch.utils.data.DataLoader(rows, batch_sampler=batches, **options)


def indices(loader, count=None):
    return [targets["index"].tolist() for _, targets in itertools.islice(loader, count)]


@pytest.mark.parametrize("workers", [0, 2])
def test_each_iteration_of_a_batch_sampler_goes_on_where_the_last_one_ended(sampler, workers):
    _, _ = torch_parts(sampler)
    loader = torch_loader(sampler, steps=3, num_workers=workers)
    assert len(loader) == 3
    assert indices(loader) == sampler[0:3].tolist()
    assert indices(loader) == sampler[3:6].tolist()
    assert loader.batch_sampler.state_dict()["step"] == sampler.step == 6


@pytest.mark.parametrize("step", range(5))
def test_a_batch_sampler_resumes_with_exactly_the_next_sample(sampler, step):
    _, batches = torch_parts(sampler)
    for _ in itertools.islice(batches, step):
        pass
    again = BalancedSampler(STREAMS, BATCH_SIZE, seed=3)
    _, resumed = torch_parts(again)
    resumed.load_state_dict(batches.state_dict())
    assert indices(torch_loader(again), 3) == sampler[step : step + 3].tolist()


def test_what_workers_took_ahead_is_told_by_the_step_that_was_trained(sampler):
    _, batches = torch_parts(sampler)
    loader = torch_loader(sampler, num_workers=2)
    assert indices(loader, 3) == sampler[0:3].tolist()
    assert sampler.step > 3
    batches.load_state_dict(batches.state_dict(step=3))
    assert indices(torch_loader(sampler), 2) == sampler[3:5].tolist()


def test_a_batch_sampler_without_steps_has_no_length(sampler):
    _, batches = torch_parts(sampler)
    with pytest.raises(TypeError, match="has no length"):
        len(batches)
    with pytest.raises(BadInput, match="steps: got 0"):
        torch_parts(sampler, steps=0)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_sampled_loader_delivers_the_batches_of_the_sampler(sampler, workers):
    pytest.importorskip("torch")
    loader = feeds.sampled("torch_loader", sampler, (x, y), start=7, num_workers=workers)
    for _ in range(2):
        assert indices(loader, 3) == sampler[7:10].tolist()
