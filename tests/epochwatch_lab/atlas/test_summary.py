"""The atlas in sum: rows of its cells, and what is said of many of them."""

import csv
import dataclasses

import pytest

from epochwatch.errors import BadInput
from epochwatch_lab._atlas import summary
from epochwatch_lab._atlas.cells import AtlasCell, toy_call
from epochwatch_lab._atlas.rows import row_of, rows_of, rows_to_draw
from tests.epochwatch_lab.atlas.plain_counting import reachable_and_lost

PLACES = {"resumes": [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], "restarts": [0, 1, 2, 3, 4, 0, 1, 2, 3, 4]}


def batches(places):
    """Name the rows of the batches at these places."""
    return [[2 * place, 2 * place + 1] for place in places]


def cell(verdict="resumes", feed="arrays", options=None, fits=1, **told):
    """Make a cell of ten steps, in two epochs or two fits."""
    trained = batches(PLACES.get(verdict, PLACES["resumes"]))
    halves = [trained[:5], trained[5:]]
    options = {"shuffle": False} if options is None else options
    made = (
        AtlasCell(feed, options, toy_call(5, fits=fits)).as_json()
        | {
            "expected": {"verdict": verdict, "rule": "a rule", "agrees": True},
            "trained": [[half] for half in halves] if fits == 2 else [halves],
            "warnings": [],
            "raised": None,
            "runs": 1,
            "others": [],
        }
        | told
    )
    return {"observed": observed(made, verdict)} | made


def observed(made, verdict):
    """What the audit would say of a cell, as far as the summary reads it."""
    reachable, lost = reachable_and_lost(made) or (20, 0)
    return {
        "verdict": verdict,
        "findings": ["loses"] if lost else [],
        "samples": {"population": None, "reachable": reachable, "lost": lost},
        "order": {"shuffled_by": "fit" if made["options"].get("shuffle") else None, "alike": False},
        "batches": {"passed_over": 0},
        "steps": {"run": [5, 5]},
    }


def atlas(keras="3.15.1", backend="tensorflow", *cells):
    """Make a file of the atlas."""
    package = "tf_keras" if backend == "tf_keras" else "keras"
    on = "tensorflow" if backend == "tf_keras" else backend
    about = {"keras": keras, "package": package, "backend": on}
    return {"environment": about, "cells": list(cells)}


def test_a_row_has_the_audits_count_of_what_was_lost():
    sound, lossy = rows_of([atlas("3.15.1", "jax", cell(), cell("restarts", fits=2))])
    assert (sound.reachable, sound.lost, sound.loses) == (20, 0, False)
    assert (lossy.reachable, lossy.lost, lossy.loses) == (20, 10, True)
    assert (lossy.feed, lossy.backend) == ("arrays(shuffle=False)", "jax")
    assert lossy.call == toy_call(5, fits=2)


def test_what_a_feed_without_end_skips_is_lost_and_what_it_was_never_asked_for_is_not():
    endless = {"feed": "py_dataset", "options": {"workers": 0, "endless": True}}
    went_on = row_of(cell(**endless), "3.15.1", "jax")
    skipped = cell(**endless, trained=[[batches([0, 1, 2]), batches([5, 6, 7])]])
    row = row_of(skipped, "3.15.1", "jax")
    assert went_on.lost == 0
    assert row.lost == 4
    assert rows_to_draw(row) == 16


@pytest.mark.parametrize(
    ("raised", "outcome"),
    [
        ("IndexError: out of range", "raises"),
        ("did not end in 120 s", "hangs"),
        ("the process ended with exit code -11", "crashes"),
    ],
)
def test_a_cell_that_told_nothing_is_a_row_too(raised, outcome):
    nothing = {"expected": None, "observed": None, "trained": [], "raised": raised}
    row = row_of(cell(**nothing), "3.15.1", "torch")
    assert row.outcome == outcome
    assert row.failed
    assert not row.loses
    assert (row.expected, row.reachable, row.lost, row.steps) == (None, None, None, ())
    assert rows_to_draw(row) == 20


def test_chance_and_timing_are_counted_apart():
    drawn = cell("restarts", options={"shuffle": True}, fits=2)
    differing = cell("restarts", fits=2, others=[{"trained": [], "raised": None}], runs=5)
    read_ahead = cell("skips", "generator", {"endless": True}, fits=2)
    cut_short = cell("restarts", options={"shuffle": True})
    by_seed = cell("restarts", "tf_data", {"pipeline": "sample_from_datasets"}, fits=2)
    uncertain = [drawn, differing, read_ahead, cut_short, by_seed]
    rows = rows_of([atlas("3.15.1", "tensorflow", *uncertain, cell())])
    told = summary.counts(rows)
    assert [row.is_certain for row in rows] == [False, False, False, False, False, True]
    assert (told["cells"], told["certain"], told["lose"], told["differ"]) == (6, 1, 0, 1)
    assert summary.never_losing(rows) == []


def test_an_order_that_is_drawn_again_the_same_is_no_chance_and_is_named():
    drawn = cell("restarts", options={"shuffle": True}, fits=2)
    drawn["observed"]["order"]["alike"] = True
    drawn["observed"]["findings"] = ["loses", "alike"]
    (row,) = rows_of([atlas("3.15.1", "tensorflow", drawn)])
    assert row.loses
    (record,) = summary.records([row])
    assert (record["verdict"], record["loses"], record["certain"]) == ("restarts", True, True)


