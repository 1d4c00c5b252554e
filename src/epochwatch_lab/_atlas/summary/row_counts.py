"""What the rows of the atlas add up to: counts, and what depends on the version of Keras."""

import itertools
from collections.abc import Iterable, Sequence

from packaging.version import Version

from epochwatch.feeds import NAMES
from epochwatch_lab._atlas.rows import AtlasRow

BACKENDS = ("tensorflow", "jax", "torch", "tf_keras")


def version_key(version: str) -> Version:
    return Version(version)


def newest_release(rows: Iterable[AtlasRow]) -> str:
    """Name the newest version of Keras that is no nightly; tf_keras is counted apart."""
    versions = {row.keras for row in rows if row.backend != "tf_keras"}
    released = [one for one in versions if not version_key(one).is_prerelease]
    return max(released, key=version_key)


def environments(rows: Iterable[AtlasRow]) -> list[tuple[str, str]]:
    """List version and backend of what the rows were observed on, by version."""
    places = {(row.keras, row.backend) for row in rows}
    return sorted(places, key=lambda one: (version_key(one[0]), BACKENDS.index(one[1])))


def feeds(rows: Iterable[AtlasRow]) -> list[str]:
    """List the feeds, by their kinds and as observed."""
    names = dict.fromkeys(row.feed for row in rows)
    return sorted(names, key=lambda feed: NAMES.index(feed.partition("(")[0]))


def counts(rows: Sequence[AtlasRow]) -> dict[str, int]:
    """Count the cells, and those in which something happens to the data.

    Returns:
        `cells`; `certain`, in which neither chance nor timing has a say; of these `lose` rows,
        and `lose called again` where `fit` was called more than once; of all `fail`, `run dry`,
        and `differ` from run to run; of those that an expectation was given for (`told`),
        `foretold`.
    """
    certain = [row for row in rows if row.is_certain]
    return {
        "cells": len(rows),
        "environments": len(environments(rows)),
        "feeds": len(feeds(rows)),
        "certain": len(certain),
        "lose": sum(row.loses for row in certain),
        "lose called again": sum(row.loses for row in certain if row.call.fits > 1),
        "fail": sum(row.failed for row in rows),
        "run dry": sum(row.outcome == "runs dry" for row in rows),
        "differ": sum(row.differing > 0 for row in rows),
        "told": sum(row.agrees is not None for row in rows),
        "foretold": sum(row.agrees is True for row in rows),
    }


def never_losing(rows: Iterable[AtlasRow]) -> list[str]:
    """List the feeds that in all of these cells lost no row, did not fail and needed no luck."""
    rows = list(rows)
    bad = {row.feed for row in rows if row.lost or row.failed or not row.is_certain}
    return [feed for feed in feeds(rows) if feed not in bad]


def changes(
    rows: Iterable[AtlasRow],
) -> list[tuple[str, tuple[tuple[str, str], ...], list[AtlasRow]]]:
    """Find what depends on the version of Keras.

    Cells that differ from run to run are left out: they differ between versions by chance.

    Returns:
        By backend and outcomes in each version, the newest rows of the cells concerned; the
        outcomes of neighbouring versions that agree are told once, by the first of them.
    """
    by_cell: dict[tuple, list[AtlasRow]] = {}
    for row in rows:
        # Its versions are those of another package, neither older nor newer than Keras 3.
        if row.backend != "tf_keras":
            by_cell.setdefault((row.backend, row.feed, row.call), []).append(row)
    changed: dict[tuple, list[AtlasRow]] = {}
    for (backend, *_), group in by_cell.items():
        # What differs from run to run would look like a change between versions.
        if any(row.differing for row in group):
            continue
        ordered = sorted(group, key=lambda row: version_key(row.keras))
        turns = tuple(changes_between(ordered))
        if len(turns) > 1:
            changed.setdefault((backend, turns), []).append(ordered[-1])
    return [(backend, turns, group) for (backend, turns), group in changed.items()]


def changes_between(ordered: Sequence[AtlasRow]) -> Iterable[tuple[str, str]]:
    """List where what comes of a cell changes: the version, and what it is from there on."""
    for outcome, group in itertools.groupby(ordered, key=outcome_with_loss):
        yield next(group).keras, outcome


def outcome_with_loss(row: AtlasRow) -> str:
    """Write what came of a cell, and whether samples were lost."""
    word = row.outcome or "one epoch"
    return f"{word}, samples lost" if row.lost else word


def outcome_in_words(row: AtlasRow) -> str:
    """Write what came of a row, and that it does not always."""
    word = row.outcome or "one epoch"
    return f"{word}, not in every run" if row.differing else word
