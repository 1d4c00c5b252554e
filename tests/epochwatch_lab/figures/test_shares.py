"""Who trained what as a picture: a lane for each worker, and one for nobody."""

import numpy as np
import pytest

from epochwatch._auditing.shared_counts import EpochPicture
from epochwatch._report import shared_figure, style
from epochwatch_lab.figures import shares
from tests.epochwatch.report.areas import filled

HALVES = np.repeat([1.0, 0.0], 5)
NOBODY, ALL = np.zeros(10), np.ones(10)
OFF = EpochPicture(np.array([NOBODY, NOBODY]), np.array([HALVES, HALVES]), 1 - HALVES)
EXACT = EpochPicture(np.array([HALVES, 1 - HALVES]), np.array([NOBODY, NOBODY]), NOBODY)
PANELS = {
    "exact": shares.Panel(EXACT, "replica", 1_000),
    "off": shares.Panel(OFF, "worker", 1_000),
}


def columns(ax, colour):
    """Count the columns that are filled with a colour."""
    return pytest.approx(filled(ax, colour) / shared_figure.LANE)


def test_each_training_shows_what_came_once_again_and_never():
    picture = shares.picture(PANELS)
    for figure in (picture.wide, picture.narrow):
        exact, off = figure.axes
        colours = (shared_figure.ONCE, shared_figure.AGAIN, style.NEVER)
        assert [columns(exact, colour) for colour in colours] == [10, 0, 0]
        assert [columns(off, colour) for colour in colours] == [0, 10, 5]


def test_lanes_are_named_by_what_shares_the_samples():
    for ax, unit in zip(shares.picture(PANELS).wide.axes, ("replica", "worker"), strict=True):
        names = [label.get_text() for label in ax.get_yticklabels()]
        assert names == [f"{unit} 0", f"{unit} 1", "none"]


def test_the_words_say_who_trained_how_much():
    assert shares.describe(PANELS["off"]) == (
        "Of 1,000 samples, worker 0 trained 50%, worker 1 trained 50%; 50% were trained more than "
        "once, 50% by none."
    )
    words = shares.picture(PANELS).alt
    assert words.startswith("exact. Of 1,000 samples, replica 0 trained 50%, replica 1 trained")
    assert words.split(" off. ")[0].endswith("; 0% were trained more than once, 0% by none.")


def test_on_a_telephone_all_is_legible():
    picture = shares.picture(PANELS)
    for figure, least in ((picture.wide, 8), (picture.narrow, 6.75)):
        assert [ax.get_title(loc="left") for ax in figure.axes] == list(PANELS)
        texts = [text for ax in figure.axes for text in (ax.title, *ax.get_yticklabels())]
        assert min(text.get_fontsize() for text in texts) >= least
        (legend,) = figure.legends
        assert len(legend.get_texts()) == 3
