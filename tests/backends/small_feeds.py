"""Feeds of ten batches of four: sample i is the number i, its class i % 2, its index i."""

import importlib
import itertools
import os

import numpy as np

BACKEND = os.environ.get("EPOCHWATCH_BACKEND", "tensorflow")
BATCHES, SIZE = 10, 4
ROWS = BATCHES * SIZE

if BACKEND == "tf_keras":
    Base = importlib.import_module("tf_keras").utils.Sequence
else:
    Base = importlib.import_module("keras").utils.PyDataset


def batch(place, indexed=True):
    """Make the batch at a place."""
    ids = np.arange(SIZE, dtype=np.int64) + place * SIZE
    x, label = ids[:, None].astype("float32"), ids % 2
    return x, ({"label": label, "index": ids} if indexed else label)


def arrays(indexed=True):
    """All rows at once."""
    parts = [batch(place, indexed) for place in range(BATCHES)]
    x = np.concatenate([x for x, _ in parts])
    if not indexed:
        return x, np.concatenate([y for _, y in parts])
    return x, {key: np.concatenate([y[key] for _, y in parts]) for key in ("label", "index")}


def tf_data(indexed=True):
    """A dataset that knows its length."""
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices(arrays(indexed)).batch(SIZE)


def tf_data_endless(indexed=True):
    """The same for ever."""
    return tf_data(indexed).repeat()


def tf_data_uncounted(indexed=True):
    """A dataset that ends and does not say where."""
    return tf_data(indexed).filter(lambda *_: True)


def generator(indexed=True):
    """A generator of one pass."""
    return (batch(place, indexed) for place in range(BATCHES))


def generator_endless(indexed=True):
    """A generator without end, in which no batch comes again."""
    return (batch(place, indexed) for place in itertools.count())


class Items(Base):
    """Item i is batch i."""

    def __init__(self, indexed=True, **workers):
        super().__init__(**workers)
        self.indexed = indexed

    def __len__(self):
        return BATCHES

    def __getitem__(self, place):
        return batch(place, self.indexed)


class EndlessItems(Items):
    """The ten items again and again, for any number."""

    def __getitem__(self, place):
        return super().__getitem__(place % BATCHES)

    @property
    def num_batches(self):
        """None: there is no end."""
        return None


def py_dataset(indexed=True):
    """Items, delivered by the thread that asks."""
    return Items(indexed)


def py_dataset_endless(indexed=True):
    """Items without end."""
    return EndlessItems(indexed)


def py_dataset_threads(indexed=True):
    """Items that four threads make."""
    return Items(indexed, workers=4)


def py_dataset_endless_threads(indexed=True):
    """Items without end that four threads make."""
    return EndlessItems(indexed, workers=4)


def py_dataset_process(indexed=True):
    """Items that another process makes."""
    return Items(indexed, workers=1, use_multiprocessing=True)


class Rows:
    """Rows of a torch or Grain dataset."""

    def __init__(self, indexed=True):
        self.indexed = indexed

    def __len__(self):
        return ROWS

    def __getitem__(self, row):
        x, y = batch(row // SIZE, self.indexed)
        place = row % SIZE
        if self.indexed:
            return x[place], {key: value[place] for key, value in y.items()}
        return x[place], y[place]


def torch_loader(indexed=True, workers=0):
    """A loader in order."""
    import torch

    return torch.utils.data.DataLoader(Rows(indexed), batch_size=SIZE, num_workers=workers)


def torch_loader_workers(indexed=True):
    """A loader of two processes."""
    return torch_loader(indexed, workers=2)


def grain_map(indexed=True):
    """A dataset that can be asked for any place."""
    import grain

    return grain.MapDataset.source(Rows(indexed)).batch(SIZE)


def grain_map_endless(indexed=True):
    """The same for ever."""
    return grain_map(indexed).repeat()


def grain_iter(indexed=True):
    """A dataset that is iterated."""
    return grain_map(indexed).to_iter_dataset()


def grain_loader(indexed=True):
    """A loader of one pass."""
    import grain

    return grain.DataLoader(
        data_source=Rows(indexed),
        sampler=grain.samplers.IndexSampler(ROWS, num_epochs=1),
        operations=[grain.transforms.Batch(SIZE)],
        worker_count=0,
    )
