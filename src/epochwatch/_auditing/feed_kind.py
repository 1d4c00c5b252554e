"""A kind of feed on some Keras, of which nothing is at hand: what `explain` is asked of.

Nothing here imports a framework, so that it is answered at once.
"""

import dataclasses
import importlib.util
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

from epochwatch._auditing.expectation import (
    NEWEST,
    RELEASED,
    Expectation,
    check_executions,
    expect,
)
from epochwatch._auditing.keras_loop import Version
from epochwatch._auditing.request import BACKENDS, ENDLESS, KINDS, OF_KIND, FitCall
from epochwatch._checks import whole_number
from epochwatch._keras import chosen_backend
from epochwatch.errors import BadInput
from epochwatch.feeds._facts import KERAS_BATCH_SIZE, FeedFacts

USUAL_BATCHES = 10
OLDEST: Version = (3, 6)  # of Keras 3, that the rules were held against
GRAIN_SINCE: Version = (3, 11)

# What matters of a feed, and the kinds that it matters of.
KINDS_WITH = {
    "batches='endless'": ("tf_data", "generator", "py_dataset", "torch_loader", "grain_loader"),
    "uncounted": ("tf_data", "torch_loader"),
    "shuffles": ("tf_data", "generator", "py_dataset", "torch_loader", "grain_loader"),
    "workers": ("py_dataset", "torch_loader"),
}
NEVER_COUNTED = ("generator", "grain_loader")  # Keras does not know how many batches they have
ON_CPU = "JAX runs on a CPU; elsewhere Keras takes a batch ahead"
OF_FIT = (
    "shuffle",
    "initial_epoch",
    "validation_data",
    "validation_split",
    "validation_steps",
    "validation_freq",
    "validation_batch_size",
    "class_weight",
    "sample_weight",
    "callbacks",
    "use_multiprocessing",
    "max_queue_size",
)


def usual_epochs(fits: int) -> int:
    """Return so many epochs that steps of three come to the end of ten batches, and past it."""
    return 5 if fits == 1 else 2


class FeedKind(NamedTuple):
    """What is known of a feed that is not there.

    Attributes:
        kind: one of `KINDS`.
        batches: of a pass, or "endless"; None for what is usual.
        uncounted: whether it does not tell Keras how many they are, as behind a `filter`.
        shuffles: whether it has another order in each pass, by itself.
        workers: threads that make its items.
    """

    kind: str
    batches: int | str | None = None
    uncounted: bool = False
    shuffles: bool = False
    workers: int | None = None

    def check(self) -> None:
        """Refuse what a feed of the kind does not have."""
        if self.kind not in KINDS:
            raise BadInput(
                f"feed: got {self.kind!r}, allowed: a feed, or one of {', '.join(KINDS)}"
            )
        if self.batches not in (None, ENDLESS):
            whole_number("batches", self.batches, low=1, remedy=f", or {ENDLESS!r}")
        if self.workers is not None:
            whole_number("workers", self.workers, low=0)
        options = (self.batches == ENDLESS, self.uncounted, self.shuffles, self.workers is not None)
        for (name, kinds), is_given in zip(KINDS_WITH.items(), options, strict=True):
            if is_given and self.kind not in kinds:
                raise BadInput(
                    f"{name}: got a feed of {self.kind}, allowed: one of {', '.join(kinds)}"
                )

    def pass_length(self, call: FitCall) -> int | None:
        """Return the batches of a pass; None where it does not end."""
        if self.batches is None and self.kind == "arrays" and not call.batch_size:
            # Of so many steps Keras makes a pass.
            return call.steps_per_epoch or USUAL_BATCHES
        usual = ENDLESS if self.kind == "generator" else USUAL_BATCHES
        batches = self.batches or usual
        return None if batches == ENDLESS else batches

    def facts(self, call: FitCall) -> FeedFacts:
        """Return what could be known of such a feed without a pass over it."""
        length = self.pass_length(call)
        told = None if self.uncounted or self.kind == "generator" else length
        rows = length * (call.batch_size or KERAS_BATCH_SIZE) if self.kind == "arrays" else None
        # A single thread Keras does not make; see `feeds._facts`.
        workers = self.workers if (self.workers or 0) > 1 else 0
        workers = 0 if "workers" in call.options else workers
        endless = length is None or (None if told is None else False)
        return FeedFacts(self.kind, told, endless, self.kind != "generator", workers, False, rows)


