"""Feeds by name: each function returns what a script gives to `fit`, made anew."""

import importlib.util
import itertools

import keras
import numpy as np

from epochwatch import BalancedSampler
from epochwatch import feeds as epochwatch_feeds
from tests.resuming.rows import BATCH_SIZE, EPOCHS, ROWS, STEPS, chosen, columns

FEEDS = {}
STARTS = range(0, ROWS, BATCH_SIZE)


def feed(name: str, needs: str = ""):
    """Name a feed; it is there where the package is that it needs."""

    def named(make):
        if not needs or importlib.util.find_spec(needs):
            FEEDS[name] = make
        return make

    return named


def tf_rows():
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices(columns())


def endless(x) -> dict:
    return {"x": x, "steps_per_epoch": STEPS}


@feed("tf_data, shuffled", needs="tensorflow")
def tf_data_shuffled():
    return {"x": tf_rows().shuffle(ROWS, seed=5).batch(BATCH_SIZE)}


@feed("tf_data, prefetched", needs="tensorflow")
def tf_data_prefetched():
    return {"x": tf_rows().shuffle(ROWS, seed=5).batch(BATCH_SIZE).prefetch(-1)}


@feed("tf_data, seed of the process", needs="tensorflow")
def tf_data_seed_of_the_process():
    return {"x": tf_rows().shuffle(ROWS).batch(BATCH_SIZE)}


@feed("tf_data, unknown length", needs="tensorflow")
def tf_data_unknown_length():
    return {"x": tf_rows().shuffle(ROWS, seed=5).batch(BATCH_SIZE).filter(lambda *_: True)}


@feed("tf_data, repeated", needs="tensorflow")
def tf_data_repeated():
    return endless(tf_rows().shuffle(ROWS, seed=5).repeat().batch(BATCH_SIZE))


@feed("tf_data, batches repeated", needs="tensorflow")
def tf_data_batches_repeated():
    return {"x": tf_rows().shuffle(ROWS, seed=5).batch(BATCH_SIZE).repeat(), "steps_per_epoch": 2}


@feed("tf_data, part of a pass", needs="tensorflow")
def tf_data_part_of_a_pass():
    return {"x": tf_rows().shuffle(ROWS, seed=5).batch(4), "steps_per_epoch": 4}


@feed("tf_data, two shuffles", needs="tensorflow")
def tf_data_two_shuffles():
    return {"x": tf_rows().shuffle(ROWS, seed=5).batch(BATCH_SIZE).shuffle(3, seed=6)}


@feed("tf_data, two shuffles repeated", needs="tensorflow")
def tf_data_two_shuffles_repeated():
    rows = tf_rows().shuffle(ROWS, seed=5).repeat()
    return endless(rows.batch(BATCH_SIZE).shuffle(4, seed=6))


@feed("tf_data, two passes an epoch", needs="tensorflow")
def tf_data_two_passes_an_epoch():
    return {"x": tf_rows().shuffle(ROWS, seed=5).repeat(2).batch(34)}


@feed("tf_data, shuffled and cached", needs="tensorflow")
def tf_data_shuffled_and_cached():
    return {"x": tf_rows().shuffle(ROWS, seed=5).batch(BATCH_SIZE).cache()}


@feed("tf_data, cached and shuffled", needs="tensorflow")
def tf_data_cached_and_shuffled():
    return {"x": tf_rows().cache().shuffle(ROWS, seed=5).batch(BATCH_SIZE)}


@feed("tf_data, from_generator", needs="tensorflow")
def tf_data_from_generator():
    import tensorflow as tf

    def drawn():
        for row in np.random.default_rng(3).permutation(ROWS):
            yield chosen(row)

    signature = tf.data.DatasetSpec.from_value(tf_rows()).element_spec
    return {"x": tf.data.Dataset.from_generator(drawn, output_signature=signature).batch(16)}


@feed("tf_data, random map", needs="tensorflow")
def tf_data_random_map():
    import tensorflow as tf

    def noisy(x, targets):
        return x + tf.random.uniform((3,), seed=8), targets

    return {"x": tf_rows().shuffle(ROWS, seed=5).map(noisy).batch(BATCH_SIZE)}


