"""What notebook 07 answers, whichever way it came out."""

import pytest

from epochwatch_lab.answers import many_devices as answers


def ended(again=0, never=0, alike=True):
    epoch = {"trained": [15_000] * 2, "again": again, "never": never, "rare_never": never // 10}
    return {"epochs": [epoch] * 2, "never_in_any_epoch": never // 2, "losses_alike": alike}


EXACT = {way: ended() for way in answers.NAMES}
USUAL = EXACT | {"off": ended(15_000, 15_000), "other_seeds": ended(7_479, 7_479)}


def test_the_answer_counts_what_was_never_trained_the_worst_first():
    answer = answers.answer(USUAL, 30_000)
    assert answer.text == (
        "**Not always: on two workers with TensorFlow's shard policy `OFF`, 15,000 of 30,000 "
        "samples were never trained in the first epoch, and 15,000 were trained twice.** With "
        "`DATA`, but a shuffle seed of its own on each worker, it was 7,479. The workers of each "
        "training reported the same losses, to the last digit."
    )
    assert answer.short == (
        "OFF: 15,000 twice, 15,000 never; DATA, two seeds: 7,479 twice, 7,479 never"
    )
    assert "shard=(worker, workers)" in answer.advice


def test_one_way_alone_is_counted_alone():
    answer = answers.answer(EXACT | {"other_seeds": ended(15_000, 15_000)}, 30_000)
    assert answer.text.startswith("**Not always: with `DATA`, but a shuffle seed of its own on")
    assert "trained twice.** The workers of each" in answer.text


def test_where_all_are_exact_the_answer_is_yes():
    answer = answers.answer(EXACT, 30_000)
    assert answer.text.startswith("**Yes: on two replicas in one process, on two workers with")
    assert answer.short == "all exact"


def test_losses_that_differ_are_not_called_the_same():
    answer = answers.answer(USUAL | {"off": ended(15_000, 15_000, alike=False)}, 30_000)
    assert answer.text.endswith("The workers of a training reported different losses.")


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
    first = {"off": [range(5), range(5)], "one_seed": [range(5), range(5, 10)]}
    rows = {row[0]: row[1:] for row in answers.first_steps_table(first).rows}
    assert rows["`OFF`"] == ["0, 1, 2, 3"] * 2
    assert rows["`DATA`, one seed"] == ["0, 1, 2, 3", "5, 6, 7, 8"]
    losses = {"off": [[0.5, 0.1]] * 2, "sampler": [[0.5, 0.1], [0.5, 0.10000000000000002]]}
    rows = {row[0]: row[1:] for row in answers.losses_table(losses).rows}
    assert rows["`OFF`"] == ["0.1", "0.1", "to the last digit"]
    assert rows["`BalancedSampler`"] == ["0.1", "0.10000000000000002", "no"]
