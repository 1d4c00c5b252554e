"""Feeds of 34 rows in batches of 16, as several workers are given them; each is a cell.

To see one by itself: `epochwatch audit atlas/many_devices/feeds.py:autoshard_off --workers 2
--strategy multi_worker --backend tf_keras --epochs 3`. A row has its number beside its target, so
that a log of it says which it was. `scripts/measure_many_devices.py` audits all.
"""

import functools
import os
import tempfile
from pathlib import Path

import numpy as np

ROWS, BATCH = 34, 16
KEPT = []  # servers and files that a feed needs for as long as it is iterated


def worker_and_workers() -> tuple[int, int]:
    """Which worker this process is, and of how many, as the audit says it."""
    return int(os.environ["EPOCHWATCH_WORKER"]), int(os.environ["EPOCHWATCH_WORKERS"])


def numbered(rows):
    """Make rows of their numbers: inputs, and targets with the index beside the label."""
    return rows[:, None] * 1.0, {"index": rows, "label": rows[:, None] * 1.0}


def tf_rows():
    """Make a dataset of single rows."""
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices(numbered(np.arange(ROWS)))


def tf_data():
    """One dataset, which the strategy shares out."""
    return tf_rows().batch(BATCH)


def tf_data_repeated():
    """A dataset without end: `steps_per_epoch` says how long an epoch is."""
    return tf_rows().repeat().batch(BATCH)


def items_of_all():
    """A PyDataset that every process has alone and whole."""
    return items_of(range(0, ROWS, BATCH), BATCH)


def items_of(firsts, size):
    """Make a PyDataset of batches of so many rows, by their first rows."""
    import keras

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return len(firsts)

        def __getitem__(self, item):
            return numbered(np.arange(ROWS)[firsts[item] :][:size])

    return Batches()


def items_of_the_worker():
    """A PyDataset whose batches of a worker's size are dealt in turn, as a user would."""
    worker, workers = worker_and_workers()
    size = BATCH // workers
    return items_of(range(worker * size, ROWS, workers * size), size)


def generator():
    """A Python generator without end, of passes of three batches."""
    while True:
        for first in range(0, ROWS, BATCH):
            yield numbered(np.arange(ROWS)[first : first + BATCH])


def autoshard(policy, data=tf_rows):
    """Give a dataset the policy by which MultiWorkerMirroredStrategy shares it out."""
    import tensorflow as tf

    options = tf.data.Options()
    policies = tf.data.experimental.AutoShardPolicy
    options.experimental_distribute.auto_shard_policy = policies[policy]
    return data().batch(BATCH).with_options(options)


autoshard_auto = functools.partial(autoshard, "AUTO")
autoshard_data = functools.partial(autoshard, "DATA")
autoshard_off = functools.partial(autoshard, "OFF")
autoshard_hint = functools.partial(autoshard, "HINT")


def rows_in_files(files):
    """Read rows from text files, of which the first ones may have one row more."""
    import tensorflow as tf

    KEPT.append(folder := tempfile.TemporaryDirectory())
    paths = [str(Path(folder.name) / f"rows-{number}.txt") for number in range(files)]
    for path, rows in zip(paths, np.array_split(np.arange(ROWS), files), strict=True):
        Path(path).write_text("".join(f"{row}\n" for row in rows))
    rows = tf.data.TextLineDataset(paths).map(lambda line: tf.strings.to_number(line, tf.int64))
    return rows.map(lambda row: tf.cast(row, tf.float64)).map(
        lambda row: (row[None], {"index": tf.cast(row, tf.int64), "label": row[None]})
    )


def autoshard_file_of(files):
    """Share out rows by the files that they are in."""
    return autoshard("FILE", lambda: rows_in_files(files))


autoshard_file_1_file = functools.partial(autoshard_file_of, 1)
autoshard_file_2_files = functools.partial(autoshard_file_of, 2)
autoshard_file_3_files = functools.partial(autoshard_file_of, 3)


