"""The figure of an audit draws what there is to show, and its words say what it shows."""

import sys

import numpy as np
import pytest

import epochwatch._report
from epochwatch._auditing.counting import StreamCounts
from epochwatch._auditing.expectation import Expectation
from epochwatch._auditing.rules import RULES
from epochwatch._exposures.batches import TrainedBatch
from epochwatch._exposures.verdict import judge
from epochwatch._report import figure as audit
from epochwatch._report import style
from epochwatch._report.report import Report
from epochwatch.errors import BadInput


def judged_places(epochs, length=10, asked=None):
    """Judge a run whose epochs train the batches at these places; each batch is its place."""
    trained = [
        TrainedBatch(1, number, step, np.array([place]))
        for number, places in enumerate(epochs, start=1)
        for step, place in enumerate(places)
    ]
    own = [np.array([place]) for place in range(length)]
    return judge(trained, lambda: own, asked or len(epochs[0]), can_be_iterated_again=True)


def report_of(judged, exposures, coverage=(0.5,), streams=None, length=10, by="index"):
    """Put a report together from counts."""
    exposures = np.array(exposures)
    trained = int(np.count_nonzero(exposures))
    whole = StreamCounts(
        None if coverage is None else len(exposures),
        trained,
        exposures,
        None if coverage is None else np.array(coverage),
    )
    expected = Expectation(judged.verdict, RULES["one epoch"], judged)
    return Report(
        judged, whole, streams or {}, by, len(exposures), 0, 0, 0, expected, {}, length=length
    )


RESTARTS = judged_places([[0, 1, 2], [0, 1, 2]])
RESUMES = judged_places([[0, 1, 2], [3, 4, 5]])


def ways(figure):
    """The way through the feed: x and y of each line."""
    ax = figure.axes[0]
    lines = [line for line in ax.lines if line.get_linewidth() == 2]
    return [(list(line.get_xdata()), list(line.get_ydata())) for line in lines]


def texts(figure):
    """All that is written into the panels."""
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def test_a_feed_that_restarts_falls_back_at_each_rule_and_the_rest_is_never_reached():
    figure = audit.draw(report_of(RESTARTS, [2] * 6 + [0] * 14))
    assert ways(figure) == [([0, 1, 2], [0, 1, 2]), ([3, 4, 5], [0, 1, 2])]
    assert "batches never reached: 7" in texts(figure)
    assert "restarts" in figure.get_suptitle()


def test_a_pass_that_ends_inside_an_epoch_begins_again_at_the_first_place():
    report = report_of(judged_places([[2, 3, 0]], length=4), [1, 0, 1, 1], length=4)
    assert ways(audit.draw(report)) == [([0, 1], [2, 3]), ([2], [0])]


@pytest.mark.parametrize(("judged", "red"), [(RESTARTS, 1), (RESUMES, 0)])
def test_the_rule_of_an_epoch_is_red_where_something_is_lost(judged, red):
    ax = audit.draw(report_of(judged, [1] * 20)).axes[0]
    assert sum(line.get_color() == style.NEVER for line in ax.lines) == red


def test_one_batch_of_two_thousand_is_told_though_it_is_too_thin_to_see():
    judged = judged_places([list(range(1_999))], length=2_000)
    figure = audit.draw(report_of(judged, [1] * 59_970 + [0] * 30, [0.9995], length=2_000))
    assert "batches never reached: 1" in texts(figure)
    marks = figure.axes[1].patches[-1].get_data().values
    assert np.flatnonzero(marks).tolist() == [199]
    assert "all samples 99.9%" in " ".join(texts(figure))


def test_without_an_order_only_the_counts_are_drawn():
    judged = judged_places([[4, 2, 7]])
    assert judged.verdict == "reshuffles"
    assert len(audit.draw(report_of(judged, [1, 0])).axes) == 2


def test_of_a_feed_without_an_end_no_coverage_is_drawn():
    figure = audit.draw(report_of(RESUMES, [1, 2], coverage=None, length=None))
    assert [ax.get_ylabel() for ax in figure.axes] == [
        "place in the feed's own order",
        "exposures a sample",
    ]


def test_fingerprints_are_drawn_with_the_most_trained_first():
    figure = audit.draw(report_of(RESUMES, [0, 3, 1], by="content"))
    assert figure.axes[1].patches[1].get_data().values.tolist() == [3, 1, 0]


def test_of_many_streams_the_least_trained_are_named():
    shares = {str(n): StreamCounts(10, n, np.arange(10), np.array([n / 20])) for n in range(20)}
    named = [
        text for text in texts(audit.draw(report_of(RESUMES, [1], streams=shares))) if "%" in text
    ]
    assert [text.split()[1] for text in named] == ["0", "1", "2", "3", "4", "5"]


def test_the_words_tell_where_the_epochs_begin_and_what_was_lost():
    assert audit.describe(report_of(RESTARTS, [2] * 6 + [0] * 14, [0.3, 0.3])) == (
        "Audit of a feed, 2 epochs; verdict: restarts. The epochs begin at place 0, 0 of 10. "
        "Exposures a sample: 0 to 2; samples never trained: 14. Coverage in the end: all samples "
        "30.0%."
    )


def test_without_matplotlib_a_report_that_is_drawn_says_which_extra_brings_it(monkeypatch):
    report = report_of(RESUMES, [1])
    assert len(report.draw().axes) == 3
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "epochwatch._report.figure")
    monkeypatch.delattr(epochwatch._report, "figure")
    with pytest.raises(BadInput) as refusal:
        report.draw()
    assert str(refusal.value) == (
        "draw: needs matplotlib, not installed; pip install 'epochwatch[figures]'"
    )
