"""What every committed cell says was lost is what the audit says, and what counting gives.

The numbers of the site, of the summary and of the links to reproductions are the cell's own.
"""

import random

import pytest
import tensorflow as tf

from epochwatch._auditing.request import LOSES
from epochwatch_lab._atlas.cells import FIT, AtlasCell, call_as_json
from epochwatch_lab._atlas.defects import UNJUDGED, findings_of
from epochwatch_lab._atlas.judging import feeds_here, judged_again, toy_feed
from epochwatch_lab._atlas.rows import begun_epochs, rows_of_file
from epochwatch_lab._site.cells import AtlasFile, PageCell
from tests.epochwatch_lab.atlas.plain_counting import reachable_and_lost

SAMPLED, MORE, SEED = 2, 20, 20261128  # of each file


def can_be_made(cell):
    """Whether the cell's feed can be made here; torch and Grain are not in every environment."""
    return cell["feed"] in {toy.kind for toy in feeds_here().values()}


def changed(cells, environment):
    """Judge cells again; name those of which something is otherwise."""
    return [
        AtlasCell.from_json(cell).name
        for cell in filter(can_be_made, cells)
        if cell | judged_again(cell, environment) != cell
    ]


@pytest.fixture
def unseeded():
    """Draw as in a new process, as the cells were observed, whatever a test before has seeded."""
    tf.random.set_seed(None)


@pytest.mark.usefixtures("unseeded")
def test_a_sample_of_the_cells_is_judged_again_as_it_is_committed(read):
    sample = random.Random(SEED).sample(read["cells"], SAMPLED)
    assert changed(sample, read["environment"]) == []


@pytest.mark.slow
@pytest.mark.usefixtures("unseeded")
def test_a_larger_sample_is_judged_again_as_it_is_committed(read):
    """All of them take a quarter of an hour: the script judges them, and git shows a change."""
    sample = random.Random(SEED + 1).sample(read["cells"], MORE)
    again = "python scripts/judge_atlas_again.py"
    assert changed(sample, read["environment"]) == [], f"judge it again: {again}"


def test_what_a_cell_lost_is_what_counting_by_hand_gives(read):
    seen = [cell for cell in read["cells"] if cell["observed"]]
    counted = {AtlasCell.from_json(cell).name: (cell, reachable_and_lost(cell)) for cell in seen}
    known = {name: pair for name, pair in counted.items() if pair[1]}
    assert len(known) > 0.85 * len(seen)
    wrong = [
        name
        for name, (cell, by_hand) in known.items()
        if tuple(cell["observed"]["samples"][key] for key in ("reachable", "lost")) != by_hand
    ]
    assert wrong == []


def test_site_summary_and_links_have_the_numbers_of_the_audit(read):
    file = AtlasFile("", read["environment"])
    rows = {(row.feed, *call_as_json(row.call).values()): row for row in rows_of_file(read)}
    for cell in read["cells"]:
        shown, findings = PageCell(file, cell), findings_of(cell)
        assert shown.findings == findings
        assert shown.loses == (LOSES in findings) == bool(shown.lost and shown.lost[0])
        if cell["act"] != FIT:
            continue
        is_known = cell["finding"] is None or cell["finding"] in UNJUDGED
        assert is_known or findings or cell["raised"]
        if cell["seeded"] is None:
            called = AtlasCell.from_json(cell)
            key = (called.feed_name, *call_as_json(called.call).values())
            # What stands beside the usual feeds is in no sum.
            row = rows.pop(key, None)
            if row:
                assert shown.lost == (None if row.failed else (row.lost, row.reachable))
                assert row.loses <= shown.loses
    assert rows == {}


def test_epochs_that_trained_nothing_belong_to_the_fit_before_them():
    trained = [[[[0, 1]], [[2, 3]]], [[[0, 1]]]]
    begun = [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2)]
    assert list(begun_epochs(trained, [1, 1, 0, 1, 0])) == begun


@pytest.mark.parametrize("processes", [{}, {"use_multiprocessing": True}])
@pytest.mark.parametrize("length", [{}, {"batches": 100}])
def test_the_workers_of_a_sequence_are_those_of_its_fit(processes, length):
    called = AtlasCell("py_dataset", {"workers": 2} | processes | length, None)
    batches = length.get("batches", 10)
    for keras, of_feed, of_fit in [
        ("3.15.1", 2, {}),
        ("2.15.0", 0, {"workers": 2, "use_multiprocessing": bool(processes)}),
    ]:
        toy = toy_feed(called, {"keras": keras})
        assert toy.fit_options == {"shuffle": False} | of_fit
        made = toy.make()
        assert toy.batches == len(made) == batches
        assert made.workers == of_feed
        assert made[batches - 1][1]["index"].tolist() == [2 * batches - 2, 2 * batches - 1]
