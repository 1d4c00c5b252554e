"""The pictures of notebooks 01, 02 and 05: what is counted on them, and all of it is legible."""

import itertools

import numpy as np
import pytest
from matplotlib.text import Text

from epochwatch._exposures.positions import Span
from epochwatch_lab import figures

LEAST_WIDE, LEAST_NARROW = 8, 6.75  # points; the latter are 9 of the 390 pixels of a telephone
STEPS = np.arange(6)
RESUMED = Span(STEPS, STEPS * 8, STEPS * 8 + 7, np.array([3, 6]))
RESTARTED = Span(STEPS, STEPS % 3 * 8, STEPS % 3 * 8 + 7, np.array([3, 6]))
# It passes over three batches where its second epoch begins.
SKIPPED = Span(STEPS, (STEPS + STEPS // 3 * 3) * 8, (STEPS + STEPS // 3 * 3) * 8 + 7, [3, 6])


def column_of(span, samples):
    never = np.ones(samples, bool)
    for first, last in zip(span.first, span.last, strict=True):
        never[first : last + 1] = False
    return figures.order.Column(span, never)


def words_in(figure):
    return [text.get_text() for ax in figure.axes for text in ax.texts]


@pytest.mark.parametrize(
    ("span", "samples", "said", "bands"),
    [
        (RESUMED, 60, "12 never seen", [(48, 12)]),
        (RESTARTED, 60, "36 never seen", [(24, 36)]),
        (SKIPPED, 80, "32 never seen", [(24, 24), (72, 8)]),
        (RESUMED, 48, None, []),
    ],
)
def test_what_is_never_seen_is_counted_and_shaded_where_it_stands(span, samples, said, bands):
    picture = figures.order.picture_beside({"one": column_of(span, samples)}, "majority")
    for figure in (picture.wide, picture.narrow):
        assert [text for text in words_in(figure) if "seen" in text] == ([said] if said else [])
        shaded = [(int(p.get_y()), int(p.get_height())) for p in figure.axes[0].patches]
        assert shaded == bands
    never = sum(n for _, n in bands)
    assert f"majority samples were seen, {never} were never seen; epochs begin" in picture.alt


def test_on_a_telephone_runs_stand_below_each_other():
    columns = {"one": column_of(RESUMED, 60), "loop": column_of(RESTARTED, 60)}
    picture = figures.order.picture_beside(columns, "majority")
    grids = [f.axes[0].get_gridspec() for f in (picture.wide, picture.narrow)]
    assert [(grid.nrows, grid.ncols) for grid in grids] == [(1, 2), (2, 1)]
    assert [ax.get_title(loc="left") for ax in picture.narrow.axes] == ["one", "loop"]


def collecting():
    epochs = np.array([0.0, 4.0, 8.0])
    closed = np.array([53_258.0, 26_629.0, 0.0]), np.array([0.0, 0.0, 1.0])
    counted = np.array([[26_000, 26_629, 27_000]])
    return figures.collecting.Way(epochs, *closed, np.array([4]), counted, np.array([8.0]))


def timeline(epochs):
    updates = np.arange(1, epochs + 1) * (13_488 // epochs)
    acted = {"EarlyStopping": [], "ReduceLROnPlateau": updates[2:].tolist()}
    return figures.schedule.Timeline(updates, 100 / updates, 0.9 ** np.arange(epochs), acted)


def scene_maps(number, patches=10, columns=4):
    names = ["shuffle, fit called again", "file after file", "shuffle", "interleave and shuffle"]
    trained = figures.scene.Trained(patches, columns, np.arange(patches // 5))
    return dict.fromkeys(names[:number], trained)


@pytest.mark.parametrize(
    ("number", "wide", "narrow"), [(1, (1, 1), (1, 2)), (3, (1, 3), (2, 2)), (4, (1, 4), (2, 2))]
)
def test_maps_stand_in_one_row_and_on_a_telephone_in_pairs(number, wide, narrow):
    picture = figures.scene.maps_picture(scene_maps(number))
    for figure, shape in ((picture.wide, wide), (picture.narrow, narrow)):
        grid = figure.axes[0].get_gridspec()
        assert (grid.nrows, grid.ncols) == shape
        assert sum(bool(ax.images) for ax in figure.axes) == number


@pytest.mark.parametrize(
    ("sizes", "key"),
    [
        ({}, ["never trained", "trained"]),
        (
            {"patches": 48_016, "columns": 220},
            ["never trained", "some patches trained", "all trained"],
        ),
    ],
)
def test_a_key_says_what_the_colours_of_a_map_mean(sizes, key):
    picture = figures.scene.maps_picture(scene_maps(2, **sizes))
    for figure in (picture.wide, picture.narrow):
        (legend,) = figure.legends
        assert [text.get_text() for text in legend.get_texts()] == key
        shown = [handle.get_facecolor() for handle in legend.legend_handles]
        drawn = figure.axes[0].images[0]
        colours = drawn.cmap(drawn.norm(np.array([0.0, 1e-6, 1.0])))
        assert np.allclose(shown[0], colours[0])
        assert np.allclose(shown[-1], colours[-1])
        assert len({tuple(colour) for colour in shown}) == len(key)


def test_random_draws_and_schedules_stand_below_each_other_on_a_telephone():
    picture = figures.collecting.picture({"in order": collecting()}, 53_258)
    grids = [f.axes[0].get_gridspec() for f in (picture.wide, picture.narrow)]
    assert [(grid.nrows, grid.ncols) for grid in grids] == [(1, 2), (2, 1)]


SHARES = {"minority": np.array([0.7, 1.0]), "majority": np.array([0.1, 0.99])}
RANK = np.arange(53_226, 53_258)
SPANS = {"majority": RESUMED, "minority": RESTARTED}
FEEDS = ("one fit", "a new feed each epoch")
PICTURES = {
    "blocks": lambda: figures.blocks.picture(6742, 53258, 8),
    "rows of blocks": lambda: figures.blocks.picture_rows([(5326, 53258, 8), (11, 53258, 8)]),
    "batch": lambda: figures.batch.picture("batch", np.zeros((32, 28, 28)), RANK % 2, RANK),
    "order": lambda: figures.order.picture(
        "tf_data: resumes", SPANS, {"majority": 60, "minority": 40}
    ),
    "orders": lambda: figures.order.picture_beside({"one": column_of(RESUMED, 60)}, "majority"),
    "coverage": lambda: figures.coverage.picture(dict.fromkeys(FEEDS, SHARES)),
    "exposures": lambda: figures.exposures.picture(
        {"minority": np.arange(40), "majority": np.zeros(400, int)}
    ),
    "collecting": lambda: figures.collecting.picture(
        {"in order, or shuffled": collecting()}, 53_258
    ),
    "schedule": lambda: figures.schedule.picture(
        {"minority": timeline(16), "majority": timeline(2)}
    ),
    "maps": lambda: figures.scene.maps_picture(scene_maps(4, patches=48_016, columns=220)),
    "patches": lambda: figures.scene.patches_picture(
        [figures.scene.Patch(np.eye(10), np.eye(10), 1)] * 6
    ),
}


@pytest.mark.parametrize("name", PICTURES)
def test_every_text_is_large_enough_and_inside_the_picture(name):
    picture = PICTURES[name]()
    for figure, least in ((picture.wide, LEAST_WIDE), (picture.narrow, LEAST_NARROW)):
        figure.draw_without_rendering()
        texts = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]
        assert min(text.get_fontsize() for text in texts) >= least
        for text in itertools.chain.from_iterable(ax.texts for ax in figure.axes):
            box = text.get_window_extent()
            assert box.x0 >= 0, text
            assert box.x1 <= figure.bbox.width, text


def test_of_a_long_batch_the_first_samples_are_shown_in_rows_that_fit():
    rank = np.arange(32)
    picture = figures.batch.picture("batch", np.zeros((32, 28, 28)), rank % 2, rank)
    for figure, columns in ((picture.wide, 8), (picture.narrow, 4)):
        shown = [ax for ax in figure.axes if ax.images]
        assert len(shown) == 16
        assert figure.axes[0].get_gridspec().ncols == columns
    assert picture.alt.startswith("16 images of one batch")
