"""The table says what an audit found, in 80 columns and without colour."""

import dataclasses
import io
import itertools
import sys
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from epochwatch._auditing.counting import StreamCounts
from epochwatch._auditing.request import FINDINGS
from epochwatch._auditing.rules import RULES
from epochwatch._exposures.verdict import Verdict
from epochwatch._report import terminal
from epochwatch._report.headline import headline
from epochwatch._report.report import ShownExpectation as Expectation
from tests.epochwatch.report.results import (
    RESHUFFLES,
    RESTARTS,
    RESULTS,
    RESUMES,
    RUNS_DRY,
    judged_places,
    result_of,
    stream,
)

TEXTS = Path(__file__).with_name("texts")
WIDE = {
    "a stream with a very long name that nobody wants to read " * 2: StreamCounts(
        1_281_167, 1_281_166, np.array([0, 117, 12_345]), np.linspace(0.001, 0.9999999, 90)
    )
}
HALF = stream([1] * 20 + [0] * 20, 0.25, 0.5)


def changed(report, **fields):
    """A report with other fields."""
    return dataclasses.replace(report, **fields)


def test_in_a_notebook_a_report_shows_itself_too():
    assert repr(RESULTS["sound"]) == str(RESULTS["sound"])
    assert RESULTS["sound"].headline == headline(RESULTS["sound"])


def in_one_line(report):
    """The text of a report without its lines' ends."""
    return " ".join(str(report).split())


def row(report, name):
    """A row of a report by its name, in one line."""
    first, *lines = str(report).partition(f"\n{name}  ")[2].splitlines()
    rest = itertools.takewhile(lambda line: line.startswith(" "), lines)
    return " ".join(" ".join([first, *rest]).split())


@pytest.mark.parametrize("name", RESULTS)
def test_each_kind_of_result_has_its_text(name):
    """To see what a change does: write str(RESULTS[name]) over the files, and look at git diff."""
    path = TEXTS / f"{name.replace(',', '').replace(' ', '-')}.txt"
    assert f"{RESULTS[name]}\n" == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", RESULTS)
def test_no_line_is_longer_than_80_columns(name):
    assert 10 < max(map(len, str(RESULTS[name]).splitlines())) <= 80


def test_large_numbers_and_long_names_fit_into_80_columns():
    report = changed(RESULTS["index conflict"], streams=WIDE, conflicts=1_000_000)
    assert max(map(len, str(report).splitlines())) <= 80


def test_a_stream_of_any_name_is_shown_by_it():
    name = "[/red]"
    assert name in str(changed(RESULTS["workers"], streams={name: HALF}))


@pytest.mark.parametrize("name", RESULTS)
def test_it_begins_with_the_sentence_and_ends_with_what_ci_stops_for(name):
    first, *_, last = str(RESULTS[name]).split("\n\n")
    assert " ".join(first.split()) == headline(RESULTS[name])
    assert " ".join(last.split()).split(" ", 1)[1] in (
        ", ".join(RESULTS[name].findings),
        "no findings",
        f"none of those asked for: {', '.join(RESULTS[name].gate.fail_on)}",
    )


@pytest.mark.parametrize("name", RESULTS)
def test_the_four_questions_are_answered_in_turn(name):
    lines = str(RESULTS[name]).splitlines()
    asked = [line.split()[0] for line in lines if line[:9].rstrip() in QUESTIONS]
    assert asked == QUESTIONS


QUESTIONS = ["order", "loss", "variety", "measure"]


def test_only_what_was_looked_for_in_all_is_called_sound():
    part = changed(RESULTS["sound"], gate=dataclasses.replace(RESULTS["sound"].gate, fail_on=()))
    assert str(RESULTS["sound"]).endswith("\nsound     no findings")
    assert str(part).endswith("\nfindings  not asked for")
    assert str(RESULTS["unmeasured, not asked"]).endswith("none of those asked for: restarts")
    more = dataclasses.replace(RESULTS["sound"].gate, fail_on=(*FINDINGS, "never trained"))
    assert str(changed(RESULTS["sound"], gate=more)).endswith("\nsound     no findings")


