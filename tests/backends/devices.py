"""Trainings on several devices, plain and watched, in processes of their own.

`python -m tests.backends.devices SETUP FOLDER WORKER PORT…` trains as one of as many workers as
there are ports, keeps a log for each training in FOLDER, and writes into FOLDER/WORKER.json what
the steps themselves noted: of each training the rows of each batch by replica, the history, and
the weights to the bit. Devices are virtual, and the processes talk to each other on this machine.
"""

import collections
import json
import os
import sys
from pathlib import Path

import numpy as np

BATCH, EPOCHS, FIRST = 16, 3, 2**40
BACKEND = os.environ.get("EPOCHWATCH_BACKEND", "tensorflow")

noted = collections.defaultdict(
    list
)  # the rows of each batch, by replica; None where it is unknown


def note(replica, rows) -> None:
    """Note what a step was given; called from within it."""
    rows = np.asarray(rows).tolist()
    noted[None if replica is None else int(replica)].append(rows)


class Rows:
    """Rows whose features have their number, which the watched targets have as the index."""

    def __init__(self, count: int):
        self.number = np.arange(count, dtype=np.int32)
        values = np.random.default_rng(0).normal(size=(count, 3)).astype("float32")
        self.x = {"values": values, "number": self.number}
        self.y = (values.sum(axis=1, keepdims=True) > 0).astype("float32")

    def targets(self, watched: bool):
        return (
            {"label": self.y, "index": self.number.astype(np.int64) + FIRST} if watched else self.y
        )


def spied_model(keras, spy):
    """Make a model whose own step notes the rows that it is given."""

    class Spied(keras.Model):
        def __init__(self):
            super().__init__()
            self.hidden = keras.layers.Dense(4, name="hidden")
            self.last = keras.layers.Dense(1, activation="sigmoid")

        def call(self, x):
            return self.last(self.hidden(x["values"]))

        def train_step(self, *data):  # on JAX with the state before the batch
            spy(data[-1][0]["number"])
            return super().train_step(*data)

    keras.utils.set_random_seed(0)
    return Spied()


def account(model, fit) -> dict:
    """Train, and say what the steps noted, the history, and the weights."""
    noted.clear()
    history = fit(model).history
    weights = [np.asarray(w).tobytes().hex() for w in model.get_weights()]
    by_replica = [[replica, batches] for replica, batches in noted.items()]
    return {"noted": by_replica, "history": history, "weights": weights}


def plain_and_watched(make_model, fit, log: Path, plain: bool = True) -> dict:
    """Train twice: plain, if that can be, and watched."""
    import epochwatch

    accounts = {}
    if plain:
        accounts["plain"] = account(make_model(), lambda model: fit(model, watched=False))
    model = epochwatch.watch(make_model(), log=log)
    accounts["watched"] = account(model, lambda model: fit(model, watched=True))
    return accounts


def load_keras():
    """Import the Keras under test; `keras.Model` is the same thing in both."""
    if BACKEND == "tf_keras":
        import tf_keras

        return tf_keras
    import keras

    return keras


# --------------------------------------------------------------------------- TensorFlow


def tf_spy(number) -> None:
    import tensorflow as tf

    replica = tf.distribute.get_replica_context().replica_id_in_sync_group
    tf.py_function(note, [replica, number], [])


def mirrored(folder: Path, worker: int, ports: list[str]):
    """Train on 2, 3 and 4 replicas; on 2 what else `fit` can be given as well."""
    import tensorflow as tf

    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 4)
    keras, rows = load_keras(), Rows(34)

    def training(name, replicas, feed=None, compiled=(), plain=True, **fitted):
        # Two collective groups of different sizes do not go together in one process.
        operations = tf.distribute.ReductionToOneDevice() if replicas != 2 else None
        devices = [f"/cpu:{number}" for number in range(replicas)]
        strategy = tf.distribute.MirroredStrategy(devices, cross_device_ops=operations)

        def make_model():
            with strategy.scope():
                model = spied_model(keras, tf_spy)
                model.compile("adam", "binary_crossentropy", **dict(compiled))
            return model

        def fit(model, watched):
            targets = rows.targets(watched)
            data = {"x": rows.x, "y": targets, "batch_size": BATCH}
            if feed:
                dataset = tf.data.Dataset.from_tensor_slices((rows.x, targets))
                data = {"x": feed(dataset)}
            return model.fit(**data, epochs=EPOCHS, verbose=0, **fitted)

        return name, plain_and_watched(make_model, fit, folder / name, plain)

    def refused(name, **options):
        """Say in which words a training is refused; without watching, Keras fails at its first."""
        from epochwatch.errors import BadInput

        try:
            training(name, plain=False, **options)
        except BadInput as refusal:
            return name, {"refused": str(refusal)}
        raise AssertionError(f"{name}: not refused")

    yield training("2 replicas", 2)
    # Three cannot share the first batch of 16 equally, where Keras 3 fails.
    yield training("4 replicas, shuffled", 4, lambda rows: rows.shuffle(34, seed=1).batch(BATCH))
    yield training("3 replicas", 3, lambda rows: rows.batch(15))
    further = {
        "3 unequal replicas": {"replicas": 3},
        "several steps at once": {"replicas": 2, "compiled": {"steps_per_execution": 2}},
    }
    for name, options in further.items():
        yield training(name, **options) if BACKEND == "tf_keras" else refused(name, **options)
    yield training("weighed classes", 2, class_weight={0: 1.0, 1: 3.0})


