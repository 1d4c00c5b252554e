"""What every committed cell says was lost is what the audit says, and what counting gives.

The numbers of the site, of the summary and of the links to reproductions are the cell's own.
"""

import random

import pytest
import tensorflow as tf

from epochwatch._auditing.request import LOSES
from epochwatch_lab._atlas.cells import AtlasCell
from epochwatch_lab._atlas.defects import findings_of
from epochwatch_lab._atlas.files import read_atlas
from epochwatch_lab._atlas.judging import begun_epochs, feeds_here, judged_again, toy_feed
from epochwatch_lab._atlas.rows import rows_of_file
from epochwatch_lab._runs import project
from epochwatch_lab._site.cells import cell_facts
from tests.epochwatch_lab.atlas.plain_counting import reachable_and_lost

SAMPLED, MORE, SEED = 2, 20, 20261128  # of each file
ATLAS = [
    pytest.param(read, id="{package}-{keras}-{backend}".format(**read["environment"]))
    for read in read_atlas(project.ROOT / "atlas")
]


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
@pytest.mark.parametrize("read", ATLAS)
def test_a_sample_of_the_cells_is_judged_again_as_it_is_committed(read):
    sample = random.Random(SEED).sample(read["cells"], SAMPLED)
    assert changed(sample, read["environment"]) == []


@pytest.mark.slow
@pytest.mark.usefixtures("unseeded")
@pytest.mark.parametrize("read", ATLAS)
def test_a_larger_sample_is_judged_again_as_it_is_committed(read):
    """All of them take a quarter of an hour: the script judges them, and git shows a change."""
    sample = random.Random(SEED + 1).sample(read["cells"], MORE)
    again = "python scripts/judge_atlas_again.py"
    assert changed(sample, read["environment"]) == [], f"judge it again: {again}"


@pytest.mark.parametrize("read", ATLAS)
def test_what_a_cell_lost_is_what_counting_by_hand_gives(read):
    seen = [cell for cell in read["cells"] if cell["observed"]]
    assert {cell["observed"]["schema"] for cell in seen} == {2}
    counted = {AtlasCell.from_json(cell).name: (cell, reachable_and_lost(cell)) for cell in seen}
    known = {name: pair for name, pair in counted.items() if pair[1]}
    assert len(known) > 0.85 * len(seen)
    wrong = [
        name
        for name, (cell, by_hand) in known.items()
        if tuple(cell["observed"]["samples"][key] for key in ("reachable", "lost")) != by_hand
    ]
    assert wrong == []


@pytest.mark.parametrize("read", ATLAS)
def test_site_summary_and_links_have_the_numbers_of_the_audit(read):
    for cell, row in zip(read["cells"], rows_of_file(read), strict=True):
        facts, findings = cell_facts(cell), findings_of(cell)
        assert facts["loses"] == (LOSES in findings) == bool(row.lost)
        assert facts["unsound"] == bool(findings)
        assert facts["loss"] == (None if row.failed else f"{row.lost} of {row.reachable}")
        assert row.loses <= facts["loses"]
        if not findings:
            assert cell["finding"] is None


def test_epochs_that_trained_nothing_belong_to_the_fit_before_them():
    trained = [[[[0, 1]], [[2, 3]]], [[[0, 1]]]]
    begun = [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2)]
    assert list(begun_epochs(trained, [1, 1, 0, 1, 0])) == begun


@pytest.mark.parametrize(
    ("keras", "name", "in_fit"),
    [
        ("3.15.1", "py_dataset(workers=2)", {"shuffle": False}),
        (
            "2.15.0",
            "py_dataset(workers=0)",
            {"shuffle": False, "workers": 2, "use_multiprocessing": False},
        ),
    ],
)
def test_the_workers_of_a_sequence_are_those_of_its_fit(keras, name, in_fit):
    called = AtlasCell("py_dataset", {"workers": 2}, None)
    toy = toy_feed(called, {"keras": keras})
    assert (toy.name, toy.fit_options) == (name, in_fit)
