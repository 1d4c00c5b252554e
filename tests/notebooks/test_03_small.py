"""Notebook 03 with small parameters: every feed is observed here and now, and on MNIST."""

import re

import pytest

from epochwatch_lab._runs import project
from tests.notebooks.conftest import run_cells

NAME = "03_ways_to_feed_fit"
SEVENS, OTHERS = 6265, 53735
# What is certain on TensorFlow: one fit of two epochs, and two of two, of three steps each.
SMALL = {"epochs": 5, "epochs_each": 2, "mnist_steps": 10, "positive_digit": 7, "run_name": "small"}
VERDICTS = {
    "arrays(shuffle=False)": ("runs dry", "restarts"),
    "py_dataset(workers=0)": ("runs dry", "restarts"),
    "py_dataset(workers=0, endless=True)": ("resumes", "restarts"),
    "tf_data(finite)": ("runs dry", "restarts"),
    "tf_data(repeat)": ("resumes", "restarts"),
    "tf_data(choose_from_datasets)": ("resumes", "restarts"),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Run the notebook once."""
    return run_cells(NAME, tmp_path_factory.mktemp("small"), **SMALL)


@pytest.mark.slow
def test_every_feed_does_what_it_is_known_to_do(made):
    found = {(row["feed"], row["fits"]): row for row in made.findings["here"]}
    for feed, verdicts in VERDICTS.items():
        assert tuple(found[feed, fits]["verdict"] for fits in (1, 2)) == verdicts, feed
    assert found["generator(endless=False)", 1]["verdict"] == "replays"
    assert found["tf_data(finite)", 1]["steps"] == [3, 3, 3, 1, 3]
    assert found["tf_data(finite)", 1]["lost"] == 0
    assert found["tf_data(finite)", 2]["lost"] == 20 - 2 * 3 * 2
    assert found["tf_data(finite)", 2]["rule"] == "fit begins anew"
    assert found["py_dataset(workers=0, endless=True)", 2]["lost"] == 12


@pytest.mark.slow
def test_on_mnist_a_second_fit_restarts_but_for_the_generator(made):
    found = {(row["feed"], row["fits"]): row for row in made.findings["mnist"]}
    assert {feed for feed, _ in found} >= {"tf_data", "generator", "py_dataset", "arrays"}
    for (feed, fits), row in found.items():
        goes_on = feed == "generator" and fits == 2
        steps = {1: 50, 2: 40 if goes_on else 20}[fits]
        # What a thread has read ahead is skipped; on a busy machine that may be nothing.
        expected = {"skips", "resumes"} if goes_on else {("resumes", "restarts")[fits - 1]}
        assert row["verdict"] in expected, feed
        assert row["never_trained"]["minority"] == SEVENS - steps * 8
        assert row["never_trained"]["majority"] == OTHERS - steps * 8


@pytest.mark.slow
def test_the_answer_counts_the_atlas_and_what_was_seen_here(made):
    counts, here = made.findings["atlas"], made.findings["here"]
    assert f"**Of {counts['certain']:,} ways to call Keras' `fit` that always give" in made.answer
    assert f" {counts['lose']:,} never train on part of the data.**" in made.answer
    losing = sum(row["loses"] for row in here if row["fits"] == 2)
    assert f"on tensorflow, {losing} of {len(here) // 2} ways to feed it lost some" in made.answer
    assert made.record["parameters"]["backend"] == "tensorflow"


@pytest.mark.slow
def test_the_run_has_its_figures_and_all_cells_as_a_table(made):
    for figure in ("feed_order", "every_feed", "outcomes", "versions"):
        for file in (f"{figure}.svg", f"{figure}.png", f"{figure}-narrow.png"):
            assert (made.folder / "figures" / file).stat().st_size > 1_000
    lines = (made.folder / "cells.csv").read_text().splitlines()
    assert len(lines) == 1 + made.findings["atlas"]["cells"]


def test_every_reproduction_is_linked_once():
    """They are the atlas' best part, and a new one is easily forgotten here.

    Those of several workers are linked where these are told of.
    """
    cells = project.cells_of(project.notebook_path(NAME))
    prose = "\n".join(cell.source for cell in cells if cell.kind == "markdown")
    link = r"\(\.\./atlas/reproductions/(\w+)\.md\)"
    linked = re.findall(link, prose)
    of_workers = re.findall(link, (project.ROOT / "docs" / "atlas_of_workers.md").read_text())
    kept = [file.stem for file in (project.ROOT / "atlas" / "reproductions").glob("*.py")]
    assert len({*linked}) == len(linked)
    assert {*linked, *of_workers} == {*kept}


def test_nothing_private_is_imported():
    cells = project.cells_of(project.notebook_path(NAME))
    code = "\n".join(cell.source for cell in cells if cell.kind == "code")
    assert re.findall(r"^(?:from|import) .*\b_\w+", code, re.MULTILINE) == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("backend=theano", "backend: got 'theano', allowed: one of tensorflow, jax, torch"),
        ("fits=1", "fits: got '1', allowed: an integer from 2 to 4"),
        ("steps_per_epoch=31", "steps_per_epoch: got '31', allowed: an integer from 1 to 30"),
        ("mnist_step=3", "did you mean mnist_steps?"),
    ],
)
def test_a_bad_parameter_is_one_line(given, told, refused):
    assert told in refused(NAME, given)


def test_steps_that_torch_does_not_make_are_refused(epochwatch):
    done = epochwatch("run", NAME, "-pbackend=torch", "-psteps_per_execution=2")
    assert done.returncode == 2
    assert "steps_per_execution: got 2, allowed on torch: 1" in done.stderr
