"""The command of a cell: `epochwatch explain`, which predicts from Keras' source what it does."""

from collections.abc import Iterator
from typing import Any

from packaging.version import Version

from epochwatch_lab._atlas.cells import EPOCHS
from epochwatch_lab._atlas.toy_feeds import BALANCED, BATCHES, SHUFFLED
from epochwatch_lab._site.words import ENDLESS, feed_words


def explain_command(way: dict[str, Any], batches: int) -> str | None:
    """Write the command that predicts what a call does; None for what it cannot be asked.

    It takes for granted ten batches, and of a generator that it has no end. `explain_keras` says
    the rest of it.
    """
    # Where a repeated dataset begins again, and so whether a fit ends there, it is not told.
    comes_round = way["options"].get("pipeline") == "repeat" and way["fits"] > 1
    if way["act"] != "fit" or way["options"].get("pipeline") in BALANCED or comes_round:
        return None
    return " ".join(["epochwatch explain", *feed_flags(way, batches), *call_flags(way)])


def explain_keras(about: dict[str, Any]) -> str:
    """Write the flags that say on which Keras.

    Example:
        >>> explain_keras({"keras": "3.15.1", "backend": "jax"})
        '--keras 3.15 --backend jax'
    """
    version = Version(about["keras"])
    backend = "tf_keras" if version.major == 2 else about["backend"]
    return f"--keras {version.major}.{version.minor} --backend {backend}"


def feed_flags(way: dict[str, Any], batches: int) -> Iterator[str]:
    kind, options = way["feed"], way["options"]
    _, length = feed_words(kind, options)
    yield f"--feed {kind}"
    if kind != "generator" and length == ENDLESS:
        yield "--batches endless"
    elif length != ENDLESS and (kind in ("generator", "arrays") or batches != BATCHES):
        yield f"--batches {batches}"
    if options.get("pipeline") == "from_generator":
        yield "--uncounted"
    if shuffles_itself(kind, options):
        yield "--shuffles"
    if options.get("workers"):
        # One process is a worker beside the training, as two threads are; one thread is none.
        least = 2 if options.get("use_multiprocessing") else 1
        yield f"--workers {max(least, options['workers'])}"
    if kind in ("arrays", "py_dataset") and not options.get("shuffle"):
        yield "--fit-option shuffle=false"


def shuffles_itself(kind: str, options: dict[str, Any]) -> bool:
    """Whether a feed has another order in each pass, and not because `fit` shuffles it."""
    pipeline = options.get("pipeline", "")
    if pipeline in SHUFFLED or "shuffle_files" in pipeline or "shuffled_in" in options:
        return True
    # A shuffled Grain dataset has one order for all passes.
    return kind == "torch_loader" and bool({"shuffle", "seed"} & set(options))


def call_flags(way: dict[str, Any]) -> Iterator[str]:
    if way["steps_per_epoch"]:
        yield f"--steps-per-epoch {way['steps_per_epoch']}"
    if way["steps_per_execution"] > 1:
        yield f"--steps-per-execution {way['steps_per_execution']}"
    if way["fits"] > 1:
        yield f"--fits {way['fits']} --epochs {EPOCHS[way['fits']]}"
    if way["seeded"]:
        yield "--seed 1"
