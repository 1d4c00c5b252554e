"""The figures of the atlas: a feed's order, and the squares of many cells."""

import pytest
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.text import Text

from epochwatch_lab.figures import feed_order, outcomes
from epochwatch_lab.figures.feed_order import Drawn


def drawn(word, *fits, steps=2, epochs=2, rows=8):
    """Make a panel of batches of two rows, told by their places."""
    trained = [[[[2 * p, 2 * p + 1] for p in epoch] for epoch in fit] for fit in fits]
    return Drawn(word, trained, rows, steps, epochs, len(fits))


def least_text(figure):
    """The size of the smallest text that a figure shows, in points."""
    figure.draw_without_rendering()
    texts = [
        text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()
    ]
    return min(text.get_fontsize() for text in texts)


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


def titles_of(figure):
    return [ax.get_title(loc="left").strip() for ax in figure.axes]


def test_a_feed_has_its_name_once_over_its_two_panels():
    picture = feed_order.picture_of_all("all", {name: (RESUMES, RESTARTS) for name in "abc"})
    assert titles_of(picture.wide) == ["a", "", "b", "", "c", "", "", ""]
    assert [ax.axison for ax in picture.wide.axes] == [True] * 6 + [False] * 2
    assert titles_of(picture.narrow) == ["a", "", "b", "", "c", ""]
    assert picture.narrow.axes[0].get_gridspec().ncols == 2


def test_a_few_panels_stand_below_each_other_on_a_telephone():
    picture = feed_order.picture("few", dict.fromkeys("abcd", RESTARTS))
    assert titles_of(picture.wide) == ["a", "b", "c", "d", "", ""]
    grids = [figure.axes[0].get_gridspec() for figure in (picture.wide, picture.narrow)]
    assert [(grid.nrows, grid.ncols) for grid in grids] == [(2, 3), (4, 1)]
    assert "d: restarts, epochs begin at rows 0, 0, 4 of 8 never trained." in picture.alt


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


ROWS = ["a", "b", "c"]
COLUMNS = {"jax\none fit": ["3", "5"], "torch\none fit": ["3"]}
GRID = {
    (row, group, column): ("skips", True) if row == "b" else ("resumes", False)
    for row in ROWS
    for group, columns in COLUMNS.items()
    for column in columns
}


def test_on_a_telephone_rows_that_are_the_same_share_a_line():
    picture = outcomes.picture("outcomes", ROWS, COLUMNS, GRID)
    (wide,), (narrow,) = picture.wide.axes, picture.narrow.axes
    assert [label.get_text() for label in wide.get_yticklabels()] == ROWS
    names = [text.get_text() for text in narrow.texts if "like it" in text.get_text()]
    assert names == ["a and 1 like it"]
    drawn = [sum(patch.get_width() == 0.9 for patch in ax.patches) for ax in (wide, narrow)]
    assert drawn == [9, 6]


@pytest.mark.parametrize(("size", "axes"), [(5, 1), (8, 1), (9, 2), (16, 2)])
def test_on_a_telephone_groups_that_do_not_fit_stand_below_each_other(size, axes):
    columns = {group: [str(number) for number in range(size)] for group in ("one", "two")}
    squares = {("a", group, name): ("skips", False) for group in columns for name in columns[group]}
    picture = outcomes.picture("outcomes", ["a"], columns, squares)
    assert len(picture.narrow.axes) == axes
    assert len(picture.wide.axes) == 1


@pytest.mark.parametrize(
    "picture",
    [
        feed_order.picture("few", {"arrays(shuffle=True), 2 calls of fit": RESTARTS}),
        feed_order.picture_of_all("all", {"arrays": (RESUMES, RUNS_DRY)}),
        outcomes.picture("outcomes", ROWS, COLUMNS, GRID),
    ],
    ids=lambda picture: picture.name,
)
def test_every_text_is_large_enough(picture):
    assert least_text(picture.wide) >= 8
    assert least_text(picture.narrow) >= 6.75  # points; 9 of the 390 pixels of a telephone
