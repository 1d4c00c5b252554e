"""The figure sets the rare samples against the rest, and its words say what it shows."""

import sys

import numpy as np
import pytest

import epochwatch._report
from epochwatch._auditing.loss import Loss
from epochwatch._report import figure as audit
from epochwatch._report import style
from epochwatch._report.headline import headline
from epochwatch.errors import BadInput
from tests.epochwatch.report.results import (
    RESHUFFLES,
    RESULTS,
    RESUMES,
    judged_places,
    met,
    result_of,
    stream,
)

MANY = {str(n): stream(np.arange(10 + n) % 3, n / 30, 0.3 + n / 30) for n in range(1, 13)}
RARE = {
    "majority": stream([1] * 300 + [0] * 100, 0.5, 0.75),
    "minority": stream([37, 38] * 2, 1, 1),
}
IMBALANCED = result_of(
    RESUMES, stream([1] * 300 + [0] * 100 + [37, 38] * 2, 0.5, 0.75), streams=RARE
)


def panels(figure):
    """The Axes by what stands at their left; the cells of the epochs have nothing there."""
    return {ax.get_ylabel(): ax for ax in figure.axes}


def texts(ax):
    """All that is written into a panel, by hand or by its legend."""
    legend = ax.get_legend()
    return [text.get_text() for text in [*ax.texts, *(legend.get_texts() if legend else [])]]


def bars(ax):
    """Per group the heights of its bars by what stands below them."""
    names = [label.get_text() for label in ax.get_xticklabels()]
    return [
        dict(zip(names, [bar.get_height() for bar in group], strict=True))
        for group in ax.containers
    ]


@pytest.mark.parametrize("name", RESULTS)
def test_every_kind_of_result_can_be_drawn_under_its_sentence(name):
    figure = RESULTS[name].draw()
    assert " ".join(figure.get_suptitle().split()).startswith(headline(RESULTS[name]))
    assert audit.describe(RESULTS[name]).startswith(headline(RESULTS[name]))


def test_the_rarest_stream_is_drawn_against_the_rest():
    rare, rest = audit.rare_against_rest(IMBALANCED)
    assert (rare.name, rest.name) == ("minority", "majority")
    lines = panels(audit.draw(IMBALANCED))["share trained so far"].lines
    assert [list(line.get_ydata()) for line in lines] == [[1, 1], [0.5, 0.75]]
    assert lines[0].get_color() == style.LOOKS["minority"].colour
    assert lines[1].get_color() == style.LOOKS["majority"].colour


def test_many_streams_are_drawn_together_with_their_extremes():
    rare, rest = audit.rare_against_rest(result_of(RESUMES, stream([1], 1, 1), streams=MANY))
    assert (rare.name, rest.name) == ("stream 1", "the other 11")
    sizes = [MANY[str(n)].samples for n in range(2, 13)]
    shares = [MANY[str(n)].coverage[-1] for n in range(2, 13)]
    assert rest.coverage[-1] == pytest.approx(np.dot(sizes, shares) / sum(sizes))
    low, high = rest.extremes
    assert (low[-1], high[-1]) == (min(shares), max(shares))
    assert len(rest.exposures) == sum(sizes)


def test_of_streams_that_are_equally_rare_the_least_trained_is_set_against_the_others():
    streams = {
        "0": stream([1] * 10, 0.5, 1),
        "1": stream([0] * 10, 0, 0),
        "2": stream([1] * 10, 1, 1),
    }
    report = result_of(RESUMES, stream([1], 1, 1), streams=streams)
    assert audit.rare_against_rest(report)[0].name == "stream 1"


def test_without_labels_all_samples_are_drawn():
    figure = audit.draw(RESULTS["restarts"])
    assert bars(panels(figure)["share of the samples"]) == [{"never": 0.7, "2": 0.3}]
    assert "lost: 12 of all 40 samples" in texts(panels(figure)["share trained so far"])


def test_what_was_lost_is_shaded_above_what_was_trained():
    ax = panels(audit.draw(RESULTS["restarts"]))["share trained so far"]
    (shade,) = ax.patches
    assert (shade.get_y(), shade.get_y() + shade.get_height()) == pytest.approx((0.3, 0.6))


def test_one_sample_of_sixty_thousand_is_told_though_it_is_too_thin_to_see():
    whole = stream([1] * 59_999 + [0], 0.5, 59_999 / 60_000)
    figure = audit.draw(result_of(RESUMES, whole, lost=1))
    seen = panels(figure)
    assert "lost: 1 of all 60,000 samples" in texts(seen["share trained so far"])
    assert "all samples 99.9%" in " ".join(texts(seen["share trained so far"]))
    assert {"1", "59,999"} <= set(texts(seen["share of the samples"]))


