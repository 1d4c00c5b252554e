"""A killed training as a picture: the kill, what it cost, and where the data goes on."""

import numpy as np
import pytest

from epochwatch._exposures.positions import Span
from epochwatch_lab.figures import after_kill

SAVED, KILLED, AT_ONCE, SAMPLES = 4, 6, 8, 64


def span_of(places, ends=()):
    """Batches that begin at some positions."""
    first = np.array(places) * AT_ONCE
    steps = np.arange(len(first))
    return Span(steps, first, first + AT_ONCE - 1, np.array([*ends, len(first)]))


LOST = span_of([4, 5])._replace(step=np.array([4, 5]))
ON = after_kill.Panel(span_of(range(8), [3]), LOST, np.zeros(SAMPLES, bool), KILLED)
# It starts the data over behind the fourth batch.
OVER = after_kill.Panel(
    span_of([*range(4), *range(5)], [3]), LOST, np.arange(SAMPLES) >= 5 * AT_ONCE, KILLED
)
PANELS = {"over": OVER, "on": ON}


def words_in(figure):
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def test_the_cross_stands_at_the_last_batch_before_the_kill():
    picture = after_kill.picture(PANELS)
    for figure in (picture.wide, picture.narrow):
        assert words_in(figure).count("killed") == 2
        assert words_in(figure).count("24 never seen") == 1
        for ax in figure.axes:
            (cross,) = (line for line in ax.lines if line.get_marker() == "x")
            assert cross.get_xydata().tolist() == [[KILLED, 6 * AT_ONCE - 1]]


@pytest.mark.parametrize(
    ("panel", "position", "never", "steps"), [(OVER, 0, 24, 9), (ON, 32, 0, 8)]
)
def test_the_words_say_where_the_data_goes_on(panel, position, never, steps):
    words = after_kill.describe(panel)
    assert f"{steps} steps in all" in words
    assert (
        f"killed after step 6 and goes on from the weights of step 4 with position {position};"
        in words
    )
    assert f"; {never} samples are never trained" in words


def test_on_a_telephone_they_stand_below_each_other_and_all_is_legible():
    picture = after_kill.picture(PANELS)
    for figure, shape, least in ((picture.wide, (1, 2), 8), (picture.narrow, (2, 1), 6.75)):
        grid = figure.axes[0].get_gridspec()
        assert (grid.nrows, grid.ncols) == shape
        assert [ax.get_title(loc="left") for ax in figure.axes] == list(PANELS)
        texts = [text for ax in figure.axes for text in (*ax.texts, *ax.get_xticklabels())]
        assert min(text.get_fontsize() for text in texts) >= least
