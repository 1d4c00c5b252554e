"""The sweeps of this repository, and the pages that say what they found."""

import json
import re

import numpy as np
import pytest

import epochwatch_lab
from epochwatch_lab._runs import project
from epochwatch_lab._runs.sweep import read_sweep
from epochwatch_lab.runs import DoesFitResume
from epochwatch_lab.strategies import STRATEGIES

SWEEPS = sorted((project.ROOT / "sweeps").glob("*.yaml"))
OF_COVERAGE = [file for file in SWEEPS if "notebook: 01_does_fit_resume" in file.read_text()]


def rows_of(page):
    """Read the rows of a page's table, by column."""
    header, _, *rows = re.findall(r"^\| (.*) \|$", page, re.MULTILINE)
    return [dict(zip(header.split(" | "), row.split(" | "), strict=True)) for row in rows]


@pytest.mark.parametrize("file", SWEEPS, ids=lambda file: file.stem)
def test_each_sweep_is_valid_and_has_a_page_of_all_its_runs(file):
    sweep = read_sweep(file, project.ROOT / "outputs")
    page = file.with_suffix(".md").read_text()
    assert sweep.name == file.stem
    assert f"{len(sweep.planned)} of {len(sweep.planned)} runs are finished" in page
    assert sum(int(row["runs"]) for row in rows_of(page)) == len(sweep.planned)
    assert f"({file.stem}.png)" in page
    assert file.with_suffix(".png").stat().st_size < 200_000


@pytest.mark.parametrize("file", OF_COVERAGE, ids=lambda file: file.stem)
def test_the_coverage_that_a_page_states_is_what_counting_says(file):
    """In sequence, n steps train n half batches of either stream, until it is gone through."""
    usual = DoesFitResume()
    labels = epochwatch_lab.load_mnist().train.labels
    shown = usual.epochs * usual.steps_per_epoch * usual.batch_size // 2
    for row in rows_of(file.with_suffix(".md").read_text()):
        digit = int(row.get("positive_digit", usual.positive_digit))
        minority = int(np.count_nonzero(labels == digit))
        assert row["verdict"] == "resumes"
        for stream, size in (("minority", minority), ("majority", len(labels) - minority)):
            assert row[f"{stream} coverage"] == f"{min(1, shown / size):.4f}"


def test_what_the_runs_of_strategies_measured_is_what_their_orders_say():
    """The weights are chance and the machine's; which samples were trained is neither."""
    path = project.ROOT / "sweeps" / "never_saw.json"
    asked = {
        (planned.parameters.ratio, planned.parameters.seed): planned.parameters
        for planned in read_sweep(path.with_suffix(".yaml"), project.ROOT / "outputs").planned
    }
    runs = json.loads(path.read_text())["runs"]
    assert [(run["ratio"], run["seed"]) for run in runs] == list(asked)
    for run in runs[::7]:
        of, sizes = asked[run["ratio"], run["seed"]], tuple(run["samples"].values())
        assert sizes == (round(53258 / run["ratio"]), 53258)
        assert list(run["strategies"]) == list(STRATEGIES)
        for name, measured in run["strategies"].items():
            rows = STRATEGIES[name].order(sizes, of.batch_size, of.updates, of.seed)
            distinct = np.unique(rows)
            minority = int(np.count_nonzero(distinct < sizes[0]))
            majority = len(distinct) - minority
            assert measured["trained"] == {
                "minority": [minority, sizes[0]],
                "majority": [majority, sizes[1]],
            }
            assert measured["errors"]["seen"][1] == majority
