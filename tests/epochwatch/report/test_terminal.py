"""The table says what an audit found, in 80 columns and without colour."""

import dataclasses
import io
import sys

import numpy as np
import pytest
from rich.console import Console

from epochwatch._auditing.counting import StreamCounts
from epochwatch._report import terminal
from tests.epochwatch.report.test_figure import RESTARTS, RESUMES, judged_places, report_of


def changed(report, **fields):
    """A report with other fields."""
    return dataclasses.replace(report, **fields)


WIDE = {
    "a stream with a very long name that nobody wants to read " * 2: StreamCounts(
        1_281_167, 1_281_166, np.array([0, 117, 12_345]), np.linspace(0.001, 0.9999999, 90)
    )
}


def reports():
    """Reports of every sort."""
    yield report_of(RESTARTS, [2] * 6 + [0] * 14)
    yield report_of(RESUMES, [1, 2], coverage=None, length=None)
    yield changed(report_of(RESUMES, [1, 2], streams=WIDE), conflicts=7)
    yield changed(report_of(RESTARTS, [1], by="content"), not_in_pass=1_000_000, rows=9)
    yield changed(report_of(RESUMES, [1]), expected=report_of(RESTARTS, [1]).expected)


@pytest.mark.parametrize("report", [*reports()])
def test_no_line_is_longer_than_80_columns(report):
    lines = str(report).splitlines()
    assert 10 < max(map(len, lines)) <= 80


def test_it_begins_with_the_verdict_and_ends_with_the_findings():
    lines = str(report_of(RESTARTS, [2] * 6 + [0] * 14)).splitlines()
    assert lines[0] == "verdict   restarts"
    assert lines[-1] == "findings  restarts"
    assert str(report_of(RESUMES, [1])).splitlines()[-1] == "sound     no findings"


def test_a_boundary_is_proved_by_its_places_and_batches():
    report = report_of(RESTARTS, [1])
    assert "epoch 1  restarts  2 → 0  2                   0" in str(report)


def test_after_a_complete_pass_the_next_place_is_the_first():
    report = report_of(judged_places([[0, 1], [0, 1]], length=2), [1], length=2)
    assert report.verdict == "resumes"
    assert "1 → 0" in str(report)


def test_boundaries_alike_are_shown_once_and_a_finding_among_them_is_not_lost():
    places = [[n] for n in range(40)] + [[0]] + [[n] for n in range(1, 40)]
    shown = str(report_of(judged_places(places, length=100), [1], length=100))
    assert shown.count("resumes") == 6
    assert "39 → 0" in shown
    assert "…         36 more" in shown


def test_of_many_findings_the_first_are_shown_and_the_rest_counted():
    shown = [*terminal.abridged_ranks(["restarts", "resumes"] * 50)]
    assert shown == [*range(20), "40 more restarts", "40 more resumes"]


def test_steps_are_told_in_turn():
    judged = judged_places([[0, 1, 2], [3, 4, 5], [6, 7, 8], [9], [0, 1, 2]])
    assert "3 asked for in an epoch; run 3 × 3, 1 (runs dry), 3" in str(report_of(judged, [1]))


def test_a_share_is_never_rounded_to_all_or_nothing():
    assert terminal.coverage_curve(np.array([1e-7, 0.99999])) == "<0.1% ▁▇ 99.9%"
    assert terminal.coverage_curve(np.array([1.0])) == "100%"


def test_a_disagreement_is_loud_and_asks_to_be_reported():
    report = changed(
        report_of(RESUMES, [1]),
        expected=report_of(RESTARTS, [1]).expected,
        environment={"keras": "3.15.1", "backend": "torch"},
    )
    shown = " ".join(str(report).split())
    assert "EXPECTATION AND OBSERVATION DISAGREE" in shown
    assert "expected restarts; steps 3 × 2; first place 0; boundaries restarts" in shown
    assert "observed resumes; steps 3 × 2; first place 0; boundaries resumes" in shown
    assert "keras 3.15.1, backend torch; please report it" in shown
    assert report.findings == ["disagrees"]


def test_samples_told_apart_by_content_are_shown_by_the_first_digits():
    assert terminal.batch_in_short([-1, 0, 2**60], "content") == "ffffff, 000000, …"
    assert terminal.batch_in_short([8, 9, 10, 11], "index") == "8, 9, 10, 11"
    assert terminal.batch_in_short([10**18, 5], "index") == f"{10**18}, …"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"identified_by": "content", "rows": 22}, "20 in a pass equal another one"),
        ({"identified_by": "content", "not_in_pass": 2}, 'give the samples an index: {"label": …'),
        ({"not_in_pass": 2}, "passes of the feed differ"),
        ({"conflicts": 3}, "3 indices came with different contents"),
    ],
)
def test_it_says_what_the_counts_rest_on(fields, said):
    assert said in " ".join(str(changed(report_of(RESUMES, [1, 1]), **fields)).split())


def test_where_only_ascii_can_be_written_it_is_written(monkeypatch):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    terminal.show(report_of(RESTARTS, [1]))
    sys.stdout.flush()
    assert b"2 ? 0" in written.getvalue()


def test_a_narrow_terminal_gets_narrow_lines():
    console = Console(width=60, force_terminal=True, color_system=None)
    with console.capture() as captured:
        console.print(terminal.layout(report_of(RESTARTS, [1])))
    assert max(map(len, captured.get().splitlines())) <= 60