def multi_worker(folder: Path, worker: int, ports: list[str]):
    """Train with several workers; each has its policy's part, or all of it."""
    cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
    os.environ["TF_CONFIG"] = json.dumps(
        {"cluster": cluster, "task": {"type": "worker", "index": worker}}
    )
    import tensorflow as tf

    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    keras, rows = load_keras(), Rows(34)

    def training(policy):
        def make_model():
            with strategy.scope():
                model = spied_model(keras, tf_spy)
                model.compile("adam", "binary_crossentropy")
            return model

        def fit(model, watched):
            options = tf.data.Options()
            options.experimental_distribute.auto_shard_policy = policy
            data = tf.data.Dataset.from_tensor_slices((rows.x, rows.targets(watched)))
            data = data.batch(BATCH).with_options(options)
            return model.fit(data, epochs=EPOCHS, verbose=0)

        return policy.name, plain_and_watched(make_model, fit, folder / policy.name)

    yield training(tf.data.experimental.AutoShardPolicy.OFF)
    yield training(tf.data.experimental.AutoShardPolicy.DATA)


# --------------------------------------------------------------------------- JAX


def jax_spy(number) -> None:
    import jax

    jax.debug.callback(note, None, number, partitioned=True)


def jax_training(folder: Path, name: str, distribution, count: int, of_worker=slice(None)):
    import jax

    keras = load_keras()
    keras.distribution.set_distribution(distribution)
    rows = Rows(count)
    workers = jax.process_count()

    def make_model():
        model = spied_model(keras, jax_spy)
        model.compile("adam", "binary_crossentropy")
        return model

    class Batches(keras.utils.PyDataset):
        """The worker's part of each batch."""

        def __init__(self, watched: bool):
            super().__init__()
            self.watched = watched

        def __len__(self):
            return -(-count // BATCH)

        def __getitem__(self, number):
            size = BATCH // workers
            start = number * BATCH + jax.process_index() * size
            cut = slice(start, min(start + size, count))
            arrays = rows.x, rows.targets(self.watched)
            return jax.tree.map(lambda array: array[cut], arrays)

    def fit(model, watched):
        history = model.fit(Batches(watched), epochs=EPOCHS, shuffle=False, verbose=0)
        jax.effects_barrier()
        return history

    return name, plain_and_watched(make_model, fit, folder / name)


def jax_begun(devices: int) -> None:
    os.environ["JAX_PLATFORMS"] = "cpu"
    import jax

    jax.config.update("jax_num_cpu_devices", devices)


def one_process(folder: Path, worker: int, ports: list[str]):
    """Train on four devices: four replicas, or two halves of two replicas."""
    jax_begun(4)
    distribution = load_keras().distribution
    devices = distribution.list_devices()
    yield jax_training(folder, "data", distribution.DataParallel(devices=devices), 36)
    mesh = distribution.DeviceMesh((2, 2), ["batch", "model"], devices)
    layout = distribution.LayoutMap(mesh)
    layout[".*hidden.*kernel"] = (None, "model")
    halves = distribution.ModelParallel(layout_map=layout, batch_dim_name="batch")
    yield jax_training(folder, "model", halves, 36)


def several_processes(folder: Path, worker: int, ports: list[str]):
    """Train on two devices in each process."""
    jax_begun(2)
    import jax

    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.distributed.initialize(f"127.0.0.1:{ports[0]}", len(ports), worker)
    distribution = load_keras().distribution
    devices = distribution.list_devices()
    data = distribution.DataParallel(devices=devices, auto_shard_dataset=False)
    yield jax_training(folder, "processes", data, 32)


# --------------------------------------------------------------------------- torch


def ranks(folder: Path, worker: int, ports: list[str]):
    """Train the ranks of a process group, whose sampler gives each a part."""
    import torch
    from torch.utils.data import DataLoader, Dataset, DistributedSampler

    torch.distributed.init_process_group(
        "gloo", f"tcp://127.0.0.1:{ports[0]}", rank=worker, world_size=len(ports)
    )
    keras, rows = load_keras(), Rows(34)

    class Indexed(Dataset):
        def __init__(self, watched: bool):
            self.targets = rows.targets(watched)

        def __len__(self):
            return len(rows.number)

        def __getitem__(self, i):
            x = {name: column[i] for name, column in rows.x.items()}
            if isinstance(self.targets, dict):
                return x, {name: column[i] for name, column in self.targets.items()}
            return x, self.targets[i]

    def make_model():
        model = spied_model(keras, lambda number: note(worker, number))
        model.compile("adam", "binary_crossentropy")
        return model

    def fit(model, watched):
        data = Indexed(watched)
        sampler = DistributedSampler(data, shuffle=True, seed=1)
        loader = DataLoader(data, BATCH // len(ports), sampler=sampler)
        return model.fit(loader, epochs=EPOCHS, verbose=0)

    yield "ranks", plain_and_watched(make_model, fit, folder / "ranks")
    torch.distributed.destroy_process_group()


def main() -> None:
    setup, folder, worker, *ports = sys.argv[1:]
    folder = Path(folder)
    trained = dict(globals()[setup](folder, int(worker), ports))
    aside = folder / f".{worker}.json"
    aside.write_text(json.dumps(trained))
    aside.rename(folder / f"{worker}.json")


if __name__ == "__main__":
    main()
