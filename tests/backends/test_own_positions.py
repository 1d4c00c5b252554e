"""A feed that knows its position goes on with exactly the batches that a kill has left."""

import numpy as np
import pytest

from tests.backends.conftest import BACKEND, backend_only

pytestmark = backend_only("jax", "torch")
ROWS, BATCH_SIZE = 34, 5  # 7 batches a pass, the last one short
SOURCE = np.arange(ROWS, dtype=np.float32)

if BACKEND in ("jax", "torch"):
    from epochwatch._resuming.feed_generators import generator_states
    from epochwatch._resuming.own_positions import own_position
    from tests.backends.killed_feeds import Trainee

# Within a pass, at its end, at an epoch's end, and next to them.
CALLS = [
    ({"epochs": 3}, (1, 6, 7, 8, 14, 19)),
    ({"epochs": 4, "steps_per_epoch": 4}, (1, 4, 6, 7, 8, 11)),
]


def assert_exact(make_feed, options, kills):
    undisturbed = Trainee().run(make_feed, **options)
    plain, ends = undisturbed.trained, undisturbed.last_steps_of_epochs()
    assert len({str(batch) for batch in plain}) > 2
    tried = [kill for kill in kills if kill < len(plain)]
    assert len(tried) >= 4
    for kill_after in tried:
        killed = Trainee(kill_after, ends=ends).run(make_feed, **options)
        assert killed.trained == plain[:kill_after]
        resumed = Trainee(kept=killed.checkpoint).run(make_feed, **options)
        assert resumed.trained == plain[kill_after:], f"killed after {kill_after}"


def beside_targets(x):
    x = np.float32(x).reshape(-1, 1)
    return x, np.zeros_like(x)


def grain_feeds():
    grain = pytest.importorskip("grain")

    class BesideTargets(grain.transforms.Map):
        def map(self, x):
            return beside_targets(x)

    def rows():
        return grain.MapDataset.source(SOURCE)

    def loader():
        order = grain.samplers.IndexSampler(
            ROWS, grain.sharding.NoSharding(), shuffle=True, num_epochs=1, seed=3
        )
        operations = [grain.transforms.Batch(BATCH_SIZE), BesideTargets()]
        return grain.DataLoader(data_source=SOURCE, sampler=order, operations=operations)

    def batches(dataset):
        return dataset.batch(BATCH_SIZE).map(beside_targets)

    def augmented():
        return rows().seed(4).shuffle().random_map(lambda x, rng: x + rng.random())

    def window():
        dataset = rows().to_iter_dataset()
        return grain.experimental.WindowShuffleIterDataset(dataset, window_size=7, seed=2)

    def threads():
        dataset = batches(rows().shuffle(seed=1).to_iter_dataset().filter(lambda x: x != 9))
        return grain.experimental.ThreadPrefetchIterDataset(dataset, prefetch_buffer_size=3)

    return {
        "map": lambda: batches(augmented()),
        "window": lambda: batches(window()),
        "threads": threads,
        "loader": loader,
    }


@pytest.mark.parametrize(("options", "kills"), CALLS, ids=["passes", "steps"])
@pytest.mark.parametrize("name", ["map", "window", "threads", "loader"])
def test_grain_goes_on_exactly(name, options, kills):
    assert_exact(grain_feeds()[name], options, kills)


def test_a_source_that_is_named_by_its_place_in_memory_is_not_put_back():
    grain = pytest.importorskip("grain")

    class Source:
        def __len__(self):
            return ROWS

        def __getitem__(self, row):
            return beside_targets(row)

    def position():
        order = grain.samplers.SequentialSampler(ROWS, grain.sharding.NoSharding())
        loader = grain.DataLoader(data_source=Source(), sampler=order)
        return attached(loader)

    first, again = position(), position()
    next(iter(first))
    assert not again.put_back(first.state(taken=1), is_in_use=True)
    assert np.ravel(next(iter(again))[0]).tolist() == [0.0]


def attached(feed):
    from keras.src.trainers.data_adapters import get_data_adapter

    return own_position(get_data_adapter(feed), BACKEND)


def test_what_is_read_ahead_has_no_position():
    position = attached(grain_feeds()["map"]())
    batches = iter(position)
    next(batches)
    assert position.state(taken=1) is not None
    next(batches)
    assert position.state(taken=1) is None
    assert position.state(taken=2) is not None