def test_what_changed_between_versions_is_told_by_the_first_that_has_it():
    files = [
        atlas("3.9.2", "jax", cell("restarts"), cell(feed="grain_loader", options={})),
        atlas("3.12.4", "jax", cell("restarts")),
        atlas("3.15.1", "jax", cell(), cell(feed="grain_loader", options={})),
    ]
    rows = rows_of(files)
    assert summary.newest_release(rows) == "3.15.1"
    ((backend, turns, group),) = summary.changes(rows)
    assert backend == "jax"
    assert turns == (("3.9.2", "restarts, samples lost"), ("3.15.1", "resumes"))
    assert [row.feed for row in group] == ["arrays(shuffle=False)"]
    assert summary.change_records(rows) == [
        {
            "backend": "jax",
            "outcomes": {"3.9.2": "restarts, samples lost", "3.15.1": "resumes"},
            "cells": 1,
            "feeds": ["arrays(shuffle=False)"],
        }
    ]


def test_changes_that_concern_most_cells_come_first():
    one, two = cell(feed="grain_loader", options={}), [cell(), cell(options={"workers": 0})]
    turned = cell("restarts", feed="grain_loader", options={})
    dry = [cell("runs dry"), cell("runs dry", options={"workers": 0})]
    files = [atlas("3.9.2", "jax", one, *two), atlas("3.15.1", "jax", turned, *dry)]
    assert [change["cells"] for change in summary.change_records(rows_of(files))] == [2, 1]


def test_where_the_expectation_was_wrong_is_grouped_by_its_rule():
    wrong = {"verdict": "resumes", "rule": "iterator kept", "agrees": False}
    cells = [cell("restarts", expected=wrong, finding="each_fit_starts_over"), cell()]
    rows = rows_of([atlas("3.15.1", "jax", *cells), atlas("3.15.1", "torch", cells[0])])
    (group,) = summary.disagreement_records(rows)
    assert group == {
        "rule": "iterator kept",
        "expected": "resumes",
        "observed": "restarts",
        "cells": 2,
        "feeds": ["arrays(shuffle=False)"],
        "explained by": ["each_fit_starts_over"],
    }
    assert summary.disagreement_records(rows[1:2]) == []


def test_loss_is_counted_by_environment_and_by_how_often_fit_was_called():
    again = cell("restarts", "tf_data", {"pipeline": "finite"}, fits=2)
    rows = rows_of([atlas("3.15.1", "jax", cell(), again), atlas("3.15.1", "torch", cell())])
    both = summary.counts(rows)
    assert (both["certain"], both["lose"], both["lose called again"]) == (3, 1, 1)
    counted = {one["backend"]: one["lose"] for one in summary.environment_records(rows)}
    assert counted == {"jax": 1, "torch": 0}


def test_for_each_thing_that_can_happen_a_row_is_shown_that_no_chance_decides():
    shuffled = cell("restarts", options={"shuffle": True}, fits=2)
    later = cell("restarts", "tf_data", {"pipeline": "finite"}, fits=2)
    by_timing = cell("skips", "generator", {"endless": True}, fits=2)
    file = atlas("3.15.1", "tensorflow", shuffled, later, by_timing, cell())
    panels = summary.telling_panels(rows_of([file]))
    assert {title: panel.word for title, panel in panels.items()} == {
        "arrays(shuffle=False), one call of fit": "resumes",
        "tf_data(finite), 2 calls of fit": "restarts",
        "generator(endless=True), 2 calls of fit": "skips",
    }
    assert summary.telling_panels([]) == {}


def test_the_summary_for_the_readme_puts_feeds_alike_on_a_line():
    feeds = [{}, {"feed": "grain_loader", "options": {}}]
    sound = [cell(**feed, fits=fits) for feed in feeds for fits in (1, 2)]
    other = [cell(), cell("restarts", fits=2)]
    # What a nightly does is an exception, and never what the table is about.
    nightly = atlas("3.16.0.dev2026102704", "jax", *other)
    files = [nightly, atlas("3.15.1", "tensorflow", *sound), atlas("3.15.1", "jax", *other)]
    rows = rows_of(files)
    told = summary.readme(rows, cells=1008)
    elsewhere = "Keras 3.15 on JAX; Keras 3.16 nightly 20261027"
    assert f"| `arrays` (shuffle=False) | resumes | resumes | {elsewhere} |" in told
    assert "on Keras 3.15.1 when" in told
    assert "\n1,000 more cells" in told
    assert "| `grain_loader` | resumes | resumes | – |" in told
    assert (
        max(len(line) for line in told.splitlines() if "|" not in line)
        <= summary.findings_text.WIDTH
    )


def test_all_cells_are_written_a_line_each(tmp_path):
    rows = rows_of([atlas("3.15.1", "tensorflow", cell(), cell("restarts", fits=2))])
    summary.write_csv(rows, tmp_path / "cells.csv")
    first, second = csv.DictReader((tmp_path / "cells.csv").open())
    assert (first["feed"], first["outcome"], first["lost"]) == (rows[0].feed, "resumes", "0")
    assert (second["fits"], second["steps"]) == ("2", "5; 5")
    assert set(first) == {f.name for f in dataclasses.fields(rows[0])} - {"trained", "call"} | {
        "steps_per_epoch",
        "steps_per_execution",
        "fits",
        "validation",
    }


def test_a_folder_without_an_atlas_is_refused(tmp_path):
    from epochwatch_lab._atlas.files import read_atlas

    with pytest.raises(BadInput, match="holds no file of the atlas; `make atlas` makes them"):
        rows_of(read_atlas(tmp_path))
