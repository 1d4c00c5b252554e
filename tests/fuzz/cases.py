"""One way to feed `fit`, written down so that it can be made again, and the feeds it is made of.

Sample i has i in its first feature and, where it has one, i as its index: a batch says itself
which samples it holds.
"""

import dataclasses
import itertools
import random
from typing import Any

import keras
import numpy as np


@dataclasses.dataclass(frozen=True, repr=False)
class Case:
    """A feed and a call of `fit`; its text is the Python that makes it again.

    Attributes:
        feed: Python that makes the feed, of the names in `Ingredients`.
        rows: samples there are; the first `rare` of them are class 1.
        seed: of `keras.utils.set_random_seed`; None for chance.
        stop_after: batches after which a callback stops each fit.
        varies: whether passes differ, of one feed or of two; None where that depends on how far
            each pass gets.
        is_timed: whether threads decide what is delivered.
        is_partial: whether each pass may leave other samples out.
        is_augmented: whether contents change from pass to pass.
    """

    feed: str
    rows: int = 34
    size: int = 16
    rare: int = 5
    steps_per_epoch: int | None = None
    epochs: int = 1
    fits: int = 1
    steps_per_execution: int = 1
    initial_epoch: int = 0
    shuffle: bool = True
    indexed: bool = True
    seed: int | None = None
    stop_after: int | None = None
    min_coverage: float | None = None
    varies: bool | None = False
    is_timed: bool = False
    is_partial: bool = False
    is_augmented: bool = False

    def __repr__(self):
        values = ((f.name, getattr(self, f.name), f.default) for f in dataclasses.fields(self))
        named = (f"{name}={value!r}" for name, value, default in values if value != default)
        return f"Case({', '.join(named)})"

    @property
    def kind(self) -> str:
        """What a user would call the feed."""
        if self.feed == "columns":
            return "arrays"
        kinds = {"Items": "py_dataset", "EndlessItems": "py_dataset", "loader": "torch_loader"}
        kinds |= {"one_shot": "generator", "endless": "generator", "reordered": "generator"}
        kinds |= {"repeated": "generator"}
        return kinds.get(self.feed.partition("(")[0], "tf_data")

    @property
    def is_endless(self) -> bool:
        """Whether a pass of the feed has no end."""
        endless = (".repeat()", "EndlessItems", "endless", "repeated", "reordered")
        return any(name in self.feed for name in endless)

    @property
    def can_be_iterated_again(self) -> bool:
        """Whether the feed begins anew when it has ended."""
        return self.kind != "generator"

    @property
    def shuffled_by_fit(self) -> bool:
        """Whether `fit` heeds `shuffle=True`."""
        if not self.shuffle or self.is_endless or self.kind not in ("arrays", "py_dataset"):
            return False
        return self.rows > 1 if self.kind == "arrays" else len(self.make_feed()) > 1

    def make_feed(self) -> Any:
        """Make the feed anew."""
        return eval(self.feed, Ingredients(self))

    @property
    def fit_options(self) -> dict[str, Any]:
        """What `audit` and `fit` both take."""
        options = {"steps_per_epoch": self.steps_per_epoch, "epochs": self.epochs}
        options |= {"shuffle": self.shuffle, "initial_epoch": self.initial_epoch}
        return options | ({"batch_size": self.size} if self.kind == "arrays" else {})


class Ingredients(dict):
    """The names that a feed is written with, each made when it is asked for."""

    def __init__(self, case: Case):
        super().__init__()
        self.case = case

    def __missing__(self, name):
        if not hasattr(_Names, name):
            raise KeyError(name)
        return getattr(_Names(self.case), name)


