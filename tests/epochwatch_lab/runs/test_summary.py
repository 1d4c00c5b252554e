"""What the runs of a sweep found, put together."""

from epochwatch._report import style
from epochwatch_lab._runs.notebooks.sweep_summary import changed_by, groups, names_of_numbers
from epochwatch_lab.figures import sweep


def run(seed, feed, trained, pr_auc):
    """A finished run."""
    streams = {"minority": {"samples": 10, "trained": trained}}
    found = {"verdict": "resumes", "streams": streams, "test": {"pr_auc": pr_auc}}
    return {"parameters": {"feed": feed, "seed": seed}, "findings": found}


def test_runs_that_differ_in_their_seed_alone_are_a_group():
    runs = [run(0, "a", 5, 0.5), run(0, "b", 6, 0.6), run(1, "a", 5, 0.7)]
    first, second = groups(runs)
    assert first.parameters == {"feed": "a"}
    assert first.numbers == {"minority coverage": [0.5, 0.5], "pr_auc": [0.5, 0.7]}
    assert first.verdicts == ["resumes", "resumes"]
    assert second.named == "b"


def test_what_a_parameter_changes_is_what_differs_where_it_alone_does():
    runs = [run(0, "a", 5, 0.5), run(0, "b", 6, 0.5), run(1, "a", 5, 0.7), run(1, "b", 6, 0.7)]
    assert changed_by("seed", runs) == ["pr_auc"]
    assert changed_by("feed", runs) == ["minority coverage"]
    assert changed_by("feed", runs[:1] + runs[3:]) == []


def test_every_run_is_a_dot_and_the_text_names_the_extremes():
    numbers = {"pr_auc": [[0.25, 0.75], [0.625]], "minority coverage": [[1.0, 1.0], [1.0]]}
    with style.figure(6, sweep.height(2)) as figure:
        axes = figure.subplots(1, 2, sharey=True)
        sweep.draw(axes, ["a", "b"], numbers, {"pr_auc": [(0.5, 0.3, 0.7), (0.625, 0.6, 0.65)]})
    dots = [x for line in axes[0].lines if line.get_marker() == "o" for x in line.get_xdata()]
    assert sorted(dots) == [0.25, 0.625, 0.75]
    assert axes[0].get_xlim()[0] < 0.25 < 0.75 < axes[0].get_xlim()[1]
    assert sweep.describe(["a", "b"], numbers) == (
        "Dot plots of 3 runs in 2 groups. Means: pr_auc: from 0.5 (a) to 0.625 (b); "
        "minority coverage: 1 for all."
    )


def test_only_numbers_that_all_runs_have_found_are_compared():
    runs = [run(0, "a", 5, 0.5), run(0, "b", 6, 0.6)]
    assert names_of_numbers(groups(runs)) == ["minority coverage", "pr_auc"]
    del runs[1]["findings"]["test"]
    assert names_of_numbers(groups(runs)) == ["minority coverage"]
    assert names_of_numbers([]) == []
