"""The main job, once, as it is published: the defaults on the full MNIST."""

import json
import re

import pytest
import yaml

from epochwatch import ExposureLog
from epochwatch_lab._runs import project
from tests.notebooks.conftest import NOTEBOOK, both_posts, exact, pictures_of

pytestmark = pytest.mark.slow

# From the original post, whose tenth epoch was never recorded; see 2,798 below.
ORIGINAL_MINORITY_STARTS = [4992, 3250, 1508, 6508, 4766, 3024, 1282, 6282, 4540]
POST = "_posts/2026-11-23-does-fit-resume.md"
FOR_READING = "_github/does-fit-resume.md"
FIGURES = {
    "batch_trained",
    "blocks",
    "coverage",
    "exposures",
    "first_batch",
    "order",
    "order_side_by_side",
}


def test_all_ten_epochs_resume_as_the_original_experiment_saw_in_nine(findings):
    assert findings["verdict"] == "resumes"
    last = [epoch["last_batch"] for epoch in findings["epochs"]]
    assert [batch["majority"][-1] for batch in last] == [5000 * n - 1 for n in range(1, 11)]
    assert [batch["minority"][0] for batch in last] == [*ORIGINAL_MINORITY_STARTS, 2798]
    assert [epoch["steps"] for epoch in findings["epochs"]] == [625] * 10


def test_every_batch_position_follows_from_the_steps_before_it(findings):
    """An oracle of its own: eight of either stream a step, streams of 6,742 and 53,258."""
    for epoch in findings["epochs"]:
        for which, step in (("first_batch", 0), ("last_batch", 624)):
            rank = [((epoch["epoch"] - 1) * 625 + step) * 8 + i for i in range(8)]
            assert epoch[which]["minority"] == [r % 6742 for r in rank]
            assert epoch[which]["majority"] == [r % 53258 for r in rank]


def test_the_first_batch_alternates(findings):
    assert findings["first_batch"]["label"] == [1, 0] * 8
    assert findings["first_batch"]["position"] == [i // 2 for i in range(16)]


def test_coverage_is_counted_and_the_restart_loses_nine_tenths_of_the_majority(findings):
    assert findings["streams"] == {
        "minority": {"samples": 6742, "trained": 6742},
        "majority": {"samples": 53258, "trained": 50000},
    }
    assert findings["if_it_restarted"] == {
        "minority": {"samples": 6742, "trained": 5000},
        "majority": {"samples": 53258, "trained": 5000},
    }
    assert findings["verdict_if_restarted"] == "restarts"
    assert findings["epochs"][0]["coverage"] == {"minority": 0.7416, "majority": 0.0939}


def test_the_model_is_the_posts_and_it_learns(findings):
    assert findings["trainable_parameters"] == 2011
    for results in (findings["test"], findings["test_if_restarted"]):
        assert results["pr_auc"] > 0.9  # far from what chance and the processor decide


def test_the_log_in_the_run_holds_every_exposure(run_folder):
    log = ExposureLog.read(run_folder / "exposures")
    assert log.complete
    assert len(log) == 100_000
    assert max(log.counts().values()) == 8


def test_the_run_folder_is_what_the_contract_promises(run_folder):
    record = json.loads((run_folder / "run.json").read_text())
    assert record["run"] == "default"
    assert record["parameters"]["steps_per_execution"] == 125
    assert record["environment"]["backend"] == "tensorflow"
    assert record["environment"]["seed"] == 0
    assert len(record["environment"]["data_sha256"]) == 64
    assert {"start and imports", "A loop around fit"} < set(record["stages"])
    endings = (".svg", ".png", "-narrow.png")
    for name in ("notebook.ipynb", *[f"figures/{f}{e}" for f in FIGURES for e in endings]):
        assert record["files"][name] == (run_folder / name).stat().st_size


def test_what_is_printed_gives_the_answer_in_eighty_columns(outputs):
    printed = (outputs / f"{NOTEBOOK}.stdout").read_text()
    flat = " ".join(printed.split())
    assert "Yes: one call of fit, fed by a tf.data.Dataset, continued" in flat
    assert "trained on 50,000 of 53,258 samples of the majority class" in flat
    assert "only 5,000, and the other 48,258 were never seen" in flat
    for word in ("figures", "post", "seconds"):
        assert re.search(rf"^{word} ", printed, re.M)
    for line in printed.splitlines():
        assert len(line) <= 80 or NOTEBOOK in line  # a path


@pytest.mark.parametrize("post", [POST, FOR_READING])
def test_the_committed_post_says_what_the_current_code_finds(run_folder, post):
    committed, current = both_posts(run_folder, post)
    assert exact(committed) == exact(current), "remake it with `make run blog`"


@pytest.mark.parametrize(("post", "site"), [(POST, ""), (FOR_READING, "..")])
def test_the_committed_pictures_are_those_of_the_post(post, site):
    names, ways = pictures_of(post, "does-fit-resume")
    assert ways == {site}
    assert set(names) == FIGURES


def test_the_posts_front_matter_carries_the_answer(run_folder):
    front = yaml.safe_load((run_folder / "post" / POST).read_text().split("---\n")[1])
    assert front["layout"] == "post"
    assert front["published"] is False
    assert str(front["date"]) == "2026-11-23"
    assert "50,000 of 53,258" in front["excerpt"]


def test_the_readme_quotes_this_run(findings):
    readme = " ".join((project.ROOT / "README.md").read_text().split())
    majority = findings["streams"]["majority"]
    restarted = findings["if_it_restarted"]["majority"]["trained"]
    assert f"{majority['trained']:,} of {majority['samples']:,} majority" in readme
    assert f"{restarted:,} of {majority['samples']:,} majority" in readme
    assert f"It never saw the other {majority['samples'] - restarted:,}" in readme
    assert f"**{findings['verdict']}**" in readme
