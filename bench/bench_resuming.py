"""What a resumable training costs: its checkpoints, its steps, and putting its feed back.

Three questions, each answered by turns in one process. KERAS_BACKEND says on which backend.

- A checkpoint, of a model of 84 MB with its optimizer: what the training waits for, and all that
  is done until it is on the disk; each against `np.savez` and `fsync` of the same variables.
- The small CNN with a checkpoint every 100 steps against the same `fit` without, a step at a time
  as Keras does by default; plain and watched.
- A feed put back to the middle of an epoch, against training that epoch, and against iterating the
  feed as far by itself.
"""

import contextlib
import functools
import importlib
import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf
from bench_watching import BACKEND, compiled_model, plain_feed, use_one_thread, watched_feed
from measure import all_by_turns, by_turns, keep, report, rounds_within, spread_of

import epochwatch
import epochwatch_lab
from epochwatch import feeds

keras = importlib.import_module("keras")

CHECKPOINT_TARGET, FIT_TARGET = 1.1, 1.02
WIDTH = 2_640  # of the large model's two layers: 7 million weights, and twice as many of Adam's
SAVE_FREQ, STEPS = 100, 2_000
SECONDS = 60  # for each comparison
BATCH_SIZE, EPOCH, KILLED_AT = 16, 2_000, 1_000  # of feeds: steps
ROUNDS = 5  # of feeds


# --- a checkpoint


class Measuring(keras.callbacks.Callback):
    """Takes the time of checkpoints in mid-epoch, where the training would take them.

    Args:
        folder: for the reference's file.
    """

    def __init__(self, folder: Path):
        super().__init__()
        self.file = folder / "reference.npz"
        self.seconds: list[list[float]] = []

    def on_train_batch_end(self, batch, logs=None):
        """Measure once, by turns."""
        if not self.seconds:
            turns = [self.waiting, self.whole, self.reference]
            self.seconds = all_by_turns(turns, rounds_within(SECONDS, *turns))

    def waiting(self) -> float:
        """Return the seconds that a step waits for a checkpoint while the thread is idle."""
        carried = self.model.epochresume
        begin = time.perf_counter()
        carried.write(carried.session.snapshot(0, 1))
        seconds = time.perf_counter() - begin
        carried.folder.wait()
        return seconds

    def whole(self) -> float:
        """Return the seconds until a checkpoint is on the disk and an older one deleted."""
        carried = self.model.epochresume
        begin = time.perf_counter()
        carried.write(carried.session.snapshot(0, 1))
        carried.folder.wait()
        return time.perf_counter() - begin

    def reference(self) -> float:
        """Return the seconds that weights and optimizer take to the disk, by NumPy's own means."""
        begin = time.perf_counter()
        variables = [*self.model.variables, *self.model.optimizer.variables]
        arrays = [keras.ops.convert_to_numpy(variable) for variable in variables]
        with self.file.open("wb") as file:
            np.savez(file, *arrays)
            file.flush()
            os.fsync(file.fileno())
        return time.perf_counter() - begin


def compare_checkpoints() -> None:
    """Measure and report what a checkpoint costs."""
    layers = [keras.layers.Dense(WIDTH), keras.layers.Dense(WIDTH), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((1,)), *layers])
    model.compile("adam", "mse")
    with tempfile.TemporaryDirectory() as folder:
        measuring = Measuring(Path(folder))
        model = epochwatch.resumable(model, Path(folder) / "ckpt")
        model.fit(np.ones((1, 1)), np.ones(1), shuffle=False, verbose=0, callbacks=[measuring])
        size = measuring.file.stat().st_size / 1e6
        model.epochresume.folder.close()
    waiting, whole, reference = measuring.seconds
    other = (f"np.savez and fsync, {size:.0f} MB", reference)
    report(f"checkpoint_whole-{BACKEND}", CHECKPOINT_TARGET, ("a checkpoint, all", whole), other)
    what = ("a checkpoint, what the training waits for", waiting)
    report(f"checkpoint_waiting-{BACKEND}", CHECKPOINT_TARGET, what, other)


# --- the steps


def compare_fits(streams, is_watched: bool) -> None:
    """Measure and report what checkpoints cost a training."""
    make_feed = watched_feed if is_watched else plain_feed
    numbers = itertools.count()

    def made(folder: Path):
        model = compiled_model(1)  # one step at a time
        log = folder / f"exposures-{next(numbers)}"
        return epochwatch.watch(model, log=log) if is_watched else model

    def seconds_of(model, feed) -> float:
        begin = time.perf_counter()
        model.fit(feed, steps_per_epoch=STEPS, shuffle=False, verbose=0)
        return time.perf_counter() - begin

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        without = made(folder)
        resumable = epochwatch.resumable(made(folder), folder / "ckpt", save_freq=SAVE_FREQ)
        turns = [
            functools.partial(seconds_of, model, make_feed(streams, BATCH_SIZE))
            for model in (resumable, without)
        ]
        seconds = by_turns(*turns, rounds_within(SECONDS, *turns))
        resumable.epochresume.folder.close()
    what = "watched fit" if is_watched else "fit"
    report(
        f"resumable_{what.replace(' ', '_')}-{BACKEND}",
        FIT_TARGET,
        (f"{what}, {STEPS} steps, save_freq={SAVE_FREQ}", seconds[0]),
        (f"the same {what} without checkpoints", seconds[1]),
    )


# --- feeds


class Killed(Exception):
    """Stands for the end of the process."""


