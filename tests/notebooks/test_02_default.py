"""The notebook of the two epochs, once, as it is published: the defaults on the full MNIST."""

import re

import nbformat
import pytest

from epochwatch import ExposureLog
from tests.notebooks.conftest import both_posts, exact, pictures_of

pytestmark = pytest.mark.slow

NOTEBOOK = "02_minority_or_majority_epoch"
POST = "_posts/2026-11-24-minority-or-majority-epoch.md"
FOR_READING = "_github/minority-or-majority-epoch.md"
FIGURES = ["schedule", "blocks", "collecting", "ratios"]
# When a callback acts on real validation losses depends on floating point.
ACTED = re.compile(r"^\| (?:EarlyStopping|ReduceLROnPlateau|lowest loss) \| .*\|$", re.MULTILINE)


def test_the_lengths_are_those_of_6742_and_53258_samples_taken_eight_at_a_time(findings):
    assert findings["lengths"] == {"minority": 843, "majority": 6658, "minority_epochs": 8}
    assert findings["steps_an_epoch"] == {"minority": 843, "majority": 8 * 843}
    assert findings["updates"] == 2 * 8 * 843


def test_cut_in_two_ways_it_is_the_same_training(findings):
    assert findings["same_training"] == {"samples": True, "state": True, "validation": True}
    losses = findings["validation_loss"]
    assert len(losses["minority"]) == 16
    assert losses["minority"][7::8] == losses["majority"]
    assert min(losses["minority"]) < 0.2, "the model is real, and learns"


def test_either_epoch_holds_what_theory_says(findings):
    epochs = findings["epochs"]
    assert all(epoch["counted"] == epoch["theory"] for epoch in epochs.values())
    assert epochs["minority"]["counted"] == {
        "minority_exposures": [1, 2],  # 6,744 draws of 6,742 samples
        "majority_seen": 6744,
    }
    assert epochs["majority"]["counted"] == {
        "minority_exposures": [7, 8],  # 53,258 / 6,742 = 7.9
        "majority_seen": 53258,
    }


def test_what_is_drawn_with_replacement_is_spread_and_misses_some(findings):
    mean, spread, never = findings["drawn_in_a_majority_epoch"]["theory"]
    assert (mean, spread) == pytest.approx((7.9003, 2.8105), abs=1e-4)
    assert never == pytest.approx(6742 * (6741 / 6742) ** (6658 * 8))
    found = findings["drawn_in_a_majority_epoch"]["simulated"]
    assert found[0] == pytest.approx(mean, abs=1e-4)
    assert found[1] == pytest.approx(spread, rel=0.05)  # four standard errors are 0.035


def test_everything_is_seen_after_eight_minority_epochs_in_order_and_shuffled(findings):
    for way in ("in order", "shuffled"):
        assert findings["epochs_until_all"][way] == {"theory": 8, "counted": 8}


def test_the_coupon_collector_is_simulated_as_the_closed_form_says(findings):
    at_random = findings["epochs_until_all_at_random"]
    with_replacement = at_random["with replacement"]
    assert with_replacement["mean"]["theory"] == pytest.approx(90.5017, abs=1e-4)
    assert with_replacement["spread"]["theory"] == pytest.approx(10.1277, abs=1e-4)
    assert at_random["anew each epoch"]["mean"]["theory"] == pytest.approx(85.1424, abs=1e-4)
    for way in at_random.values():
        for number in way.values():
            assert number["low"] <= number["simulated"] <= number["high"]
            assert number["low"] <= number["theory"] <= number["high"]


def test_callbacks_act_where_predicted(findings):
    schedules = findings["schedules"]
    assert all(one["measured"] == one["theory"] for one in schedules.values())
    assert schedules["minority"]["measured"] == {
        "validations": 16,
        "decays": 15,
        "stopped_after": 3 * 843,
        "reduced_after": [n * 843 for n in (3, 5, 7, 9, 11, 13, 15)],
    }
    assert schedules["majority"]["measured"] == {
        "validations": 2,
        "decays": 1,
        "stopped_after": None,
        "reduced_after": [],
    }


def test_the_ratios_are_those_asked_for_as_near_as_whole_samples_allow(findings):
    samples = {one["ratio"]: tuple(one["samples"].values()) for one in findings["ratios"]}
    assert samples == {
        5: (6742, 33710),  # below the natural ratio: the majority is cut down
        10: (5326, 53258),
        50: (1065, 53258),
        100: (533, 53258),
        500: (107, 53258),
        1000: (53, 53258),
        5000: (11, 53258),
    }


def test_every_ratio_is_counted_as_theory_says(findings):
    assert all(one["counted"] == one["theory"] for one in findings["ratios"])
    rarest = findings["ratios"][-1]
    assert rarest["steps"] == {"minority": 2, "majority": 6658}
    assert rarest["counted"] == {"exposures": [4842, 4843], "seen": 16, "epochs_until_all": 3329}


def test_the_advice_keeps_its_promise(findings):
    for imbalance, steps, patience in (("1 : 7.899, as it is", 843, 8), ("1 : 4,842", 666, 10)):
        advice = findings["advice"][imbalance]
        assert (advice["steps"], advice["patience"]) == (steps, patience)
        assert advice["decay"] ** patience == pytest.approx(0.9, abs=1e-4)
    assert findings["advice_tried"]["stopped_after"] == 9 * 843
    assert findings["advice_tried"]["rate_after_a_pass"] == pytest.approx(0.9, abs=1e-4)


def test_the_logs_in_the_run_hold_every_exposure(run_folder):
    for name in ("exposures", "exposures_long"):
        log = ExposureLog.read(run_folder / name)
        assert log.complete
        assert len(log) == 13488 * 16


def test_the_answer_is_told_and_nothing_else(outputs, run_folder):
    flat = " ".join((outputs / f"{NOTEBOOK}.stdout").read_text().split())
    assert (
        "one pass through the rare class (843 steps), and set the patience of callbacks to 8"
        in flat
    )
    assert "Its length alone changed none of the weights, but with a patience of 2 epochs" in flat
    cells = nbformat.read(run_folder / "notebook.ipynb", as_version=4).cells
    streams = [o.name for c in cells for o in c.get("outputs", []) if o.output_type == "stream"]
    assert "stderr" not in streams, "a warning would stand in the post"


@pytest.mark.parametrize("post", [POST, FOR_READING])
def test_the_committed_post_says_what_the_current_code_finds(run_folder, post):
    committed, current = both_posts(run_folder, post)
    told, found = (ACTED.sub("…", exact(text)) for text in (committed, current))
    assert told == found, f"remake it with `epochwatch run {NOTEBOOK}`"


@pytest.mark.parametrize(("post", "site"), [(POST, ""), (FOR_READING, "..")])
def test_the_committed_pictures_are_those_of_the_post(post, site):
    names, ways = pictures_of(post, "minority-or-majority-epoch")
    assert ways == {site}
    assert names == FIGURES