def test_what_cannot_be_known_has_no_number():
    text = str(RESULTS["augmented"])
    assert "%" not in text
    assert "never trained" not in text
    assert row(RESULTS["augmented"], "loss") == "not known"
    assert row(RESULTS["augmented"], "variety") == "not known"
    assert "unmeasured: the feed changes the samples' contents in each pass" in in_one_line(
        RESULTS["augmented"]
    )
    assert "%" not in str(RESULTS["no end"])


def test_the_loss_is_told_with_what_the_steps_reach():
    assert row(RESULTS["restarts"], "loss") == (
        "12 lost: 6 steps suffice for 24 samples, and fit trained 12 of them"
    )
    assert row(RESULTS["in part"], "loss") == (
        "none lost: 6 steps suffice for 24 samples, and fit trained 24 of them"
    )
    by_chance = result_of(RESHUFFLES, HALF, reachable=22)
    assert row(by_chance, "loss") == (
        "none lost: 250 steps suffice for 22 samples, and fit trained 20; chance left out the rest"
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sound", "nothing was asked to shuffle"),
        ("shuffled", "fit shuffles, and no two epochs in a row had the same order"),
        ("workers", "the feed shuffles, and no two epochs in a row had the same order"),
        ("alike", "alike: fit shuffles, yet two epochs in a row had the same order"),
        ("fits alike", "alike: fit shuffles, yet two fits in a row had the same order"),
        (
            "alike by chance",
            "fit shuffles; two epochs in a row had the same order, maybe by chance",
        ),
    ],
)
def test_variety_is_told_by_who_shuffles(name, said):
    assert row(RESULTS[name], "variety") == said


def test_a_single_epoch_shows_nothing_of_variety():
    report = changed(RESULTS["shuffled"], judged=Verdict((), (), None, (3,), 3, fixed_order=False))
    assert row(report, "variety") == "fit shuffles; it takes two epochs to see more"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sound", "40 samples, counted in a pass of the feed; identified by their index"),
        ("came round", "24 samples, counted until the feed repeated; identified by their index"),
        ("no end", "an unknown number of samples; identified by their index"),
    ],
)
def test_it_is_said_how_many_samples_there_are_and_how_that_is_known(name, said):
    assert row(RESULTS[name], "measure") == said


def test_a_population_that_was_given_is_told_as_such():
    report = changed(RESULTS["came round"], population_by="given")
    assert "24 samples, as given" in str(report)


def test_a_boundary_is_proved_by_its_places_and_batches():
    assert "epoch 1  restarts  2 → 0  2                   0" in str(RESULTS["restarts"])


def test_after_a_complete_pass_the_next_place_is_the_first():
    report = result_of(judged_places([[0, 1], [0, 1]], length=2), HALF, length=2)
    assert report.verdict == "resumes"
    assert "1 → 0" in str(report)


def test_boundaries_alike_are_shown_once_and_a_finding_among_them_is_not_lost():
    places = [[n] for n in range(40)] + [[0]] + [[n] for n in range(1, 40)]
    whole = stream([1] * 40, *[1] * len(places))
    shown = str(result_of(judged_places(places, length=100), whole, length=100))
    assert shown.count("resumes") == 6
    assert "39 → 0" in shown
    assert "…         36 more" in shown


def test_of_many_findings_the_first_are_shown_and_the_rest_counted():
    shown = [*terminal.abridged_ranks(["restarts", "resumes"] * 50)]
    assert shown == [*range(20), "40 more restarts", "40 more resumes"]


def test_steps_are_told_in_turn():
    assert "asked for 3 an epoch; ran 3 × 3, 1 (runs dry), 3" in str(RESULTS["runs dry"])


def test_an_epoch_that_a_callback_ended_is_told_as_that():
    judged = dataclasses.replace(judged_places([[0, 1, 2], [3, 4]]), stopped=(False, True))
    report = result_of(judged, HALF)
    assert "ran 3, 2 (stopped by a callback)" in str(report)
    assert report.sound


