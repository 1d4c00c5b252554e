"""What changed from one release of Keras to the next: the same cells, compared."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from packaging.version import Version

from epochwatch_lab._atlas.cells import FIT, AtlasCell
from epochwatch_lab._atlas.environments import Environment
from epochwatch_lab._atlas.outcomes import ACT_WORDS, outcome_in_words
from epochwatch_lab._atlas.places import Place
from epochwatch_lab._atlas.summary.findings_text import kinds_in_short
from epochwatch_lab.tables import markdown_table

WORKER_QUEUE = "worker queue"  # the rule of `explain`
CELLS = "../atlas"  # from the page: on the site, where a cell is shown by its address


class Change(NamedTuple):
    """Cells of a feed in which something else happens than in the release before.

    Attributes:
        act: what was done with the feed.
        fits: how often `fit` was called with it.
        feed: its name.
        before: what happened, in words.
        after: what happens.
        backend: where.
        cells: how many.
        shown_by: the address of one of them, in the later release.
    """

    act: str
    fits: int
    feed: str
    before: str
    after: str
    backend: str
    cells: int
    shown_by: str


def changes_between(older: dict, newer: dict) -> Iterator[Change]:
    """Compare two files of the atlas, of one backend, cell by cell.

    What timing decides, in either, is left out: it differs between releases by chance.
    """
    before, after = outcomes_by_cell(older), outcomes_by_cell(newer)
    changed: dict[tuple, list[str]] = defaultdict(list)
    about = newer["environment"]
    for name in sorted(before.keys() & after.keys()):
        (cell, was), (_, now) = before[name], after[name]
        if was != now:
            key = cell.act, cell.call.fits, cell.feed_name, was, now
            changed[key].append(cell.address(about))
    for key, addresses in sorted(changed.items()):
        yield Change(*key, about["backend"], len(addresses), addresses[0])


def outcomes_by_cell(file: dict) -> dict[str, tuple[AtlasCell, str]]:
    """Say what happened in each cell of a file, by its name."""
    backend = file["environment"]["backend"]
    described = ((AtlasCell.from_json(cell), cell) for cell in file["cells"])
    return {
        called.name: (called, outcome_in_words(cell, backend))
        for called, cell in described
        if not is_timing(cell)
    }


def is_timing(cell: dict) -> bool:
    """Whether timing decided which rows were taken: of several runs, or by several workers."""
    # No rule is about an act, so that of a PyDataset all with several workers are left out.
    is_queued_act = cell["act"] != FIT and cell["options"].get("workers", 0) > 1
    is_queued_fit = (cell["expected"] or {}).get("rule") == WORKER_QUEUE
    return bool(cell["others"]) or is_queued_act or is_queued_fit


def releases_page(files: Sequence[dict], environments: Sequence[Environment]) -> str:
    """Write for the guide what there is, and what changed from each release to the next."""
    released = {one.version: one.released for one in environments if one.keras == "keras"}
    by_release: dict[str, dict[str, dict]] = defaultdict(dict)
    for file in files:
        about = file["environment"]
        if about["package"] == "keras":
            by_release[about["keras"]][about["backend"]] = file
    in_order = sorted(by_release, key=Version)
    parts = [
        release_part(older, newer, by_release, released) for older, newer in pairwise(in_order)
    ]
    return "\n\n".join([environments_table(files, environments), *reversed(parts)])


def environments_table(files: Iterable[dict], environments: Iterable[Environment]) -> str:
    """Write which environments there are, the newest first, and how long observing each took."""
    by_release: dict[tuple[str, str], list[dict]] = defaultdict(list)
    for file in files:
        about = file["environment"]
        by_release[about["package"], about["keras"]].append(file)
    lines = []
    for one in sorted(environments, key=lambda one: Place(one.keras, one.version, "jax").age):
        own = by_release[one.keras, one.version]
        cells = sum(len(file["cells"]) for file in own)
        minutes = sum(file["environment"]["seconds"] for file in own) / 60
        told = str(one.released), ", ".join(one.backends), f"{cells:,}", f"{minutes:.0f}"
        lines.append([f"`{one.name}`", *told])
    return markdown_table(["environment", "released", "backends", "cells", "minutes"], lines)


def release_part(older: str, newer: str, by_release: dict, released: dict) -> str:
    """Write what changed from one release to the next."""
    backends = [name for name in by_release[newer] if name in by_release[older]]
    changes = [
        change
        for backend in backends
        for change in changes_between(by_release[older][backend], by_release[newer][backend])
    ]
    dates = f"Released {released[older]} and {released[newer]}."
    title = f"## From Keras {older} to {newer}\n\n{dates}"
    if not changes:
        return f"{title} Nothing changed on {', '.join(backends)}."
    header = ["what is done", "before", "after", "on", "cells"]
    return f"{title}\n\n{markdown_table(header, list(table_rows(changes)))}"


def table_rows(changes: Sequence[Change]) -> Iterator[list[str]]:
    """Put feeds together to which the same happened, on the same backends; show a cell of them."""
    by_feed: dict[tuple, dict[str, Change]] = defaultdict(dict)
    for change in changes:
        key = (
            list(ACT_WORDS).index(change.act),
            change.fits,
            change.before,
            change.after,
            change.feed,
        )
        by_feed[key][change.backend] = change
    alike: dict[tuple, list[Change]] = defaultdict(list)
    for (*key, _), by_backend in sorted(by_feed.items()):
        alike[*key, tuple(by_backend)].extend(by_backend.values())
    for (act, fits, before, after, backends), found in alike.items():
        feeds = dict.fromkeys(change.feed for change in found)
        done = list(ACT_WORDS.values())[act] + (" called twice" if fits > 1 else "")
        yield [
            f"{done}: {kinds_in_short(feeds)}",
            before,
            after,
            ", ".join(backends),
            f"[{sum(change.cells for change in found)}](<{CELLS}#{found[0].shown_by}>)",
        ]
