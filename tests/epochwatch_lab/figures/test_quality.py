"""Quality against coverage, and differences: every number is drawn, and told in words."""

import numpy as np
import pytest
from matplotlib.text import Text

from epochwatch._report import style
from epochwatch_lab.figures import differences, gallery, quality
from epochwatch_lab.strategies import Interval, Point

RATIOS = {
    8: {
        "resume": Point(1.0, Interval(0.9, 0.8, 1.0, 10)),
        "majority epoch": Point(1.0, Interval(0.85, 0.8, 0.9, 10)),
        "restart": Point(0.01, Interval(0.5, 0.4, 0.6, 10)),
    }
}


def test_each_strategy_is_a_point_with_its_bar_and_those_that_saw_all_stand_apart():
    with style.figure(6, 4) as figure:
        axes = figure.subplots(1, 2)
        quality.draw(axes, RATIOS, "PR-AUC")
    points = {
        line.get_label(): (line.get_xdata()[0], line.get_ydata()[0])
        for line in axes[0].lines
        if line.get_label() in RATIOS[8]
    }
    assert points["restart"] == (0.01, 0.5)
    assert 1 < points["resume"][0] < points["majority epoch"][0]
    bars = [tuple(line.get_ydata()) for line in axes[0].lines if len(line.get_xdata()) == 2]
    assert {(0.8, 1.0), (0.8, 0.9), (0.4, 0.6)} <= set(bars)
    assert not axes[1].axison


def test_the_points_are_told():
    assert quality.describe(RATIOS, "PR-AUC") == (
        "Points with bars: PR-AUC against the share of the majority trained. At 1 to 8: resume "
        "0.900 at 100.0%; majority epoch 0.850 at 100.0%; restart 0.500 at 1.0%."
    )


def test_what_excludes_zero_is_dark_and_the_rest_pale():
    rows = {"a": Interval(0.2, 0.1, 0.3, 10), "b": Interval(0.1, -0.1, 0.3, 10)}
    with style.figure(4, 2) as figure:
        ax = figure.subplots()
        differences.draw([ax], {"1 : 8": rows})
    colours = {
        line.get_ydata()[0]: line.get_color() for line in ax.lines if line.get_marker() == "o"
    }
    assert colours == {0: style.NEVER, 1: differences._PALE}
    told = differences.describe({"1 : 8": rows}, "Differences")
    assert (
        told
        == "Differences. 1 : 8: a +0.2000 (+0.1000 to +0.3000); b +0.1000 (-0.1000 to +0.3000)."
    )


PANELS = {f"1 : {ratio}": {"a": Interval(0.2, 0.1, 0.3, 10)} for ratio in (8, 100, 1_000)}


def grid_of(figure):
    grid = figure.axes[0].get_gridspec()
    return grid.nrows, grid.ncols


def titles_of(figure, loc):
    return [ax.get_title(loc=loc) for ax in figure.axes if ax.axison]


def test_differences_stand_in_two_columns_on_a_telephone_and_in_a_row_elsewhere():
    picture = differences.picture("differences", PANELS, "Differences", "less that of b")
    assert (grid_of(picture.wide), grid_of(picture.narrow)) == ((1, 3), (2, 2))
    assert titles_of(picture.narrow, "left") == list(PANELS)
    alone = differences.picture("one", {"1 : 8": PANELS["1 : 8"]}, "Differences", "less")
    assert (grid_of(alone.wide), grid_of(alone.narrow)) == ((1, 1), (1, 1))


def test_quality_stands_in_one_column_on_a_telephone():
    picture = quality.picture("quality", {8: RATIOS[8], 100: RATIOS[8], 9: RATIOS[8]}, "PR-AUC")
    assert (grid_of(picture.wide), grid_of(picture.narrow)) == ((2, 2), (3, 1))
    assert titles_of(picture.narrow, "left") == ["1 : 8", "1 : 100", "1 : 9"]


@pytest.mark.parametrize(("images", "grids"), [(16, [(2, 8), (4, 4)]), (3, [(1, 8), (1, 4)])])
def test_a_gallery_has_rows_of_eight_and_of_four_on_a_telephone(images, grids):
    titles = [f"a {number}" for number in range(images)]
    picture = gallery.picture("gallery", np.zeros((images, 28, 28)), titles, "never seen")
    assert [grid_of(figure) for figure in (picture.wide, picture.narrow)] == grids
    shown = [[ax.get_title() for ax in f.axes if ax.images] for f in (picture.wide, picture.narrow)]
    assert shown == [titles, titles]


def test_a_gallery_without_images_says_so():
    picture = gallery.picture("gallery", np.zeros((0, 28, 28)), [], "never seen")
    assert picture.alt == "0 images: never seen. There are none."


@pytest.mark.parametrize(
    "picture",
    [
        differences.picture("differences", PANELS, "Differences", "less that of b"),
        quality.picture("quality", RATIOS, "PR-AUC"),
        gallery.picture("gallery", np.zeros((2, 28, 28)), ["a 6\n14,374"] * 2, "seen"),
    ],
    ids=lambda picture: picture.name,
)
def test_every_text_is_large_enough(picture):
    for figure, least in ((picture.wide, 8), (picture.narrow, 6.75)):
        figure.draw_without_rendering()
        texts = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]
        assert min(text.get_fontsize() for text in texts) >= least
