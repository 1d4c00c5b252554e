"""Notebook 05's answer, for each thing that can come out."""

import re

import numpy as np
import pytest

from epochwatch_lab.answers import satellite_scale_imbalance as answers
from epochwatch_lab.datasets.tfrecords.damage import DamageTrial
from epochwatch_lab.epoch_lengths import EpochLengths
from epochwatch_lab.record_trainings import TrainedRecords, WayCalled

LENGTHS = EpochLengths(2, 6000)


def records(number, most_often=1, furthest=None):
    return TrainedRecords(np.arange(number), most_often, number, furthest, 1)


def answer(one_fit=(400, 400), again=(16, 326), majority=48_000, unreadable=0):
    trained = {WayCalled(f"way {n}"): records(count) for n, count in enumerate(one_fit)}
    trained |= {WayCalled(f"way {n}", 25): records(count, 25) for n, count in enumerate(again)}
    return answers.answer(trained, majority, LENGTHS, unreadable)


def test_few_of_the_others_are_trained_and_fewer_where_fit_is_called_again():
    told = answer()
    assert told.short == "400 of 48,000 trained"
    assert told.text == (
        "**Of 48,000 patches without the rare class, `fit` trained on only 400, however the files "
        "were read.** An epoch was one pass through the rare patches, and so only 2 steps; with "
        "`fit` called again for each epoch, it could be as few as 16."
    )
    assert "one pass through the majority has: 6,000." in told.advice
    assert "could not be read" not in told.advice


def test_more_than_half_is_not_only():
    assert "the rare class, `fit` trained on 30,000, however" in answer((30_000,)).text


def test_all_of_them():
    told = answer((587, 587), (48, 90), majority=587)
    assert told.text.startswith("**`fit` trained on all 587 patches without the rare class.**")
    assert "enough to reach the last of them; with" in told.text
    assert told.short == "587 of 587 trained"


def test_fit_called_again_that_loses_nothing_is_not_blamed():
    assert answer((16, 16), (16, 16)).text.endswith("for each epoch trained on as many.")


def test_ways_that_differ_are_a_span():
    told = answer((350, 400))
    assert "`fit` trained on only 350 to 400, depending on how the files were read" in told.text
    assert told.short == "350 to 400 of 48,000 trained"


@pytest.mark.parametrize(
    ("unreadable", "words"), [(1, "1 record of this export"), (2_000, "2,000 records of this")]
)
def test_what_could_not_be_read_is_said(unreadable, words):
    assert words in answer(unreadable=unreadable).advice


@pytest.mark.parametrize("one_fit", [(400,), (350, 400), (48_000,)])
@pytest.mark.parametrize("again", [(16, 326), (48_000, 48_000)])
def test_it_is_two_sentences_the_first_bold(one_fit, again):
    first, second = re.fullmatch(
        r"\*\*([^*]+\.)\*\* ([^*]+\.)", answer(one_fit, again).text
    ).groups()
    assert ". " not in first + second.rstrip(".")
    assert len(re.findall(r"\d[\d,]*", second)) <= 2


def test_a_way_without_a_fixed_order_has_no_furthest_record():
    trained = {
        WayCalled("in order"): records(400, 1, 400),
        WayCalled("in any order", 25): records(12, 4),
    }
    rows = answers.ways_table(trained, 48_000).rows
    assert rows[0] == ["in order", 1, 400, "0.8%", 1, 400, "400", 1]
    assert rows[1] == ["in any order", 25, 12, "<0.1%", 4, 12, "no fixed order", 1]
    found = answers.ways_findings(trained)
    assert found[1] == {
        "read": "in any order",
        "fits": 25,
        "trained": 12,
        "most_often": 4,
        "within_reach": 12,
        "furthest": None,
        "files": 1,
    }


def test_balanced_patches_are_told_from_their_pixels():
    exposed = {"patches": (400, 800), "pixels": (2_000, 80_000)}
    told = answers.balance_words(exposed)
    assert told == "Batches that are 1 : 1 by patch are 1 : 39 by pixel."
    rows = answers.balance_table(exposed, {"patches": 0.5, "pixels": 0.02}).rows
    assert rows[1] == ["pixels", 2_000, 80_000, "2.00%", "2.50%"]


def test_the_imbalance_is_told_by_patch_and_by_pixel():
    sizes = {"rare": {"patches": 2, "pixels": 5}, "others": {"patches": 6, "pixels": 795}}
    assert answers.sizes_table(sizes).rows == [
        ["patches", 2, 6, "1 : 3"],
        ["pixels", 5, 795, "1 : 159"],
    ]


def test_damage_says_what_either_reader_lost():
    trial = DamageTrial("a.tfrecord, record 5: corrupt", read=39, skipped=1, silently=25)
    assert answers.damage_words("a byte", trial) == (
        "a byte: this reader lost 1 of 40 records and named it,\n"
        "ignore_errors() lost 15 and said nothing"
    )
    (row,) = answers.damage_table({"a byte": trial}).rows
    assert row == ["a byte", "a.tfrecord, record 5: corrupt", 39, 1, 25]
