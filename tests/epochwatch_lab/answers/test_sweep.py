"""What a sweep answers, whatever of it there is."""

from epochwatch_lab.answers import sweep


def test_a_whole_sweep_says_its_verdicts_what_each_parameter_changes_and_the_spans():
    numbers = {"minority coverage": [1.0, 1.0], "recall": [0.5, 0.25]}
    changed = {"feed": [], "seed": ["recall"], "digit": ["minority coverage", "recall"]}
    said = sweep.answer("two.yaml", 2, 2, ["resumes", "restarts"], numbers, changed)
    assert said.text == (
        "**2 of 2 runs are finished; the verdict is *resumes* in 1, "
        "*restarts* in 1.** `feed` alone changes nothing; `seed` alone changes recall; "
        "`digit` alone changes all that is compared."
    )
    assert said.advice == "Measured: minority coverage 100.0% in all; recall 0.2500 to 0.5000."


def test_a_sweep_that_lacks_runs_says_how_to_make_them():
    said = sweep.answer("two.yaml", 1, 4, [None], {}, {"feed": []})
    assert said.text == (
        "**1 of 4 runs are finished; `epochwatch sweep two.yaml` makes the others.** "
        "There is nothing to compare yet."
    )
    assert said.advice == ""
