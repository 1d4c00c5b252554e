"""What notebook 07 answers, whichever way it came out."""

import pytest

from epochwatch_lab.answers import many_devices as answers


def ended(again=0, never=0, alike=True):
    epoch = {"trained": [15_000] * 2, "again": again, "never": never, "rare_never": never // 10}
    return {"epochs": [epoch] * 2, "never_in_any_epoch": never // 2, "losses_alike": alike}


EXACT = {way: ended() for way in answers.NAMES}
USUAL = EXACT | {"off": ended(15_000, 15_000), "other_seeds": ended(7_479, 7_479)}


def test_the_answer_counts_what_was_never_trained_and_says_which_ways_are_exact():
    answer = answers.answer(USUAL, 30_000)
    told = "**Not always: with the policy `OFF`, 15,000 and with `DATA` where each worker shuffles"
    assert answer.text.startswith(told)
    assert (
        "of its own, 7,479 of 30,000 samples were never trained in the first epoch" in answer.text
    )
    assert "reported the same loss all the same, to the last digit." in answer.text
    assert answer.text.endswith("its shard, each sample was trained once in each epoch.")
    assert answer.text.count("**") == 2
    assert answer.short == (
        "OFF: 15,000 twice, 15,000 never; DATA, two seeds: 7,479 twice, 7,479 never"
    )
    assert "shard=(worker, workers)" in answer.advice


def test_one_way_alone_is_counted_alone():
    answer = answers.answer(EXACT | {"off": ended(15_000, 15_000)}, 30_000)
    told = "**Not always: with the policy `OFF`, 15,000 of 30,000 samples were never trained"
    assert answer.text.startswith(told)
    assert "With two replicas in one process, with `DATA` where each worker" in answer.text


def test_where_all_are_exact_the_answer_is_yes():
    answer = answers.answer(EXACT, 30_000)
    assert answer.text.startswith("**Yes: with two replicas in one process, with the policy `OFF`")
    assert answer.short == "all exact"


def test_losses_that_differ_are_not_called_the_same():
    answer = answers.answer(USUAL | {"off": ended(15_000, 15_000, alike=False)}, 30_000)
    assert "The two workers reported different losses." in answer.text


@pytest.mark.parametrize(
    ("one", "told"),
    [(ended(), "each sample once"), (ended(15_000, 12_000), "15,000 twice, 12,000 never")],
)
def test_a_picture_is_named_by_what_happened(one, told):
    assert answers.title("off", one) == f"OFF: {told}"


def test_tables_have_a_row_to_a_training():
    rows = {row[0]: row[1:] for row in answers.rows_table(USUAL).rows}
    assert rows["two replicas"] == [0, 0, 0, 0]
    assert rows["`DATA`, two seeds"] == [7_479, 7_479, 747, 3_739]
    losses = {"off": [[0.5, 0.1]] * 2, "sampler": [[0.5, 0.1], [0.5, 0.10000000000000002]]}
    rows = {row[0]: row[1:] for row in answers.losses_table(losses).rows}
    assert rows["`OFF`"] == ["0.1", "0.1", "to the last digit"]
    assert rows["`BalancedSampler`"] == ["0.1", "0.10000000000000002", "no"]
