"""What to change in a call that does harm, as another cell of the atlas shows that it works."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from epochwatch_lab._atlas.cells import FIT
from epochwatch_lab._atlas.toy_feeds import BATCHES
from epochwatch_lab._site.cells import PageCell

Way = dict[str, Any]
AUTO = "auto_execution"
REPEATED = ("finite", "cache", "prefetch", "from_generator")


class Remedy(NamedTuple):
    """One change.

    Attributes:
        says: what to do, in a sentence.
        code: what to paste in front of the call of `fit`.
        changed: the way of a cell so changed; None where there is nothing to change.
    """

    says: str
    code: str
    changed: Callable[[Way], Way | None]


def one_fit(way: Way) -> Way | None:
    return way | {"fits": 1} if way["fits"] > 1 else None


def single_steps(way: Way) -> Way | None:
    several = way["steps_per_execution"] > 1 or way["act"] == AUTO
    return way | {"act": FIT, "steps_per_execution": 1} if several else None


def endless_generator(way: Way) -> Way | None:
    ends = way["feed"] == "generator" and not way["options"]["endless"]
    steps = way["steps_per_epoch"] or BATCHES  # or the first epoch would never end
    return way | {"options": {"endless": True}, "steps_per_epoch": steps} if ends else None


def repeated_dataset(way: Way) -> Way | None:
    ends = way["options"].get("pipeline") in REPEATED
    return way | {"options": {"pipeline": "repeat"}} if ends else None


def no_workers(way: Way) -> Way | None:
    options = way["options"]
    if way["feed"] != "py_dataset" or not options.get("workers"):
        return None
    kept = {key: value for key, value in options.items() if key == "endless"}
    return way | {"options": {"workers": 0} | kept}


def own_shuffle(way: Way) -> Way | None:
    by_fit = way["feed"] == "arrays" and way["options"].get("shuffle")
    return way | {"feed": "tf_data", "options": {"pipeline": "shuffle"}} if by_fit else None


def whole_passes(way: Way) -> Way | None:
    return way | {"steps_per_epoch": None} if way["steps_per_epoch"] else None


REMEDIES = (
    Remedy(
        "Train one step at a time.",
        "model.compile(optimizer, loss, steps_per_execution=1)",
        single_steps,
    ),
    Remedy("Call fit once, for all epochs.", "", one_fit),
    Remedy(
        "Let the generator never end.",
        "def endless_batches():\n    while True:\n        yield from make_batches()\n\n\n"
        "feed = endless_batches()",
        endless_generator,
    ),
    Remedy("Repeat the dataset.", "feed = dataset.repeat()", repeated_dataset),
    Remedy("Let no workers make the batches.", "", no_workers),
    Remedy(
        "Shuffle in a tf.data.Dataset of your own.",
        "rows = tf.data.Dataset.from_tensor_slices((x, y))\n"
        "feed = rows.shuffle(len(x)).batch(batch_size)",
        own_shuffle,
    ),
    Remedy("Leave out steps_per_epoch: each epoch is then a complete pass.", "", whole_passes),
)


def code_to_paste(remedies: Iterable[Remedy], shown: PageCell) -> str:
    """Write what to paste, with the whole call of the cell that shows it.

    Args:
        remedies: what to change.
        shown: a cell that is called so.
    """
    way = shown.way
    lines = ["keras.utils.set_random_seed(seed)"] if way["seeded"] else []
    lines += [remedy.code for remedy in remedies if remedy.code]
    workers = ", ".join(worker_arguments(way))
    if workers and not tells_fit_of_workers(shown):
        lines.append(f"feed = MyDataset({workers})  # its __init__ hands this on to PyDataset")
    execution = '"auto"' if way["act"] == AUTO else way["steps_per_execution"]
    if execution != 1:
        lines.append(f"model.compile(optimizer, loss, steps_per_execution={execution})")
    return "\n".join([*lines, *[f"model.fit({', '.join(fit_arguments(shown))})"] * way["fits"]])


def fit_arguments(shown: PageCell) -> Iterator[str]:
    """Write the arguments that the `fit` of a cell is given; what is its default is left out."""
    way = shown.way
    yield from ("x", "y", "batch_size=batch_size") if way["feed"] == "arrays" else ("feed",)
    if way["steps_per_epoch"]:
        yield f"steps_per_epoch={way['steps_per_epoch']}"
    yield "epochs=epochs"
    if way["validation"]:
        yield "validation_data=(x_val, y_val)"
    if way["feed"] in ("arrays", "py_dataset") and not way["options"].get("shuffle"):
        yield "shuffle=False"
    if tells_fit_of_workers(shown):
        yield from worker_arguments(way)


def tells_fit_of_workers(shown: PageCell) -> bool:
    """Whether it is `fit` that a PyDataset's workers are named to: so it is in Keras 2."""
    return shown.file.environment["keras"].startswith("2.")


def worker_arguments(way: Way) -> Iterator[str]:
    """Write the workers of a PyDataset; a DataLoader has its own, and changes nothing in a call."""
    if way["feed"] == "py_dataset":
        names = [name for name in ("workers", "use_multiprocessing") if name in way["options"]]
        yield from (f"{name}={way['options'][name]}" for name in names)


class Remedies:
    """Finds the remedies of cells among all cells of the atlas."""

    def __init__(self, cells: Iterable[PageCell]):
        self._sound = {self._key(cell.file.name, cell.way): cell for cell in cells if cell.is_sound}

    @staticmethod
    def _key(file: str, way: Way) -> tuple:
        return file, *(str(value) for _, value in sorted(way.items()))

    def of(self, cell: PageCell) -> tuple[tuple[Remedy, ...], PageCell] | None:
        """Find the fewest changes that leave nothing to be found, and the cell that shows it.

        Returns:
            None where nothing was found, or no cell shows what to do.
        """
        if not (cell.findings or cell.raised) or cell.way["act"] not in (FIT, AUTO):
            return None
        for number in (1, 2):
            for remedies in itertools.combinations(REMEDIES, number):
                shown = self._sound.get(self._key(cell.file.name, changed(cell.way, remedies)))
                if shown and shown.address != cell.address:
                    return remedies, shown
        return None


def changed(way: Way, remedies: Iterable[Remedy]) -> Way:
    """Change a way by all of some remedies; {} where one of them changes nothing."""
    for remedy in remedies:
        way = remedy.changed(way) or {}
        if not way:
            break
    return way