def killer(step: int) -> keras.callbacks.Callback:
    """Make a callback that ends the training after so many steps."""
    left = iter(range(step - 1))

    def count(batch, logs):
        if next(left, None) is None:
            raise Killed

    return keras.callbacks.LambdaCallback(on_train_batch_end=count)


class Items(keras.utils.PyDataset):
    """Item i is batch i."""

    def __init__(self, x, y):
        super().__init__()
        self.x, self.y = x, y

    def __len__(self):
        return len(self.y) // BATCH_SIZE

    def __getitem__(self, number: int):
        rows = slice(number * BATCH_SIZE, (number + 1) * BATCH_SIZE)
        return self.x[rows], self.y[rows]


def generator(x, y):
    """Make a generator of one epoch."""
    items = Items(x, y)
    return {"x": (items[number] for number in range(EPOCH)), "steps_per_epoch": EPOCH}


def sampled(x, y):
    """Make the feed of a sampler."""
    streams = {"rare": np.flatnonzero(y == 1), "rest": np.flatnonzero(y == 0)}
    kind = "tf_data" if BACKEND == "tensorflow" else "py_dataset"
    sampler = epochwatch.BalancedSampler(streams, BATCH_SIZE)
    return {"x": feeds.sampled(kind, sampler, (x, y)), "steps_per_epoch": EPOCH}


def dataset(x, y):
    """Make a dataset whose rows are shuffled as a whole."""
    images, labels = tf.constant(x), tf.constant(y)
    rows = tf.data.Dataset.range(len(y)).shuffle(len(y), seed=1).batch(BATCH_SIZE)
    return {"x": rows.map(lambda r: (tf.gather(images, r), tf.gather(labels, r)))}


# By name: makes what `fit` is given.
FEEDS = {
    "BalancedSampler": sampled,
    "PyDataset": lambda x, y: {"x": Items(x, y)},
    "arrays": lambda x, y: {"x": x, "y": y, "batch_size": BATCH_SIZE},
    "tf.data.Dataset": dataset,
    "generator": generator,
}


class FeedTimes:
    """Takes the times of a feed: to put it back in mid-epoch, to train it, to iterate it.

    Args:
        make: makes what `fit` is given.
        folder: for the checkpoints.
    """

    def __init__(self, make: Callable[[], dict], folder: Path):
        self.make = make
        self.folder = folder
        self.plain = self.model()
        self.put_back_by: str | None = None
        self.train_until(KILLED_AT + 2)  # a checkpoint is written behind the step after it

    def model(self):
        """Make the small CNN, which sets an index aside where there is one."""
        model = compiled_model(1)
        return epochwatch.watch(model) if self.make.func is sampled else model

    def train_until(self, step: int):
        """Train in the folder, and be killed after so many steps of this process."""
        model = epochwatch.resumable(self.model(), self.folder, save_freq=KILLED_AT)
        with contextlib.suppress(Killed):
            model.fit(**self.make(), verbose=0, callbacks=[killer(step)])
        model.epochresume.folder.close()
        return model.epochresume

    def putting_back(self) -> float:
        """Return the seconds to put the feed back, in a training that is killed again at once."""
        resumed = self.train_until(1)
        self.put_back_by = resumed.put_back_by
        return resumed.put_back_seconds

    def training(self) -> float:
        """Return the seconds of an epoch, without checkpoints."""
        feed, begin = self.make(), time.perf_counter()
        self.plain.fit(**feed, verbose=0)
        return time.perf_counter() - begin

    def iterating(self) -> float:
        """Return the seconds that the feed takes by itself to the step it is put back to."""
        feed, begin = self.make()["x"], time.perf_counter()
        for _ in itertools.islice(iter(feed), KILLED_AT):
            pass
        return time.perf_counter() - begin


def compare_feed(name: str, make: Callable[[], dict]) -> dict:
    """Measure and print what it takes to put one feed back to the middle of an epoch."""
    with tempfile.TemporaryDirectory() as folder:
        times = FeedTimes(make, Path(folder))
        times.training()  # traced
        turns = [times.putting_back, times.training]
        if name != "arrays":  # whose batches Keras makes
            turns.append(times.iterating)
        seconds = all_by_turns(turns, ROUNDS)
    what = ("put back", "training the epoch", "iterating as far by itself")
    share = statistics.median(seconds[0]) / statistics.median(seconds[1])
    print(f"{name}, step {KILLED_AT:,} of {EPOCH:,}, by {times.put_back_by}: {share:.4f} epochs")
    for which, given in zip(what, seconds, strict=False):
        print(spread_of(which, given))
    return {"by": times.put_back_by, "epochs": round(share, 4), "seconds": seconds}


def compare_feeds() -> None:
    """Measure every feed, and keep that."""
    images, digits = epochwatch_lab.load_mnist().train
    rows = EPOCH * BATCH_SIZE
    x, y = images[:rows], (digits[:rows] == 1).astype("float32")
    found = {}
    for name, make in FEEDS.items():
        found[name] = compare_feed(name, functools.partial(make, x, y))
    seconds = {name: result.pop("seconds")[0] for name, result in found.items()}
    keep(f"feeds_put_back-{BACKEND}", {"feeds": found, "seconds": seconds})


def main() -> None:
    """Measure and report everything."""
    use_one_thread()
    compare_feeds()
    streams = epochwatch_lab.one_vs_rest(*epochwatch_lab.load_mnist().train, positive=1)
    for is_watched in (False, True):
        compare_fits(streams, is_watched)
    compare_checkpoints()


if __name__ == "__main__":
    main()
