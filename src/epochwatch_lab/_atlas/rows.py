"""The cells of the atlas as rows of a table: what each was expected to do, did, and lost.

Of all cells these are the ones that call `fit` without a seed on one of the usual feeds: what is
asked beside that, about seeds, long feeds or validation, adds to no sum.
"""

import dataclasses
import itertools
from collections.abc import Iterable, Iterator

from epochwatch._auditing.request import LOSES, FitCall
from epochwatch_lab._atlas.cells import FIT, AtlasCell
from epochwatch_lab._atlas.places import Place
from epochwatch_lab._atlas.toy_feeds import BATCHES, ROWS, has_few_calls

HANGS = "did not end in"
CRASHES = "the process ended"
DRAWN = ("sample_from_datasets", "rejection_resample")
# What is known of a cell that the audit has not seen to its end.
NOTHING = {
    "findings": [],
    "samples": {"population": None, "reachable": None, "lost": None},
    "batches": {"passed_over": None},
    "order": {"shuffled_by": None, "alike": False},
    "steps": {"run": []},
}
# Backends on which `fit` makes a tf.data.Dataset of a generator.
READ_AHEAD = ("tensorflow", "tf_keras")
WARNINGS = {  # in short
    "ran out of data": "ran out of data",
    "will be ignored": "shuffle ignored",
    "use_multiprocessing": "workers",
    "steps_per_epoch": "steps_per_epoch",
}


@dataclasses.dataclass(frozen=True)
class AtlasRow:
    """One cell.

    Attributes:
        keras: version of Keras.
        backend: "tensorflow", "jax", "torch", or "tf_keras" for the package of that name.
        feed: name of the feed, with its options.
        call: how `fit` was called.
        expected: verdict that `explain` predicts; None where it predicts none.
        rule: why, by name; None where it was not asked.
        agrees: whether what was expected was observed; None where nothing was told.
        outcome: the verdict; "raises", "hangs" or "crashes" where `fit` did not end well.
        findings: of the audit.
        population: rows of the feed; None where it is not known.
        reachable: rows that as many steps reach, had every boundary resumed; None likewise.
        lost: of them, never trained; None likewise.
        passed_over: batches; None where `fit` did not end well.
        is_drawn: whether `fit` or the feed draws an order, and not the same one again.
        is_certain: whether neither chance nor timing has a say in which rows are trained.
        loses: whether the audit found rows lost, and neither by chance nor by timing.
        steps: run in each epoch.
        warnings: in short.
        raised: what was raised; None for nothing.
        runs: how often the cell was run.
        differing: how many of the runs trained something else than the first.
        trained: by fit, epoch and batch the rows.
        finding: reproduction or explanation that the cell stands for; None for none.
    """

    keras: str
    backend: str
    feed: str
    call: FitCall
    expected: str | None
    rule: str | None
    agrees: bool | None
    outcome: str | None
    findings: tuple[str, ...]
    population: int | None
    reachable: int | None
    lost: int | None
    passed_over: int | None
    is_drawn: bool
    is_certain: bool
    loses: bool
    steps: tuple[int, ...]
    warnings: tuple[str, ...]
    raised: str | None
    runs: int
    differing: int
    trained: list
    finding: str | None

    @property
    def place(self) -> Place:
        """Where it was observed."""
        if self.backend == "tf_keras":
            return Place("tf_keras", self.keras, "tensorflow")
        return Place("keras", self.keras, self.backend)

    @property
    def failed(self) -> bool:
        """Whether `fit` raised, hung or crashed."""
        return self.raised is not None


def rows_of(files: Iterable[dict]) -> list[AtlasRow]:
    """Make the rows of all files, as `read_atlas` gives them."""
    return [row for file in files for row in rows_of_file(file)]


def rows_of_file(file: dict) -> Iterator[AtlasRow]:
    about = file["environment"]
    backend = "tf_keras" if about["package"] == "tf_keras" else about["backend"]
    for cell in file["cells"]:
        if is_usual(cell):
            yield row_of(cell, about["keras"], backend)


def is_usual(cell: dict) -> bool:
    """Whether a cell is one of a row."""
    is_plain = cell["act"] == FIT and cell["seeded"] is None
    return is_plain and not has_few_calls(cell["feed"], cell["options"])


