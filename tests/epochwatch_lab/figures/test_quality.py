"""Quality against coverage, and differences: every number is drawn, and told in words."""

import pytest

from epochwatch._report import style
from epochwatch_lab.figures import differences, quality
from epochwatch_lab.figures.quality import Point
from epochwatch_lab.strategies import Interval

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
    with style.figure(4, differences.height(2)) as figure:
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
    assert differences.height(10) == pytest.approx(differences.height(2) + 8 * differences._ROW)
