"""Figures draw what they are given, and their words say what the picture shows."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from epochwatch import figures
from epochwatch.exposures.positions import Span, binned

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
        figures.style.save(figure, tmp_path / name, "order")
        return [path.read_bytes() for path in sorted((tmp_path / name).iterdir())]

    assert saved("first") == saved("second")