def test_a_state_of_another_release_is_not_put_back():
    position = attached(grain_feeds()["map"]())
    next(iter(position))
    state = position.state(taken=1) | {"source": "grain 0.0.1"}
    assert not position.put_back(state, is_in_use=True)


def test_on_tensorflow_nothing_is_exact():
    from keras.src.trainers.data_adapters import get_data_adapter

    assert own_position(get_data_adapter(grain_feeds()["map"]()), "tensorflow") is None


@pytest.fixture
def stateful():
    """The module of StatefulDataLoader."""
    return pytest.importorskip("torchdata.stateful_dataloader")


def loaders(stateful):
    import torch

    class Rows(torch.utils.data.Dataset):
        def __init__(self):
            self.rng = np.random.default_rng(3)

        def __len__(self):
            return ROWS

        def __getitem__(self, row):
            drawn = self.rng.random() + np.random.random() + float(torch.rand(()))
            return np.float32([row + drawn]), np.float32([0])

    class Shuffled(torch.utils.data.IterableDataset):
        def __init__(self):
            self.generator = torch.Generator().manual_seed(1)

        def __iter__(self):
            return ShuffledIterator(torch.randperm(ROWS, generator=self.generator))

    class ShuffledIterator:
        def __init__(self, order):
            self.order, self.place = order, 0

        def __next__(self):
            if self.place == ROWS:
                raise StopIteration
            self.place += 1
            return np.float32([self.order[self.place - 1]]), np.float32([0])

        def state_dict(self):
            return {"order": self.order, "place": self.place}

        def load_state_dict(self, state):
            self.order, self.place = state["order"], state["place"]

    def make(dataset=Rows, **options):
        return lambda: stateful.StatefulDataLoader(dataset(), BATCH_SIZE, **options)

    def seeded():
        generator = torch.Generator().manual_seed(5)
        return make(shuffle=True, generator=generator)()

    def with_replacement():
        generator = torch.Generator().manual_seed(5)
        sampler = stateful.sampler.RandomSampler(Rows(), True, ROWS, generator)
        return make(sampler=sampler, generator=generator)()

    return {
        "in order": make(),
        "shuffled": make(shuffle=True),
        "seeded": seeded,
        "with replacement": with_replacement,
        "iterable": make(Shuffled),
    }


@pytest.mark.parametrize(("options", "kills"), CALLS, ids=["passes", "steps"])
@pytest.mark.parametrize("name", ["in order", "shuffled", "seeded", "with replacement", "iterable"])
def test_a_stateful_loader_goes_on_exactly(name, options, kills, stateful):
    assert_exact(loaders(stateful)[name], options, kills)


def test_loaders_whose_state_would_not_be_exact_have_no_position(stateful):
    import torch

    class Rows(torch.utils.data.Dataset):
        def __len__(self):
            return ROWS

    class Numbers(torch.utils.data.IterableDataset):
        def __iter__(self):
            return (beside_targets(row) for row in range(ROWS))

    distributed = stateful.sampler.StatefulDistributedSampler(Rows(), 1, 0)
    own_order = torch.utils.data.SubsetRandomSampler(range(ROWS))
    batches = torch.utils.data.BatchSampler(range(ROWS), BATCH_SIZE, drop_last=False)
    make = stateful.StatefulDataLoader
    for loader in (
        torch.utils.data.DataLoader(Rows()),
        make(Rows(), num_workers=1),
        make(Rows(), sampler=distributed),
        make(Rows(), sampler=own_order),
        make(Rows(), batch_sampler=batches),
    ):
        assert attached(loader) is None
    position = attached(make(Numbers(), batch_size=None))
    next(iter(position))
    assert position.state(taken=1) is None  # nobody knows the place of a generator


def test_the_state_of_torchdata_alone_shuffles_later_passes_in_another_order(stateful, monkeypatch):
    """The control: what is kept beside it is what makes it exact."""
    monkeypatch.setattr("epochwatch._resuming.own_positions.set_generator_states", lambda *_: None)
    with pytest.raises(AssertionError, match="killed after 1"):
        assert_exact(loaders(stateful)["seeded"], *CALLS[0])


def test_generators_are_found_behind_a_position_too(stateful):
    """So that passing over, where the position cannot be put back, begins with the right ones."""
    loader = loaders(stateful)["seeded"]()
    alone = generator_states(loader)
    behind = generator_states(attached(loader))
    assert len(alone) == 2  # of the loader and its sampler, and of the rows
    assert [str(state) for state in behind] == [str(state) for state in alone]
