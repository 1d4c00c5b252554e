"""Notebook 02's answer, for each thing that can come out."""

import re

import pytest

from epochwatch_lab.answers import minority_or_majority_epoch as answers
from epochwatch_lab.epoch_lengths import EpochContent, EpochLengths
from epochwatch_lab.imbalances import BothEpochs, CountedImbalance
from epochwatch_lab.schedules import Schedule, expected_schedule

MNIST = EpochLengths(843, 6658)
RARE = EpochLengths(2, 6658)
EQUAL = EpochLengths(1, 1)


def answer(lengths=MNIST, *, same=True, patience=2, seen=0.38, validations=10):
    return answers.answer(
        lengths,
        lengths.advise(validations, 0.9),
        state_is_same=same,
        patience=patience,
        seen_when_stopped=seen,
        decay=0.9,
    )


def test_an_epoch_once_through_the_rare_class_and_callbacks_that_wait():
    told = answer()
    assert told.short == "843 steps an epoch, a patience of 8"
    assert told.text == (
        "**Here, make an epoch one pass through the rare class (843 steps), and set the patience "
        "of callbacks to 8 epochs or more.** Its length alone changed none of the weights, but "
        "with a patience of 2 epochs `EarlyStopping` could stop when only 38.0% of the majority "
        "had been seen."
    )
    assert "`steps_per_epoch=843`" in told.advice
    assert "a patience of 8 epochs or more" in told.advice
    assert "fall to 0.9 of itself in a pass" in told.advice
    assert "whichever is longer" in told.advice
    assert "by 0.9869 after each epoch" in told.advice


def test_a_class_so_rare_that_once_through_it_is_too_short():
    told = answer(RARE)
    assert "an epoch 666 steps long, more than one pass of the rare class" in told.text
    assert told.short == "666 steps an epoch, a patience of 10"


def test_a_patience_that_covers_a_pass_turns_the_second_sentence_around():
    told = answer(patience=7, seen=1.0)
    assert ", and with a patience of 7 epochs `EarlyStopping` could not stop before" in told.text
    assert "only" not in told.text


def test_where_both_epochs_are_one_there_is_no_choice():
    told = answer(EQUAL, seen=1.0)
    assert "Here one epoch of 1 step goes once through both classes" in told.text
    assert told.text.endswith("callbacks cannot tell the two kinds of epochs apart.")


@pytest.mark.parametrize("lengths", [MNIST, RARE])
def test_other_weights_are_not_hidden(lengths):
    told = answer(lengths, same=False)
    assert "changed the weights, though the batches should be the same" in told.text
    assert told.short.endswith(", other weights")


@pytest.mark.parametrize("lengths", [MNIST, RARE, EQUAL])
@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize(("patience", "seen"), [(1, 0.1), (9, 1.0)])
def test_it_is_two_sentences_of_two_numbers_the_first_bold(lengths, same, patience, seen):
    told = answer(lengths, same=same, patience=patience, seen=seen)
    first, second = re.fullmatch(r"\*\*([^*]+\.)\*\* ([^*]+\.)", told.text).groups()
    for sentence in (first, second):
        assert len(re.findall(r"\d[\d,.]*", sentence)) <= 2
        assert ". " not in sentence
    assert "`1 " not in told.text
    assert "1 epochs" not in told.text


def test_a_schedule_that_was_not_predicted_is_marked():
    predicted = {"minority": expected_schedule(2, 12, 2), "majority": expected_schedule(6, 12, 2)}
    surprise = predicted | {"majority": Schedule(2, 1, 12, [])}
    rows = {row[0]: row for row in answers.schedule_table(predicted, surprise, 12).rows}
    assert rows["validations"] == ["validations", "6", "2", "yes"]
    assert rows["`EarlyStopping` stopped after update"][1:] == ["6", "12", "no"]
    assert rows["`ReduceLROnPlateau` acted after"][1:] == ["6, 10", "never", "yes"]


def test_many_reductions_are_cut_short():
    predicted = {"minority": expected_schedule(1, 9, 1)}
    *_, reduced = answers.schedule_table(predicted, predicted, 9).rows
    assert reduced[1] == "2, 3, 4, …"


def test_what_an_epoch_holds_stands_beside_what_was_predicted():
    contents = {"minority": EpochContent((1, 2), 6744), "majority": EpochContent((7, 7), 53258)}
    rows = answers.content_table(contents, contents, 53258).rows
    assert [row[1:] for row in rows] == [
        ["1 to 2", "1 to 2"],
        ["6,744", "6,744 (12.7%)"],
        ["7", "7"],
        ["53,258", "53,258 (100.0%)"],
    ]


def test_what_never_happened_is_never():
    table = answers.until_all_table({"in order": 8, "shuffled": None}, 8)
    assert table.rows == [["in order", "8", "8"], ["shuffled", "8", "never"]]
    acts = {"minority": {"EarlyStopping": 12}, "majority": {"EarlyStopping": None}}
    curve = answers.curve_table(acts, {"minority": 0.5, "majority": 0.25}, 8)
    assert curve.rows == [
        ["EarlyStopping", "1.50 passes", "never"],
        ["first loss printed", "0.5000", "0.2500"],
    ]


def test_an_imbalance_that_was_counted_otherwise_is_marked():
    theory = BothEpochs((4842, 4843), 16, 3329)
    samples = {"minority": 11, "majority": 53258}
    counted = [theory, theory._replace(seen=15)]
    both = [CountedImbalance(samples, RARE, theory, one) for one in reversed(counted)]
    assert answers.imbalances_words(both) == (
        "At 1 : 4,842, one majority epoch trains each minority sample 4,842 to 4,843 times. "
        "1 of 2 imbalances came out as predicted."
    )
    rows = [
        answers.imbalances_table([CountedImbalance(samples, RARE, theory, one)], 8).rows[0]
        for one in counted
    ]
    assert [row[0] for row in rows] == ["1 : 4,842"] * 2
    assert rows[0][1:4] == ["4,842 to 4,843", "<0.1%", "3,329"]
    assert [row[-1] for row in rows] == ["yes", "no"]


@pytest.mark.parametrize(
    ("stopped", "seen", "rate", "words"),
    [
        (7587, 1.0, 0.9, "stopped after update 7,587, when 100.0% of the majority"),
        (None, 0.5, None, "did not stop. At the end 50.0% of the majority"),
    ],
)
def test_advice_that_was_tried_says_what_became_of_it(stopped, seen, rate, words):
    told = answers.tried_words(Schedule(9, 8, stopped, []), seen, rate)
    assert words in told
    assert ("0.9000 times the first" in told) == (rate is not None)
    assert ("too short" in told) == (rate is None)


def test_the_same_was_compared_and_a_difference_is_a_no():
    same = {"samples": True, "state": False, "validation": True}
    table = answers.same_training_table(same, 13488, 1)
    assert [row[1] for row in table.rows] == ["yes", "no", "yes"]
    assert table.rows[0][0] == "the samples of all 13,488 batches, in order"
    assert table.rows[2][0].endswith("after 1 update in common")