class _Names:
    """What a feed can be made of."""

    def __init__(self, case: Case):
        self.case = case
        self.ids = np.arange(case.rows)

    @property
    def tf(self):
        import tensorflow

        return tensorflow

    def batch(self, ids):
        """Make a batch of some samples."""
        ids = np.asarray(ids, np.int64)
        x = np.stack([ids, ids % 7], axis=1).astype("float32")
        label = (ids < self.case.rare).astype(np.int64)
        return x, ({"label": label, "index": ids} if self.case.indexed else label)

    @property
    def columns(self):
        return self.batch(self.ids)

    def dataset(self, ids):
        return self.tf.data.Dataset.from_tensor_slices(self.batch(ids))

    @property
    def rows(self):
        return self.dataset(self.ids)

    @property
    def rare(self):
        return self.dataset(self.ids[: self.case.rare])

    @property
    def common(self):
        return self.dataset(self.ids[self.case.rare :])

    def in_turn(self, count):
        """Choose one dataset after the other, for ever."""
        return self.tf.data.Dataset.range(count).repeat()

    def parts(self, count, **options):
        """Read as many parts of the rows side by side."""
        rows = self.rows
        return self.tf.data.Dataset.range(count).interleave(
            lambda part: rows.shard(count, part), cycle_length=count, **options
        )

    def from_generator(self):
        """Rows that Python delivers to tf.data."""
        signature = self.rows.element_spec
        rows = [
            (x, {name: value[n] for name, value in y.items()} if self.case.indexed else y[n])
            for x, y in [self.columns]
            for n, x in enumerate(x)
        ]
        return self.tf.data.Dataset.from_generator(lambda: iter(rows), output_signature=signature)

    def augmented(self, x, y):
        """Change a sample by chance, but for what says which it is."""
        noise = self.tf.random.uniform([1])
        return self.tf.concat([x[:1], x[1:] + noise], axis=0), y

    def batches(self):
        size = self.case.size
        return [self.batch(self.ids[n : n + size]) for n in range(0, len(self.ids), size)]

    def one_shot(self):
        return (batch for batch in self.batches())

    def endless(self):
        return (batch for batch in itertools.cycle(self.batches()))

    def repeated(self):
        """One batch for ever."""
        return (batch for batch in itertools.repeat(self.batches()[0]))

    def reordered(self, seed=None):
        """Every pass in another order, for ever."""
        chance, batches = random.Random(seed), self.batches()
        return (batch for _ in itertools.count() for batch in chance.sample(batches, len(batches)))

    def Items(self, **options):
        return Items(self, **options)

    def EndlessItems(self, **options):
        return EndlessItems(self, **options)

    def loader(self, **options):
        import torch

        if "seed" in options:
            options["generator"] = torch.Generator().manual_seed(options.pop("seed"))
        return torch.utils.data.DataLoader(Rows(self), batch_size=self.case.size, **options)


class Items(keras.utils.PyDataset):
    """Item i is a batch, of whatever order the rows are in."""

    def __init__(self, names, reorders=False, order_seed=None, uneven=False, **workers):
        super().__init__(**workers)
        self.names, self.reorders = names, reorders
        self.order = names.ids.copy()
        self.chance = np.random.default_rng(order_seed)
        even = range(0, len(names.ids), names.case.size)
        self.starts = _uneven_starts(names.case) if uneven else even

    def __len__(self):
        return len(self.starts)

    def __getitem__(self, place):
        ends = [*self.starts[1:], len(self.order)]
        return self.names.batch(self.order[self.starts[place] : ends[place]])

    def on_epoch_end(self):
        if self.reorders:
            self.order = self.chance.permutation(self.order)


def _uneven_starts(case: Case) -> list[int]:
    """Begin batches of 1, 2, 3 … samples, up to the size there is."""
    lengths = itertools.cycle(range(1, case.size + 1))
    starts = itertools.accumulate(lengths, initial=0)
    return list(itertools.takewhile(lambda start: start < case.rows, starts))


class EndlessItems(Items):
    """The same items again and again, for any number."""

    def __getitem__(self, place):
        return super().__getitem__(place % len(self.starts))

    @property
    def num_batches(self):
        return None


class Rows:
    """Rows of a torch dataset."""

    def __init__(self, names):
        self.x, self.y = names.columns

    def __len__(self):
        return len(self.x)

    def __getitem__(self, row):
        if isinstance(self.y, dict):
            return self.x[row], {name: value[row] for name, value in self.y.items()}
        return self.x[row], self.y[row]