def row_of(cell: dict, keras: str, backend: str) -> AtlasRow:
    described = AtlasCell.from_json(cell)
    trained, observed = cell.get("trained") or [], cell.get("observed") or NOTHING
    expected, samples = cell.get("expected") or {}, observed["samples"]
    return AtlasRow(
        keras=keras,
        backend=backend,
        feed=described.feed_name,
        call=described.call,
        expected=expected.get("verdict"),
        rule=expected.get("rule"),
        agrees=expected.get("agrees"),
        outcome=outcome_of(cell),
        findings=tuple(observed["findings"]),
        population=samples["population"],
        reachable=samples["reachable"],
        lost=samples["lost"],
        passed_over=observed["batches"]["passed_over"],
        is_drawn=draws_anew(observed["order"]),
        is_certain=is_certain(cell, backend),
        loses=loses_for_certain(cell, backend),
        steps=tuple(observed["steps"]["run"] or steps_of(trained)),
        warnings=tuple(dict.fromkeys(map(in_short, cell.get("warnings", ())))),
        raised=cell.get("raised"),
        runs=cell.get("runs", 1),
        differing=len(cell.get("others", ())),
        trained=trained,
        finding=cell.get("finding"),
    )


def loses_for_certain(cell: dict, backend: str) -> bool:
    """Whether the audit of a cell found rows lost, and neither by chance nor by timing."""
    found = (cell.get("observed") or NOTHING)["findings"]
    return LOSES in found and is_certain(cell, backend)


def is_certain(cell: dict, backend: str) -> bool:
    """Whether neither chance nor timing has a say in which rows are trained.

    Args:
        cell: as `read_atlas` gives it.
        backend: of its file.
    """
    observed, is_again = cell.get("observed") or NOTHING, cell["fits"] > 1
    # How far tf.data has read ahead of a generator when a fit ends depends on timing.
    read_ahead = cell["feed"] == "generator" and backend in READ_AHEAD
    # A pass cut short leaves out what is drawn last: by a second fit, or in each epoch. By one
    # seed it is always the same, and by another one something else.
    is_drawn = draws_anew(observed["order"]) or cell["options"].get("pipeline") in DRAWN
    is_chance = is_drawn and (is_again or LOSES in observed["findings"])
    return not (cell.get("others") or (read_ahead and is_again) or is_chance)


def draws_anew(order: dict) -> bool:
    """Whether `fit` or the feed draws an order, and not the same one again."""
    return order["shuffled_by"] is not None and not order["alike"]


def outcome_of(cell: dict) -> str | None:
    raised = cell.get("raised")
    return cell["observed"]["verdict"] if raised is None else failure_of(raised)


def failure_of(raised: str) -> str:
    """Name how a cell failed, by what was raised or noted instead."""
    if raised.startswith(HANGS):
        return "hangs"
    return "crashes" if raised.startswith(CRASHES) else "raises"


def steps_of(trained: list) -> list[int]:
    """Count the steps of each epoch that trained something."""
    return [len(epoch) for fit in trained for epoch in fit]


def begun_epochs(trained: list, steps_run: list[int]) -> Iterator[tuple[int, int]]:
    """Find fit and epoch of every epoch that was begun, from the steps of each in turn.

    Example:
        >>> list(begun_epochs([[[[0, 1]]], [[[0, 1]]]], [1, 0, 1]))
        [(1, 1), (1, 2), (2, 1)]
    """
    left = list(steps_run)
    for fit, epochs in enumerate(trained, start=1):
        # Epochs without a step at a fit's end are not among those that trained something.
        ended = itertools.takewhile(lambda steps: steps == 0, left[len(epochs) :])
        begun = len(epochs) + len(list(ended))
        yield from ((fit, epoch) for epoch in range(1, begun + 1))
        left = left[begun:]


def in_short(warning: str) -> str:
    """Write a warning in a few words."""
    return next((short for part, short in WARNINGS.items() if part in warning), warning[:40])


def rows_to_draw(row: AtlasRow) -> int:
    """Count the rows of a feed, of one without end as far as it was or could have been trained."""
    known = row.population or row.reachable or (BATCHES * ROWS if row.failed else 0)
    return max(known, 1 + max(trained_rows(row.trained), default=-1))


def trained_rows(trained: list) -> list[int]:
    """List the rows in the order trained, over all fits, epochs and batches."""
    return [row for fit in trained for epoch in fit for batch in epoch for row in batch]
