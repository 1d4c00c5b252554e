"""The figures of the atlas: a feed's order, and the squares of many cells."""

import pytest
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle

from epochwatch_lab.figures import feed_order, outcomes
from epochwatch_lab.figures.feed_order import Drawn


def drawn(word, *fits, steps=2, epochs=2, rows=8):
    """Make a panel of batches of two rows, told by their places."""
    trained = [[[[2 * p, 2 * p + 1] for p in epoch] for epoch in fit] for fit in fits]
    return Drawn(word, trained, rows, steps, epochs, len(fits))


RESUMES = drawn("resumes", [[0, 1], [2, 3]])
RESTARTS = drawn("restarts", [[0, 1], [0, 1]])
RUNS_DRY = drawn("runs dry", [[0, 1], [2]], rows=6)


@pytest.fixture
def ax():
    """Axes of a figure that is never shown."""
    return Figure().subplots()


def squares(ax):
    """By colour: place of each square's left lower corner."""
    filled = [patch for patch in ax.patches if isinstance(patch, PathPatch)]
    return [[tuple(corner) for corner in patch.get_path().vertices[::5]] for patch in filled]


def test_a_feed_that_resumes_is_one_staircase_of_first_times(ax):
    feed_order.draw(ax, RESUMES)
    first, *_ = squares(ax)
    assert first == [(0, 0), (0, 1), (1, 2), (1, 3), (2, 4), (2, 5), (3, 6), (3, 7)]
    assert feed_order._never_trained(RESUMES) == []


def test_a_feed_that_restarts_shows_what_is_trained_again_and_what_is_never(ax):
    feed_order.draw(ax, RESTARTS)
    first, again, never = squares(ax)
    assert first == [(0, 0), (0, 1), (1, 2), (1, 3)]
    assert again == [(2, 0), (2, 1), (3, 2), (3, 3)]
    assert [row for _, row in never] == [4, 5, 6, 7]


def test_steps_that_had_no_batch_keep_their_room_and_are_hatched(ax):
    places = feed_order._epoch_places(RUNS_DRY)
    assert [(place.begin, place.room) for place in places] == [(0, 2), (2, 2)]
    feed_order.draw(ax, RUNS_DRY)
    hatched = [patch for patch in ax.patches if isinstance(patch, Rectangle) and patch.get_hatch()]
    assert [(patch.get_x(), patch.get_width()) for patch in hatched] == [(3, 1)]


def test_a_second_fit_that_never_began_keeps_its_room():
    raised = Drawn("raises", [[[[0, 1]], [[2, 3]]]], 4, 1, 2, 2)
    assert [len(place.batches) for place in feed_order._epoch_places(raised)] == [1, 1, 0, 0]


def test_a_feed_has_its_name_once_over_its_two_panels():
    figure = Figure(figsize=(8, feed_order.height(3)))
    feed_order.draw_all(figure, {name: (RESUMES, RESTARTS) for name in "abc"})
    titles = [ax.get_title(loc="center").strip() for ax in figure.axes]
    assert titles == ["a", "", "b", "", "c", "", "", ""]
    assert [ax.axison for ax in figure.axes] == [True] * 6 + [False] * 2


def test_the_words_tell_what_the_panels_show():
    told = feed_order.describe({"arrays": (RESUMES, RESTARTS)})
    assert "For each of 1 feeds" in told
    assert "arrays: resumes, epochs begin at rows 0, 4, 0 of 8 never trained" in told
    assert "again, restarts, epochs begin at rows 0, 0, 4 of 8 never trained." in told


SQUARES = {("a", "jax", "3"): ("resumes", False), ("b", "jax", "3"): ("restarts", True)}


def test_a_square_is_told_by_its_colour_and_its_letter_and_framed_where_rows_are_lost(ax):
    outcomes.draw(ax, ["a", "b"], {"jax": ["3", "5"]}, SQUARES)
    letters = {text.get_text() for text in ax.texts}
    assert letters == {"jax", "", "r"}
    assert len(ax.patches) == 3
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]


def test_every_outcome_has_a_colour_and_a_letter_of_its_own():
    assert len(set(outcomes._COLOURS.values())) == len(outcomes._COLOURS)
    assert len(set(outcomes._LETTERS.values())) == len(outcomes._LETTERS)


def test_the_words_count_the_squares():
    told = outcomes.describe(["a", "b"], {"jax": ["3", "5"]}, SQUARES)
    assert told.startswith("A square for each of 2 feeds by 2 columns.")
    assert "b: restarts 1; samples lost in 1." in told
