"""The cells of the atlas as rows of a table: what each was expected to do, did, and cost."""

import dataclasses
from collections.abc import Iterable, Iterator

from epochwatch._auditing.request import FitCall
from epochwatch_lab._atlas.cells import AtlasCell
from epochwatch_lab._atlas.toy_feeds import BATCHES, MAJORITY, ROWS

HANGS = "did not end in"
CRASHES = "the process ended"
BALANCED = ("choose_from_datasets", "sample_from_datasets", "rejection_resample")
ENDLESS = "endless=True"
DRAWN = BALANCED[1:]  # what these never train, they leave out by chance
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
        never: rows never trained.
        repeated: rows trained again while others had not been trained once; of balanced
            streams those of the majority.
        lost: batches passed over; None where the order cannot be followed.
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
    never: int
    repeated: int
    lost: int | None
    steps: tuple[int, ...]
    warnings: tuple[str, ...]
    raised: str | None
    runs: int
    differing: int
    trained: list
    finding: str | None

    @property
    def failed(self) -> bool:
        """Whether `fit` raised, hung or crashed."""
        return self.raised is not None

    @property
    def is_certain(self) -> bool:
        """Whether neither chance nor timing has a say in which rows are trained."""
        drawn = self.feed.endswith(tuple(f"({name})" for name in DRAWN))
        # How far tf.data has read ahead of a generator when a fit ends depends on timing.
        read_ahead = self.feed.startswith("generator") and self.backend in READ_AHEAD
        return not (self.differing or drawn or (read_ahead and self.call.fits > 1))

    @property
    def loses(self) -> bool:
        """Whether `fit` left rows out, and not by chance: each cell asks for steps enough."""
        return self.is_certain and self.never > 0 and not self.failed


def rows_of(files: Iterable[dict]) -> list[AtlasRow]:
    """Make the rows of all files, as `read_atlas` gives them."""
    return [row for file in files for row in rows_of_file(file)]


def rows_of_file(file: dict) -> Iterator[AtlasRow]:
    about = file["environment"]
    backend = "tf_keras" if about["package"] == "tf_keras" else about["backend"]
    for cell in file["cells"]:
        yield row_of(cell, about["keras"], backend)


def row_of(cell: dict, keras: str, backend: str) -> AtlasRow:
    described = AtlasCell.from_json(cell)
    feed = described.feed_name
    trained, observed = cell.get("trained") or [], cell.get("observed")
    expected = cell.get("expected") or {}
    flat = trained_rows(trained)
    wanted = population(feed, flat)
    return AtlasRow(
        keras=keras,
        backend=backend,
        feed=feed,
        call=described.call,
        expected=expected.get("verdict"),
        rule=expected.get("rule"),
        agrees=expected.get("agrees"),
        outcome=outcome_of(cell),
        never=len(wanted - set(flat)),
        repeated=repeated_early(flat, wanted),
        lost=observed["batches"]["passed_over"] if observed else None,
        steps=tuple(observed["steps"]["run"] if observed else steps_of(trained)),
        warnings=tuple(dict.fromkeys(map(in_short, cell.get("warnings", ())))),
        raised=cell.get("raised"),
        runs=cell.get("runs", 1),
        differing=len(cell.get("others", ())),
        trained=trained,
        finding=cell.get("finding"),
    )


def outcome_of(cell: dict) -> str | None:
    raised = cell.get("raised")
    if raised is None:
        return cell["observed"]["verdict"]
    if raised.startswith(HANGS):
        return "hangs"
    return "crashes" if raised.startswith(CRASHES) else "raises"


def population(feed: str, trained: list[int]) -> set[int]:
    """List the rows that a feed's steps would reach, had nothing been left out.

    Of balanced streams those of the majority: the minority is there to be repeated, and nothing
    of it is ever missed. A feed that goes on counting has as many as were trained.
    """
    if ENDLESS in feed:
        return set(range(len(trained)))
    is_balanced = feed.endswith(tuple(f"({name})" for name in BALANCED))
    return set(range(MAJORITY if is_balanced else BATCHES * ROWS))


def repeated_early(flat: list[int], wanted: set[int]) -> int:
    """Count the exposures of rows already trained, until all had been trained once.

    Example:
        >>> repeated_early([0, 1, 0, 2, 0], {0, 1, 2})
        1
    """
    seen: set[int] = set()
    repeated = 0
    for row in flat:
        if seen == wanted:
            break
        repeated += row in seen
        seen |= {row} & wanted
    return repeated


def steps_of(trained: list) -> list[int]:
    """Count the steps of each epoch that trained something."""
    return [len(epoch) for fit in trained for epoch in fit]


def in_short(warning: str) -> str:
    """Write a warning in a few words."""
    return next((short for part, short in WARNINGS.items() if part in warning), warning[:40])


def rows_to_draw(feed: str, trained: list) -> int:
    """Count the rows of a feed, of one without end as far as it was or could have been trained."""
    flat = trained_rows(trained)
    return 1 + max(population(feed, flat) | set(flat))


def trained_rows(trained: list) -> list[int]:
    """List the rows in the order trained, over all fits, epochs and batches."""
    return [row for fit in trained for epoch in fit for batch in epoch for row in batch]