class ChosenKeras(NamedTuple):
    """The Keras that is asked about.

    Attributes:
        version: of Keras 3; of Keras 2 all do the same.
        backend: what it runs on, or "tf_keras".
    """

    version: Version
    backend: str

    @classmethod
    def from_arguments(cls, version: str | None, backend: str | None) -> "ChosenKeras":
        """Take what is given, and else what is installed here."""
        if backend not in (None, *BACKENDS):
            raise BadInput(f"backend: got {backend!r}, allowed: one of {', '.join(BACKENDS)}")
        release = release_named(version) if version else None
        if release and release < (3, 0):
            if backend not in (None, "tensorflow", "tf_keras"):
                raise BadInput(f"backend: got {backend!r} for Keras {version}, allowed: tf_keras")
            backend = "tf_keras"
        elif release and backend == "tf_keras":
            raise BadInput(f"keras: got {version!r} for tf_keras, which is Keras 2, allowed: 2.x")
        return cls(release or release_here(), backend or chosen_backend())

    def check_takes(self, kind: str) -> None:
        """Refuse a feed that its `fit` does not take."""
        on_keras_2 = self.backend == "tf_keras"
        if on_keras_2 and kind in ("torch_loader", "grain_loader"):
            raise BadInput(f"feed: got {kind} for Keras 2, allowed: Keras 3, which takes it")
        if kind == "grain_loader" and self.version < GRAIN_SINCE:
            raise BadInput("feed: got grain_loader, allowed: Keras 3.11 or later, which takes it")


def release_named(version: str) -> Version:
    """Read a version, such as "3.12" or "3.12.4"."""
    numbers = re.match(r"(\d+)\.(\d+)(\.|$)", version)
    release = (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)
    if release[0] != 2 and not OLDEST <= release <= NEWEST:
        oldest, newest = (".".join(map(str, each)) for each in (OLDEST, NEWEST))
        raise BadInput(f"keras: got {version!r}, allowed: {oldest} to {newest}, or 2.x")
    return release


def release_here() -> Version:
    """Return the release of Keras 3 that is installed here, without importing it."""
    if keras := sys.modules.get("keras"):
        text = keras.__version__
    else:
        found = importlib.util.find_spec("keras")
        file = Path(found.origin).with_name("src") / "version.py" if found else None
        text = file.read_text() if file and file.is_file() else ""
    numbers = re.search(r"(\d+)\.(\d+)\.\d", text)
    release = (int(numbers[1]), int(numbers[2])) if numbers else RELEASED
    return release if release >= (3, 0) else RELEASED


def expect_kind(kind: str, call: FitCall, backend: str | None) -> Expectation:
    """Predict what `fit` does to a kind of feed; what matters of it is among the call's options."""
    given = {name: call.options[name] for name in OF_KIND if name in call.options}
    keras = ChosenKeras.from_arguments(given.pop("keras", None), backend)
    seeded = given.pop("seeded", False)
    feed = FeedKind(kind, **given)
    feed.check()
    keras.check_takes(kind)
    call = dataclasses.replace(call, options=fit_options(feed, call, keras.backend))
    facts, length = feed.facts(call), feed.pass_length(call)
    if call.steps_per_epoch is None and length is None:
        raise BadInput(
            f"steps_per_epoch: got None for a {kind} without an end, allowed: 1 or more; `fit` "
            "would never end its first epoch"
        )
    check_executions(call, facts, keras.backend, keras.version)
    on_cpu, elsewhere = (
        expect(
            facts,
            call,
            keras.backend,
            keras.version,
            pass_length=length,
            fixed_order=not feed.shuffles,
            seeded=seeded,
            accelerated=accelerated,
        )
        for accelerated in (False, True)
    )
    differs = (on_cpu.verdict, on_cpu.places) != (elsewhere.verdict, elsewhere.places)
    return on_cpu._replace(
        assumed=assumptions(feed, length, keras, seeded), provided=ON_CPU if differs else None
    )


def fit_options(feed: FeedKind, call: FitCall, backend: str) -> dict[str, Any]:
    """Return the options that `fit` is given, and refuse what it does not take."""
    options = {name: value for name, value in call.options.items() if name not in OF_KIND}
    for name in options:
        if name not in OF_FIT:
            raise BadInput(f"explain: got {name!r}, allowed: {', '.join((*OF_KIND, *OF_FIT))}")
    # In Keras 2 it is `fit` that is told of workers.
    is_told = backend == "tf_keras" and feed.workers is not None
    return options | ({"workers": feed.workers} if is_told else {})


def assumptions(
    feed: FeedKind, length: int | None, keras: ChosenKeras, seeded: bool
) -> dict[str, Any]:
    """Name all that an answer holds for."""
    version = "2" if keras.backend == "tf_keras" else ".".join(map(str, keras.version))
    return {
        "feed": feed.kind,
        "batches": ENDLESS if length is None else length,
        "uncounted": feed.uncounted or feed.kind in NEVER_COUNTED,
        "shuffles": feed.shuffles,
        "workers": feed.workers or 0,
        "seeded": seeded,
        "keras": version,
        "backend": keras.backend,
    }
