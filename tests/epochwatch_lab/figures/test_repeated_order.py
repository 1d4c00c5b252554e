"""Two epochs side by side: a dot to a row, and words that say where the dots are."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from epochwatch_lab.figures import repeated_order

ROWS = 34
SHUFFLED = np.random.default_rng(1).permuted(np.tile(np.arange(ROWS), (2, 1)), axis=1)
REPEATED = SHUFFLED[[0, 0]]
PANELS = {"fit": REPEATED, "sampler": SHUFFLED}


def dots_of(ax):
    """The points that are drawn, (n, 2)."""
    (dots,) = (line for line in ax.lines if line.get_marker() == ".")
    return dots.get_xydata()


@pytest.mark.parametrize("orders", PANELS.values(), ids=PANELS)
def test_a_dot_is_when_a_row_was_trained_in_either_epoch(orders):
    dots = dots_of(repeated_order.draw(Figure().subplots(), orders))
    at = {row: place for place, row in enumerate(orders[0].tolist(), start=1)}
    then = {row: place for place, row in enumerate(orders[1].tolist(), start=1)}
    assert dots.tolist() == [[at[row], then[row]] for row in range(ROWS)]


def test_a_repeated_order_looks_different():
    colours = [
        {line.get_color() for line in repeated_order.draw(Figure().subplots(), orders).lines}
        for orders in PANELS.values()
    ]
    assert colours[0] != colours[1]


def test_of_many_rows_few_are_drawn():
    many = np.tile(np.arange(100_000), (2, 1))
    dots = dots_of(repeated_order.draw(Figure().subplots(), many))
    assert 300 < len(dots) <= repeated_order.MOST_DOTS
    assert (dots[:, 0] == dots[:, 1]).all()


def test_the_words_count_the_rows_that_keep_their_place():
    kept = int((SHUFFLED[0] == SHUFFLED[1]).sum())
    assert repeated_order.describe(PANELS) == (
        "The place of each row in epoch 2 against its place in epoch 1. fit: all on the diagonal, "
        f"34 of 34 rows keep their place. sampler: scattered, {kept} of 34 rows keep their place."
    )


def test_the_picture_has_both_trainings_side_by_side_in_either_width():
    picture = repeated_order.picture("orders", PANELS)
    assert picture.alt == repeated_order.describe(PANELS)
    for figure in (picture.wide, picture.narrow):
        assert [ax.get_title(loc="left") for ax in figure.axes] == [
            f"{name}\nrows kept in place: {(orders[0] == orders[1]).sum()}"
            for name, orders in PANELS.items()
        ]
        sizes = [text.get_fontsize() for ax in figure.axes for text in ax.get_xticklabels()]
        assert min(sizes) >= (6.75 if figure is picture.narrow else 8)
