"""What notebook 06 answers, whichever way it came out."""

import pytest

from epochwatch_lab.answers import after_a_crash as answers

NO_ROWS = {stream: {"again": 0, "never": 0} for stream in ("minority", "majority")}
SAME = {
    "rows": NO_ROWS,
    "first_step": None,
    "weights_alike": True,
    "largest": 0.0,
    "callbacks_alike": True,
}
OVER = SAME | {
    "rows": NO_ROWS | {"majority": {"again": 19_200, "never": 13_312}},
    "first_step": 300,
    "weights_alike": False,
    "largest": 0.0775,
    "callbacks_alike": False,
}


def ended(trained, steps=832, draws=832, epochs=(1, 2, 3, 4)):
    start = {"epoch": 2, "step": 92 if steps == 832 else 0, "trained": trained}
    return {"start": start, "steps": steps, "dropout_draws": draws, "history_epochs": list(epochs)}


ENDED = {
    "undisturbed": ended(0),
    "BackupAndRestore": ended(300, 924, 624, (2, 3, 4)),
    "resumable": ended(300),
}


def answered(backup=OVER, resumable=SAME, trained=300):
    differences = {"BackupAndRestore": backup, "resumable": resumable}
    both = {way: ENDED[way] | {"start": ended(trained)["start"]} for way in differences}
    return answers.answer(ENDED | both, differences)


def test_the_answer_counts_what_starting_over_cost_and_says_that_resumable_cost_nothing():
    answer = answered()
    assert (
        answer.short == "BackupAndRestore: 19,200 samples again, 13,312 never; resumable: identical"
    )
    assert answer.text.startswith(
        "**Not with Keras' `BackupAndRestore`: it started the data over, so"
    )
    assert "so 19,200 majority samples were trained again and 13,312 never." in answer.text
    assert answer.text.endswith("to the bit, as if it had not been killed.")
    assert answer.text.count("**") == 2


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        (OVER, "trained on other samples from step 300 on."),
        (SAME | {"weights_alike": False}, "on the same samples, but ended in another state."),
        (SAME | {"callbacks_alike": False}, "on the same samples, but ended in another state."),
    ],
)
def test_a_resumable_training_that_differs_is_not_called_the_same(difference, words):
    answer = answered(resumable=difference)
    assert answer.text.endswith(words)
    assert answer.short.endswith("; resumable: differs")


def test_killed_before_the_first_backup_it_started_all_over():
    answer = answered(backup=SAME, trained=0)
    told = "**It was killed before Keras' `BackupAndRestore` had saved anything, so it started all"
    assert answer.text.startswith(told)
    assert (
        "lost nothing.** Made resumable by epochwatch, the same training did so too" in answer.text
    )
    assert answer.short.startswith("BackupAndRestore: identical;")


def test_a_backup_that_goes_on_is_a_finding_of_its_own():
    answer = answered(backup=SAME)
    assert answer.text.startswith("**Keras' `BackupAndRestore` went on with the next sample")


def test_where_none_is_left_out_the_answer_says_so():
    rows = NO_ROWS | {"majority": {"again": 6_400, "never": 0}}
    answer = answered(backup=OVER | {"rows": rows})
    assert "so 6,400 majority samples were trained again and none was left out.**" in answer.text
    assert answer.short.startswith("BackupAndRestore: 6,400 samples again, 0 never;")


@pytest.mark.parametrize(
    ("one", "difference", "told"),
    [
        (ended(300), SAME, "goes on"),
        (ended(300), OVER, "starts the data over"),
        (ended(0), SAME, "starts all over"),
    ],
)
def test_a_picture_is_named_by_what_happened(one, difference, told):
    assert answers.title("way", one, difference) == f"way: {told}"


def test_tables_have_a_row_to_a_training_and_nothing_where_nothing_was_killed():
    differences = {"BackupAndRestore": OVER, "resumable": SAME}
    rows = {row[0]: row[1:] for row in answers.processes_table(ENDED).rows}
    assert rows["`undisturbed`"] == ["–"] * 3 + [832]
    assert rows["`BackupAndRestore`"] == ["300", "2", "0", 924]
    assert rows["`resumable`"] == ["300", "2", "92", 832]
    rows = {(row[0], row[1]): row[2:] for row in answers.rows_table(differences).rows}
    assert rows["`BackupAndRestore`", "majority"] == [19_200, 13_312]
    assert rows["`resumable`", "minority"] == [0, 0]
    rows = {row[0]: row[1:] for row in answers.states_table(ENDED, differences).rows}
    assert rows == {
        "`undisturbed`": [832, "1, 2, 3, 4", "–", "–"],
        "`BackupAndRestore`": [624, "2, 3, 4", "other", "up to 0.0775 apart"],
        "`resumable`": [832, "1, 2, 3, 4", "the same", "the same, to the bit"],
    }