def test_a_share_is_never_rounded_to_all_or_nothing():
    assert terminal.coverage_curve(np.array([1e-7, 0.99999])) == "<0.1% ▁▇ 99.9%"
    assert terminal.coverage_curve(np.array([1.0])) == "100%"


def test_a_disagreement_is_loud_and_asks_to_be_reported():
    shown = in_one_line(RESULTS["disagrees"])
    assert "EXPECTATION AND OBSERVATION DISAGREE" in shown
    assert "expected restarts; steps 3 × 2; first place 0; boundaries restarts" in shown
    assert "observed resumes; steps 3 × 2; first place 0; boundaries resumes" in shown
    assert "keras 3.15.1, backend torch; please report it" in shown


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        (Expectation("resumes", RULES["iterator kept"], RESUMES), "exactly this, by"),
        (Expectation(None, RULES["worker queue"], None), "nothing: timing decides, by"),
        (
            Expectation("resumes", RULES["iterator kept"], RESUMES, alike=True),
            "resumes, but alike: the same order again, by",
        ),
        (
            Expectation("resumes", RULES["iterator kept"], RUNS_DRY, may_stop=True),
            "resumes, if no callback had ended the training, by",
        ),
    ],
)
def test_it_says_what_was_to_be_expected(expected, said):
    report = changed(RESULTS["in part"], expected=expected)
    assert row(report, "expected").startswith(f"{said} the rule")


def test_samples_told_apart_by_content_are_shown_by_the_first_digits():
    assert terminal.batch_in_short([-1, 0, 2**60], "content") == "ffffff, 000000, …"
    assert terminal.batch_in_short([8, 9, 10, 11], "index") == "8, 9, 10, 11"
    assert terminal.batch_in_short([10**18, 5], "index") == f"{10**18}, …"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"identified_by": "content", "rows": 42}, "2 rows equal another one"),
        ({"not_in_pass": 2}, "feed's passes hold different samples"),
        ({"conflicts": 3}, "index conflict: 3 indices came with different contents"),
        ({"conflicts": 1}, "index conflict: 1 index came with different contents"),
    ],
)
def test_it_says_what_the_counts_rest_on(fields, said):
    assert said in in_one_line(changed(RESULTS["in part"], **fields))


def test_where_only_ascii_can_be_written_it_is_written(monkeypatch):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    terminal.show(RESULTS["restarts"])
    sys.stdout.flush()
    assert b"2 ? 0" in written.getvalue()


def test_a_narrow_terminal_gets_narrow_lines():
    console = Console(width=60, force_terminal=True, color_system=None)
    with console.capture() as captured:
        console.print(terminal.layout(RESULTS["restarts"]))
    assert max(map(len, captured.get().splitlines())) <= 60


def expectations():
    """Expectations by every rule, of as many epochs as anybody asks for."""
    ragged = tuple(1 + rank % 7 for rank in range(10_000))
    for name, rule in RULES.items():
        for judged in (None, RESUMES, RESTARTS, Verdict((), (), None, ragged, 10**9)):
            verdict = None if judged is None else judged.verdict
            yield pytest.param(Expectation(verdict, rule, judged, alike=True), id=name)


@pytest.mark.parametrize("expected", [*expectations()])
def test_an_expectation_has_at_most_ten_lines(expected):
    for text in (str(expected), repr(expected)):
        assert len(text.splitlines()) <= 10
        assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        (Expectation(None, RULES["worker queue"], None), "expected  nothing: timing decides\n"),
        (Expectation(None, RULES["one epoch"], judged_places([[0]])), "no boundary to judge"),
        (Expectation("resumes", RULES["iterator kept"], RESUMES), "expected  resumes\n"),
        (
            Expectation("reshuffles", RULES["fit shuffles"], RESHUFFLES, alike=True),
            "expected  reshuffles, but alike: the same order again\n",
        ),
    ],
)
def test_an_expectation_is_said_in_a_word(expected, said):
    assert said in str(expected)