@feed("tf_data, stateless random map", needs="tensorflow")
def tf_data_stateless_random_map():
    import tensorflow as tf

    def noisy(row, seed):
        x, targets = row
        return x + tf.random.stateless_uniform((3,), tf.stack([seed, 0])), targets

    seeds = tf.data.Dataset.random(seed=9)
    rows = tf.data.Dataset.zip(tf_rows().shuffle(ROWS, seed=5), seeds)
    return {"x": rows.map(noisy, num_parallel_calls=2).batch(BATCH_SIZE)}


class Items(keras.utils.PyDataset):
    """Batches of rows in an order that a hook may change."""

    def __init__(self, **options):
        super().__init__(**options)
        self.order = np.arange(ROWS)

    def __len__(self):
        return len(STARTS)

    def __getitem__(self, place):
        return chosen(self.order[STARTS[place] : STARTS[place] + BATCH_SIZE])


class OwnOrder(Items):
    """Draws a new order at every end of an epoch, from a generator of its own."""

    def __init__(self):
        super().__init__()
        self.generator = np.random.default_rng(4)

    def on_epoch_end(self):
        self.generator.shuffle(self.order)


class GlobalOrder(Items):
    """Draws it from NumPy's global state."""

    def on_epoch_end(self):
        np.random.shuffle(self.order)


class OrderAtBegin(OwnOrder):
    """Draws it as an epoch begins."""

    def on_epoch_begin(self):
        self.generator.shuffle(self.order)

    def on_epoch_end(self):
        pass


class OneGenerator(OwnOrder):
    """Draws noise from the generator that it draws its order from."""

    def __getitem__(self, place):
        x, targets = super().__getitem__(place)
        return x + self.generator.normal(size=x.shape).astype("float32"), targets


class Augmented(Items):
    """Adds noise from NumPy's global state to a batch."""

    def __getitem__(self, place):
        x, targets = super().__getitem__(place)
        return x + np.random.normal(size=x.shape).astype("float32"), targets


class Endless(Items):
    """Has an item for every place."""

    def __len__(self):
        return None

    num_batches = None

    def __getitem__(self, place):
        return super().__getitem__(place % len(STARTS))


@feed("py_dataset, in order")
def py_dataset_in_order():
    return {"x": Items(), "shuffle": False}


@feed("py_dataset, shuffled by fit")
def py_dataset_shuffled_by_fit():
    return {"x": Items(), "shuffle": True}


@feed("py_dataset, own generator")
def py_dataset_own_generator():
    return {"x": OwnOrder(), "shuffle": False}


@feed("py_dataset, own generator at begin")
def py_dataset_own_generator_at_begin():
    return {"x": OrderAtBegin(), "shuffle": False}


@feed("py_dataset, one generator for all")
def py_dataset_one_generator_for_all():
    return {"x": OneGenerator(), "shuffle": False}


@feed("py_dataset, np.random")
def py_dataset_np_random():
    return {"x": GlobalOrder(), "shuffle": False}


@feed("py_dataset, augmented")
def py_dataset_augmented():
    return {"x": Augmented(), "shuffle": True}


@feed("py_dataset, part of a pass")
def py_dataset_part_of_a_pass():
    return {"x": Items(), "shuffle": True, "steps_per_epoch": 2}


@feed("py_dataset, endless")
def py_dataset_endless():
    return {"x": Endless(), "steps_per_epoch": 4, "shuffle": False}


@feed("py_dataset, workers in order")
def py_dataset_workers_in_order():
    return {"x": Items(workers=2), "shuffle": False}


@feed("py_dataset, workers shuffled")
def py_dataset_workers_shuffled():
    return {"x": Items(workers=2), "shuffle": True}


def whole_arrays(**options) -> dict:
    x, y = columns()
    return {"x": x, "y": y, "batch_size": BATCH_SIZE, **options}