def test_each_epoch_is_marked_by_how_it_began_or_ended():
    assert audit.epoch_marks(RESULTS["runs dry"]) == [
        "begins",
        "resumes",
        "resumes",
        "runs dry",
        "resumes",
    ]
    assert audit.epoch_marks(RESULTS["restarts"]) == ["begins", "restarts"]
    assert audit.epoch_marks(RESULTS["empty epochs"])[2] == "runs dry"
    assert "restarts: 1 of 2 epochs" in texts(panels(audit.draw(RESULTS["restarts"]))[""])


def test_without_an_order_no_epoch_is_marked():
    assert "" not in panels(audit.draw(result_of(RESHUFFLES, stream([1], 0.5, 1))))


def test_what_cannot_be_known_is_not_drawn_but_said():
    figure = audit.draw(RESULTS["augmented"])
    assert figure.axes == []
    assert "Unmeasured: the feed changes the samples' contents" in figure.get_suptitle()
    assert [*panels(audit.draw(RESULTS["no end"]))] == ["", "share of the samples"]


def test_of_samples_whose_number_is_not_known_none_is_called_never_trained():
    ax = panels(audit.draw(result_of(RESUMES, met([1, 1, 2]))))["share of the samples"]
    assert bars(ax) == [{"1": pytest.approx(2 / 3), "2": pytest.approx(1 / 3)}]


def test_the_bars_of_a_group_are_all_of_its_samples():
    rare, rest = bars(panels(audit.draw(IMBALANCED))["share of the samples"])
    assert rare == {name: 1.0 if name == "33–38" else 0.0 for name in rare}
    assert (rest["never"], rest["1"]) == (0.25, 0.75)
    assert sum(rest.values()) == 1


@pytest.mark.parametrize("top", [1, 2, 9, 10, 16, 17, 1_000, 10**6])
@pytest.mark.parametrize("low", [0, 1, 7])
def test_every_number_of_exposures_is_in_one_bin(low, top):
    numbers = np.unique(np.geomspace(max(low, 1), max(top, low), 50).astype(int))
    numbers = np.append(0, numbers) if low == 0 else numbers
    bins = audit.exposure_bins(numbers, with_never=True)
    assert all(sum(first <= number <= last for first, last in bins) == 1 for number in numbers)
    assert bins[0] == (0, 0)
    assert len(bins) <= 22


def test_extremes_stand_beside_the_mean():
    assert texts(panels(audit.draw(IMBALANCED))["share of the samples"])[-2:] == [
        "minority: 4 samples, 37 to 38 times, 37.5 on average",
        "majority: 400 samples, 0 to 1 times, 0.8 on average",
    ]


def test_the_words_tell_what_the_figure_shows():
    assert audit.describe(RESULTS["restarts"]) == (
        "28 of 40 samples were never trained, although there were enough steps for 12 of them. "
        "Of 2 epochs: restarts 1. Coverage in the end: all samples 30.0%. Trained: all samples, "
        "40 samples, 0 to 2 times, 0.6 on average."
    )


def test_the_same_result_is_drawn_with_the_same_bytes(tmp_path):
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
        drawn = audit.draw(IMBALANCED)
        for ending in (".svg", ".png"):
            style.write(drawn, tmp_path / folder / f"audit{ending}", ending)
    for name in ("audit.svg", "audit.png"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()


def test_many_epochs_and_one_that_trained_nothing_can_be_drawn():
    begun = [(1, epoch) for epoch in range(1, 202)]
    judged = judged_places([[n] for n in range(200)], length=300, begun=begun)
    whole = stream([1] * 200 + [0] * 100, *np.minimum(np.arange(1, 202), 200) / 300)
    report = result_of(judged, whole, loss=Loss(200, 0))
    assert len(audit.draw(report).axes) == 3


def test_without_matplotlib_a_report_that_is_drawn_says_which_extra_brings_it(monkeypatch):
    report = RESULTS["sound"]
    assert len(report.draw().axes) == 3
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "epochwatch._report.figure")
    monkeypatch.delattr(epochwatch._report, "figure")
    with pytest.raises(BadInput) as refusal:
        report.draw()
    assert str(refusal.value) == (
        "draw: matplotlib is not installed; pip install 'epochwatch[figures]'"
    )
