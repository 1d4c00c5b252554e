"""Notebook 01's answer, for each thing that can come out."""

import re

import numpy as np
import pytest

from epochwatch._exposures.batches import TrainedBatch
from epochwatch._exposures.verdict import MEANING
from epochwatch.exposures import judge
from epochwatch_lab.answers import does_fit_resume as answers

SIZES = {"minority": 6742, "majority": 53258}
NUMBER = r"\d[\d,]*"


def answer(verdict="resumes", one_call=50_000, loop=5_000, feed="tf_data", sizes=SIZES):
    trained = {"minority": sizes["minority"], "majority": one_call}
    by_loop = {"minority": 5_000, "majority": loop}
    return answers.answer(feed, verdict, sizes, trained, by_loop)


def sentences(text):
    """Split a text where a sentence ends, which in bold it does before the asterisks."""
    return re.split(r"(?<=\.\*\*) |(?<=\.) (?=[A-Z])", text)


def test_one_call_that_resumes_and_a_loop_that_does_not():
    resumed = answer()
    assert resumed.short == "resumes"
    first, second = sentences(resumed.text)
    assert first.startswith("**Yes: one call of `fit`, fed by a `tf.data.Dataset`, continued")
    assert "50,000 of 53,258 samples of the majority class" in first
    assert "only 5,000, and the other 48,258 were never seen" in second
    assert resumed.advice.startswith("Call `fit` once")


@pytest.mark.parametrize(
    ("feed", "named"), [("generator", "a generator"), ("py_dataset", "a `PyDataset`")]
)
def test_another_feed_is_named(feed, named):
    assert f"fed by {named}, continued" in answer(feed=feed).text


def test_another_digit_has_its_own_numbers():
    text = answer(sizes={"minority": 5851, "majority": 54149}).text
    assert "50,000 of 54,149" in text
    assert "only 5,000, and the other 49,149" in text


def test_a_loop_whose_epochs_are_long_enough_loses_nothing():
    text = answer(one_call=53_258, loop=53_258).text
    assert "trained on all 53,258 samples" in text
    assert "trained on all of them too" in text
    assert "never seen" not in text


def test_a_single_epoch_cannot_tell():
    single = answer(verdict=None, one_call=5_000)
    assert single.short == "no verdict"
    assert single.text.startswith("**One epoch cannot tell")
    assert single.text.endswith("trained on just as many.")
    assert "epochs=2" in single.advice


@pytest.mark.parametrize("verdict", ["restarts", "skips", "replays", "runs dry", "reshuffles"])
def test_whatever_else_happens_is_named_with_its_meaning_and_the_way_to_its_cause(verdict):
    other = answer(verdict=verdict, one_call=5_000)
    assert other.short == verdict
    assert other.text.startswith(f"**No, fed by a `tf.data.Dataset` it *{verdict}*: ")
    assert MEANING[verdict] in other.text
    assert "5,000 of 53,258" in other.text
    assert "audit" in other.advice


@pytest.mark.parametrize("verdict", MEANING)
@pytest.mark.parametrize("loop", [5_000, 50_000, 53_258])
def test_it_is_two_sentences_of_two_numbers_the_first_in_bold(verdict, loop):
    text = answer(verdict=verdict, loop=loop).text
    first, second = sentences(text)
    assert first.startswith("**")
    assert first.endswith(".**")
    assert "**" not in second
    assert all(len(re.findall(NUMBER, sentence)) <= 2 for sentence in (first, second))


def feed(batches):
    """Batches of two: the minority has the indices 0 to 3, the majority 10 to 19."""
    return [np.array([step % 4, 10 + step % 10]) for step in range(batches)]


def judged(epochs):
    trained = (
        TrainedBatch(1, number, step, index)
        for number, epoch in enumerate(epochs, start=1)
        for step, index in enumerate(epoch)
    )
    return judge(trained, lambda: iter(feed(20)), len(epochs[0]), can_be_iterated_again=True)


INDICES = {"minority": np.arange(4), "majority": np.arange(10, 20)}
COVERAGE = {"minority": np.array([0.75, 1.0]), "majority": np.array([0.3, 1 / 3])}


def test_epochs_are_listed_with_their_positions_and_their_coverage():
    epochs = answers.epoch_findings(judged([feed(6)[:3], feed(6)[3:]]), INDICES, COVERAGE)
    assert epochs == [
        {
            "epoch": 1,
            "steps": 3,
            "first_batch": {"minority": [0], "majority": [0]},
            "last_batch": {"minority": [2], "majority": [2]},
            "coverage": {"minority": 0.75, "majority": 0.3},
        },
        {
            "epoch": 2,
            "steps": 3,
            "first_batch": {"minority": [3], "majority": [3]},
            "last_batch": {"minority": [1], "majority": [5]},
            "coverage": {"minority": 1.0, "majority": 0.3333},
        },
    ]
    table = answers.epochs_table(epochs)
    assert table.header == ["epoch", "minority: from", "to", "majority: from", "to"]
    assert table.rows == [[1, 0, 2, 0, 2], [2, 3, 1, 3, 5]]


def test_a_verdict_stands_with_its_meaning_and_in_the_title_of_a_picture():
    resumed, single = judged([feed(6)[:3], feed(6)[3:]]), judged([feed(3)])
    assert answers.verdict_text(resumed) == f"The verdict is **resumes**: {MEANING['resumes']}."
    assert answers.run_title("one fit", resumed.verdict) == "one fit: resumes"
    assert answers.verdict_text(single) == f"No verdict: {MEANING[None]}."
    assert answers.run_title("one fit", single.verdict) == "one fit"


@pytest.mark.parametrize(("number", "shown"), [(1, 1), (6, 6), (7, 6), (200, 6)])
def test_of_many_epochs_the_first_and_the_last_are_shown(number, shown):
    batch = {"minority": [1, 2], "majority": [3, 4]}
    epochs = [{"epoch": n + 1, "first_batch": batch, "last_batch": batch} for n in range(number)]
    rows = answers.epochs_table(epochs).rows
    assert len(rows) == shown
    assert (rows[0][0], rows[-1][0]) == (1, number)
    assert (["…"] * 5 in rows) == (number > 6)


def test_tables_and_findings_of_the_streams_say_the_same():
    trained, by_loop = {"minority": 6742, "majority": 50_000}, {"minority": 5000, "majority": 5001}
    assert answers.trained_table(SIZES, trained, by_loop).rows == [
        ["minority", 6742, 6742, 5000, 1742],
        ["majority", 53258, 50_000, 5001, 48_257],
    ]
    assert answers.stream_findings(SIZES, by_loop) == {
        "minority": {"samples": 6742, "trained": 5000},
        "majority": {"samples": 53258, "trained": 5001},
    }
