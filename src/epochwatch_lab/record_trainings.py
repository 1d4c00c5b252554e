"""Which records `fit` trained on, by the way that their files were read."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

import epochwatch
from epochwatch.exposures import Counts
from epochwatch_lab.datasets.tfrecords import Export, Survey, file_and_record, patch_numbers
from epochwatch_lab.figures.scene import Trained
from epochwatch_lab.models import glancing_model


class WayCalled(NamedTuple):
    """A way to read, and how `fit` is called on it.

    Attributes:
        way: its name.
        fits: calls of `fit` that the epochs are spread over, each of which begins anew.
    """

    way: str
    fits: int = 1


class TrainedRecords(NamedTuple):
    """What was trained of the majority.

    Attributes:
        index: int64, of the records.
        most_often: times that the most trained of them was trained.
        within_reach: records that could have been.
        furthest: how far into the stream they lie; None where its order is not fixed.
        files: in how many files.
    """

    index: np.ndarray
    most_often: int
    within_reach: int
    furthest: int | None
    files: int

    @property
    def trained(self) -> int:
        """How many records."""
        return len(self.index)

    def as_json(self) -> dict:
        """List the counts as JSON can have them, without the records."""
        numbers = {name: value for name, value in self._asdict().items() if name != "index"}
        return {"trained": self.trained, **numbers}


def train_each_way(
    make_feed: Callable[[str], object],
    calls: list[WayCalled],
    steps: int,
    epochs: int,
    folder: Path,
) -> dict[WayCalled, Counts]:
    """Train one model that hardly learns, in one way after the other, and count.

    Args:
        make_feed: gets the name of a way, and returns its feed.
        calls: what to try.
        steps: to an epoch.
        epochs: in all, for each call.
        folder: of the log.

    Returns:
        For each, what was trained.
    """
    watched = epochwatch.watch(glancing_model(), log=folder)
    of_fit = []
    for called in calls:
        feed = make_feed(called.way)
        for _ in range(called.fits):
            watched.fit(feed, steps_per_epoch=steps, epochs=epochs // called.fits, verbose=0)
            of_fit.append(called)
    batches = {called: [] for called in calls}
    for batch in epochwatch.ExposureLog.read(folder).batches():
        batches[of_fit[batch.fit - 1]].append(batch.index)
    return {called: Counts.from_chunks(chunks) for called, chunks in batches.items()}


def trained_records(counts: Counts, majority: np.ndarray, way, drawn: int) -> TrainedRecords:
    """Find which records of the majority were trained.

    Args:
        counts: of all that was trained.
        majority: int64, the indices of the stream, in its order.
        way: the `ReadingWay` that it was read in.
        drawn: records drawn from the majority in a call of `fit`.

    Returns:
        The records.
    """
    is_trained = counts.of_samples(majority) > 0
    index = majority[is_trained]
    ranks = way.ranks(index, majority)
    return TrainedRecords(
        index,
        most_often=int(counts.of_samples(index).max()),
        within_reach=way.reach(drawn, len(majority)),
        furthest=None if ranks is None else int(ranks.max()) + 1,
        files=len(np.unique(file_and_record(index)[0])),
    )


def scene_map(origin: np.ndarray, export: Export, counts: Survey) -> Trained:
    """Find where on its scene some records of an export lie.

    Args:
        origin: int64, their indices in the export.
        export: as `find_export` returns it.
        counts: what `survey_export` counted in it.

    Returns:
        The map.
    """
    patches = len(counts.index)
    numbers = patch_numbers(origin, counts.per_file)
    return Trained(patches, export.patches_in_row(patches), numbers)


def exposed_of_rare(order: np.ndarray, minority, counts) -> dict[str, list[int]]:
    """Count what a training was shown of the rare class, by patch and by pixel.

    Args:
        order: int64, the indices of all records trained, repeats included.
        minority: the `CopiedStream` of the rare class.
        counts: the `Survey` of the export that it was copied from.

    Returns:
        By `patches` and `pixels`: those of the rare class, and all.
    """
    rare = order[np.isin(order, minority.index)]
    pixels = int(counts.positives_of(minority.origin_of(rare)).sum())
    return {"patches": [len(rare), len(order)], "pixels": [pixels, len(order) * counts.pixels]}
