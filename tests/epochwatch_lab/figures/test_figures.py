"""Figures draw what they are given, and their words say what the picture shows."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from epochwatch._exposures.positions import Span, binned
from epochwatch_lab import figures

RESUMED = Span(np.arange(6), np.arange(6) * 8, np.arange(6) * 8 + 7, np.array([3, 6]))
RESTARTED = Span(np.arange(6), np.arange(6) % 3 * 8, np.arange(6) % 3 * 8 + 7, np.array([3, 6]))


@pytest.fixture
def ax():
    """Axes of a figure that is never shown."""
    return Figure().subplots()


def lines_of(ax):
    """The x values of the thick lines."""
    return [line.get_xdata().tolist() for line in ax.lines if line.get_linewidth() == 2]


def test_a_feed_that_resumes_is_one_line_over_the_epochs(ax):
    figures.order.draw(ax, RESUMED, 60, "majority")
    assert lines_of(ax) == [[0, 1, 2, 3, 4, 5]]


def test_a_feed_that_restarts_is_a_line_for_each_epoch(ax):
    figures.order.draw(ax, RESTARTED, 60, "majority")
    assert lines_of(ax) == [[0, 1, 2], [3, 4, 5]]


def test_the_words_tell_resuming_from_restarting():
    assert "begin at position 0, 24;" in figures.order.describe(RESUMED, 60, "majority")
    assert "begin at position 0, 0;" in figures.order.describe(RESTARTED, 60, "majority")


def test_blocks_are_to_scale_and_the_last_repeat_is_cut_off(ax):
    figures.blocks.draw(ax, 6742, 53258, 8)
    widths = [patch.get_width() for patch in ax.patches if hasattr(patch, "get_width")]
    assert widths == [53258, *[6742] * 7, 53258 - 7 * 6742]


def test_blocks_say_how_many_steps_either_epoch_has():
    told = figures.blocks.describe(6742, 53258, 8)
    assert "minority epoch of 843 steps passes 13% of the majority" in told
    assert "majority epoch of 6,658 steps repeats the minority 7.9 times" in told


@pytest.fixture
def two_rows():
    """Axes with a pair of streams at 1 : 10, and one at 1 : 5,000."""
    axes = Figure().subplots(2, 1, sharex=True)
    return figures.blocks.draw_rows(axes, [(5326, 53258, 8), (11, 53258, 8)])


def test_rows_of_blocks_are_to_one_scale_however_small_the_minority(two_rows):
    widths = [[patch.get_width() for patch in ax.patches] for ax in two_rows]
    assert widths[0] == [53258, *[5326] * 9, 53258 - 9 * 5326]
    assert widths[1] == [53258, 11, 53258 - 11]  # its 4,841 repeats are one bar
    assert len({ax.get_xlim() for ax in two_rows}) == 1


def test_what_is_too_small_to_see_is_pointed_at_and_its_repeats_are_told(two_rows):
    assert [len(ax.lines) for ax in two_rows] == [0, 1]
    assert [[text.get_text() for text in ax.texts] for ax in two_rows] == [[], ["4,842 times"]]
    assert "minority 11 in 2 steps, majority 53,258 in 6,658" in two_rows[1].get_title()
    told = figures.blocks.describe_rows([(5326, 53258, 8), (11, 53258, 8)])
    assert "5,326 to 53,258, a minority epoch 10.0% of a majority epoch; 11 to 53,258" in told


def way(counted, completed):
    """Somebody who takes samples, in two epochs."""
    epochs = np.array([0.0, 1.0, 2.0])
    closed = np.array([34.0, 16.0, 0.0]), np.array([0.0, 0.0, 1.0])
    return figures.collecting.Way(epochs, *closed, np.array([1, 2]), counted, completed)


def test_collecting_draws_what_was_counted_on_the_lines_of_theory():
    counted = np.array([[15, 16, 18], [0, 0, 0]])
    axes = figures.collecting.draw(
        Figure().subplots(1, 2), {"in order": way(counted, np.array([2.0]))}, 34
    )
    theory, points = axes[0].lines[:2]
    assert theory.get_ydata().tolist() == [34, 16, 0]
    assert points.get_ydata().tolist() == [16], "a logarithmic axis has no nought"
    assert axes[1].lines[0].get_ydata().tolist() == [0, 0, 1]
    told = figures.collecting.describe({"in order": way(counted, np.array([2.0]))}, 34)
    assert "in order, 16 unseen after minority epoch 1, and all seen after 2.00 in" in told


def timeline(epochs, acted):
    """A training of six updates, cut into so many epochs."""
    updates = np.arange(1, epochs + 1) * (6 // epochs)
    return figures.schedule.Timeline(
        updates, 1.0 / updates, 0.5 ** np.arange(epochs), {"EarlyStopping": acted}
    )


def test_a_schedule_is_drawn_by_updates_and_says_who_never_acts():
    timelines = {"minority": timeline(6, [3]), "majority": timeline(2, [])}
    axes = figures.schedule.draw(Figure().subplots(3, 1, sharex=True), timelines)
    validation = [line.get_xdata().tolist() for line in axes[0].lines]
    assert validation == [[1, 2, 3, 4, 5, 6], [3, 6]]
    rates = [patch.get_data().values.tolist() for patch in axes[1].patches]
    assert rates == [[1, 1 / 2, 1 / 4, 1 / 8, 1 / 16, 1 / 32], [1, 1 / 2]]
    assert [text.get_text().strip() for text in axes[2].texts] == ["never"]
    told = figures.schedule.describe(timelines)
    assert "In minority epochs: 6 validations" in told
    assert "EarlyStopping at 3. In majority epochs: 2 validations" in told
    assert told.endswith("EarlyStopping at no update.")


def test_a_batch_shows_label_and_position_over_each_image():
    axes = Figure().subplots(1, 4)
    figures.batch.draw(axes, np.zeros((3, 28, 28)), np.array([1, 0, 1]), np.array([0, 0, 1]))
    assert [ax.get_title() for ax in axes[:3]] == [
        "label 1\nposition 0",
        "label 0\nposition 0",
        "label 1\nposition 1",
    ]
    assert len(axes[3].images) == 0


def test_coverage_is_drawn_from_nought_to_one_and_named_at_its_end(ax):
    shares = {"minority": np.array([0.7, 1.0]), "majority": np.array([0.1, 0.99])}
    figures.coverage.draw(ax, shares)
    assert [text.get_text() for text in ax.texts] == [" minority 100.0%", " majority 99.0%"]
    heights = [text.xy[1] for text in ax.texts]
    assert abs(heights[0] - heights[1]) > 0.07, "the names must not lie upon each other"
    assert "majority 10.0% after epoch 1 and 99.0% after epoch 2" in figures.coverage.describe(
        shares
    )


def test_a_single_sample_never_trained_is_marked_on_the_axis(ax):
    exposures = np.ones(60_000, np.int64)
    exposures[31_234] = 0
    figures.exposures.draw(ax, binned(exposures), "majority")
    marks = ax.patches[-1].get_data().values
    assert np.flatnonzero(marks).tolist() == [31_234 // 300]
    assert "samples never trained: 1." in figures.exposures.describe(
        binned(exposures), "majority", 1
    )


def test_saved_twice_the_bytes_are_the_same(tmp_path):
    def saved(name):
        with figures.style.figure(4, 2) as figure:
            figures.order.draw(figure.subplots(), RESUMED, 60, "minority")
        (tmp_path / name).mkdir()
        for ending in (".svg", ".png"):
            figures.style.write(figure, tmp_path / name / f"order{ending}", ending)
        return [path.read_bytes() for path in sorted((tmp_path / name).iterdir())]

    assert saved("first") == saved("second")