@feed("arrays, shuffled by fit")
def arrays_shuffled_by_fit():
    return whole_arrays(shuffle=True)


@feed("arrays, in order")
def arrays_in_order():
    return whole_arrays(shuffle=False)


@feed("arrays, shuffled in parts")
def arrays_shuffled_in_parts():
    return whole_arrays(shuffle="batch")


@feed("arrays, part of a pass")
def arrays_part_of_a_pass():
    return whole_arrays(shuffle=True, steps_per_epoch=2)


def drawn_batches(count: int | None = None):
    """Yield batches drawn from a generator of their own, as many as are asked for."""
    rng = np.random.default_rng(5)
    for _ in itertools.count() if count is None else range(count):
        yield chosen(rng.permutation(ROWS)[:BATCH_SIZE])


@feed("generator, endless")
def generator_endless():
    return endless(drawn_batches())


@feed("generator, as long as the training")
def generator_as_long_as_the_training():
    return endless(drawn_batches(STEPS * EPOCHS))


@feed("generator, np.random")
def generator_np_random():
    return endless(chosen(np.random.permutation(ROWS)[:BATCH_SIZE]) for _ in itertools.count())


@feed("grain, map dataset", needs="grain")
def grain_map_dataset():
    import grain

    rows = grain.MapDataset.range(ROWS).shuffle(seed=6).map(chosen)
    return {"x": rows.batch(BATCH_SIZE)}


@feed("grain, iter dataset", needs="grain")
def grain_iter_dataset():
    import grain

    rows = grain.MapDataset.range(ROWS).shuffle(seed=6).repeat().map(chosen)
    return endless(rows.to_iter_dataset().batch(BATCH_SIZE))


@feed("grain, data loader", needs="grain")
def grain_data_loader():
    import grain

    class Chosen(grain.transforms.Map):
        def map(self, row):
            return chosen(row)

    sampler = grain.samplers.IndexSampler(ROWS, shuffle=True, seed=7, num_epochs=1)
    batches = [Chosen(), grain.transforms.Batch(BATCH_SIZE)]
    return {"x": grain.DataLoader(data_source=range(ROWS), sampler=sampler, operations=batches)}


def torch_rows():
    """Make a torch dataset of the rows."""

    class Rows:
        def __len__(self):
            return ROWS

        def __getitem__(self, row):
            return chosen(row)

    return Rows()


@feed("torch DataLoader, in order", needs="torch")
def torch_in_order():
    from torch.utils.data import DataLoader

    return {"x": DataLoader(torch_rows(), batch_size=BATCH_SIZE)}


@feed("torch DataLoader, shuffled", needs="torch")
def torch_shuffled():
    from torch.utils.data import DataLoader

    return {"x": DataLoader(torch_rows(), batch_size=BATCH_SIZE, shuffle=True)}


@feed("torch DataLoader, own generator", needs="torch")
def torch_own_generator():
    import torch
    from torch.utils.data import DataLoader

    generator = torch.Generator()
    generator.manual_seed(2)
    return {"x": DataLoader(torch_rows(), BATCH_SIZE, shuffle=True, generator=generator)}


@feed("StatefulDataLoader", needs="torchdata")
def stateful_data_loader():
    from torchdata.stateful_dataloader import StatefulDataLoader

    return {"x": StatefulDataLoader(torch_rows(), batch_size=BATCH_SIZE, shuffle=True)}


def sampled(kind: str) -> dict:
    sampler = BalancedSampler([np.arange(9), np.arange(9, ROWS)], batch_size=BATCH_SIZE, seed=3)
    x, targets = columns()  # the index is put beside the label by the feed
    return endless(epochwatch_feeds.sampled(kind, sampler, (x, targets["label"]), start=0))


@feed("BalancedSampler, tf_data", needs="tensorflow")
def sampled_tf_data():
    return sampled("tf_data")


@feed("BalancedSampler, py_dataset")
def sampled_py_dataset():
    return sampled("py_dataset")


@feed("BalancedSampler, torch_loader", needs="torch")
def sampled_torch_loader():
    return sampled("torch_loader")