def shuffled_by(seed):
    """Shuffle before the strategy shares out, by the default policy."""
    return tf_rows().shuffle(ROWS, seed=seed).batch(BATCH)


def shuffled_by_one_seed():
    """All workers shuffle alike, and take their shares of one order."""
    return shuffled_by(1)


def shuffled_by_other_seeds():
    """Each worker has a seed of its own, as `seed + rank`, and its share is of its own order."""
    worker, _ = worker_and_workers()
    return shuffled_by(1 + worker)


def data_service(policy, data=tf_rows):
    """What a tf.data service of two workers delivers, which live in this process."""
    import tensorflow as tf

    service = tf.data.experimental.service
    # Policies that share out beforehand need to know how many workers there will be.
    hosts = ["localhost:%port%"] * 2
    dispatcher = service.DispatchServer(service.DispatcherConfig(worker_addresses=hosts))
    address = dispatcher.target.split("://")[1]
    config = service.WorkerConfig(address, worker_address="localhost:%port%")
    KEPT.append([dispatcher, *(service.WorkerServer(config) for _ in range(2))])
    to_workers = service.distribute(service.ShardingPolicy[policy], dispatcher.target)
    return data().batch(BATCH).apply(to_workers)


service_off = functools.partial(data_service, "OFF")
service_hint = functools.partial(data_service, "HINT")
service_dynamic = functools.partial(data_service, "DYNAMIC")
service_data = functools.partial(data_service, "DATA")
service_file = functools.partial(data_service, "FILE", lambda: rows_in_files(2))


def torch_loader(**sampling):
    """A DataLoader, with a DistributedSampler where anything is said about one."""
    import torch

    data = [numbered(np.array([row])) for row in range(ROWS)]
    data = [(x[0], {name: column[0] for name, column in y.items()}) for x, y in data]
    _, workers = worker_and_workers()
    sampler = torch.utils.data.DistributedSampler(data, **sampling) if sampling else None
    return torch.utils.data.DataLoader(data, batch_size=BATCH // workers, sampler=sampler)


torch_without_sampler = torch_loader
torch_sampler = functools.partial(torch_loader, drop_last=False)
torch_sampler_drop_last = functools.partial(torch_loader, drop_last=True)


def grain_loader(drop_remainder):
    """A Grain loader that each JAX process reads its shard of."""
    import grain

    shard = grain.sharding.ShardByJaxProcess(drop_remainder=drop_remainder)
    _, workers = worker_and_workers()
    sampler = grain.samplers.IndexSampler(ROWS, shard_options=shard, num_epochs=1)

    class Numbered(grain.transforms.Map):
        def map(self, row):
            x, y = numbered(np.array([row]))
            return x[0], {name: column[0] for name, column in y.items()}

    batches = [Numbered(), grain.transforms.Batch(BATCH // workers)]
    source = np.arange(ROWS)
    return grain.DataLoader(data_source=source, sampler=sampler, operations=batches)


grain_all_rows = functools.partial(grain_loader, drop_remainder=False)
grain_drop_remainder = functools.partial(grain_loader, drop_remainder=True)


def balanced_sampler(feed="py_dataset", batch_size=None):
    """The shards of a BalancedSampler over one stream: 17 steps are 8 passes."""
    from epochwatch import BalancedSampler, feeds

    worker, workers = worker_and_workers()
    size = batch_size or BATCH // workers
    sampler = BalancedSampler([ROWS], size, seed=1, shard=(worker, workers))
    rows = np.arange(ROWS)
    return feeds.sampled(feed, sampler, (rows[:, None] * 1.0, rows[:, None] * 1.0))


def balanced_sampler_tf_data():
    """The same for a strategy that takes its share of each batch: 34 steps are 16 passes."""
    import tensorflow as tf

    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
    return balanced_sampler("tf_data", BATCH).with_options(options)
