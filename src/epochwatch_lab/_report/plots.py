"""What the page draws: Bokeh models, which the page's script fills from the whole matrix."""

from collections.abc import Mapping

import numpy as np
from bokeh import models
from bokeh.layouts import column
from bokeh.palettes import Cividis256
from bokeh.plotting import figure
from matplotlib.colors import to_hex

from epochwatch._report.style import NEVER, looks
from epochwatch_lab._report.matrix import LoggedEpoch, coverage
from epochwatch_lab._report.subject import object_at
from epochwatch_lab._report.tables import epoch_names, run_coverage

MOST_COLUMNS, MOST_ROWS = 600, 200  # of a picture; what is more is taken together
LEAST_WIDTH = 4  # samples, zoomed in
MANY = 40  # points in a line
DASHES = {"-": "solid", "--": "dashed", "-.": "dashdot", ":": "dotted"}
MARKERS = ["circle", "square", "diamond", "triangle", "inverted_triangle", "star"]


def samples_by_epochs(name: str, exposures: np.ndarray, epochs: list[LoggedEpoch]) -> models.Column:
    """Prepare a stream's picture: samples by epochs, and under it their exposures in all."""
    samples, n_epochs = exposures.shape
    ends = (-0.5, samples - 0.5)
    x_range = models.Range1d(*ends, bounds=ends, min_interval=min(LEAST_WIDTH, samples), name="x")
    heat = _heat(x_range, epochs)
    rows = -(-n_epochs // -(-n_epochs // MOST_ROWS))
    columns = min(samples, MOST_COLUMNS) + 1  # bins begin at multiples of their size
    cells = np.zeros((rows, columns), np.float32)
    source = models.ColumnDataSource(
        {"image": [cells], "x": [-0.5], "y": [0.5], "dw": [samples], "dh": [n_epochs]}, name="cells"
    )
    mapper = heat.above[0].color_mapper
    heat.image("image", x="x", y="y", dw="dw", dh="dh", source=source, color_mapper=mapper)
    chosen = models.ColumnDataSource({"x": [0], "y": [1]}, name="chosen")
    for size, colour in ((16, "black"), (13, "white")):
        heat.scatter(
            "x",
            "y",
            source=chosen,
            size=size,
            marker="circle",
            fill_color=None,
            line_color=colour,
            line_width=2,
        )
    most = int(exposures.sum(axis=1, dtype=np.int64).max())
    return column(heat, _totals(x_range, name, max(1, most)), sizing_mode="stretch_width")


def coverage_by_epoch(
    exposures: Mapping[str, np.ndarray], epochs: list[LoggedEpoch]
) -> models.Plot:
    numbers = list(range(1, len(epochs) + 1))
    plot = _shares_plot(numbers, "epoch", epoch_names(epochs))
    shares = {name: coverage(by_epoch).tolist() for name, by_epoch in exposures.items()}
    return _lines(plot, numbers, shares, joined=True)


def shares_by_run(runs: list[dict]) -> models.Plot:
    """Draw coverage and PR-AUC by run of a sweep."""
    shares = {}
    for number, run in enumerate(runs):
        by_name = {f"coverage: {name}": share for name, share in run_coverage(run).items()}
        test = object_at(object_at(run, "findings"), "test")
        if "pr_auc" in test:
            by_name["PR-AUC"] = test["pr_auc"]
        for name, share in by_name.items():
            shares.setdefault(name, [float("nan")] * len(runs))[number] = share
    numbers = list(range(1, len(runs) + 1))
    return _lines(_shares_plot(numbers, "run, as numbered in the table"), numbers, shares)


def _heat(x_range, epochs: list[LoggedEpoch]) -> models.Plot:
    height = 90 + int(np.clip(14 * len(epochs), 110, 400))
    heat = _figure(
        height,
        x_range=x_range,
        y_range=(0.5, len(epochs) + 0.5),
        name="heat",
        tools="xbox_zoom,xpan,xwheel_zoom,reset",
        active_drag="xbox_zoom",
    )
    heat.yaxis.axis_label = "epoch"
    heat.xaxis.visible = False
    _name_epochs(heat.yaxis[0], epoch_names(epochs))
    mapper = models.LinearColorMapper(palette=Cividis256, low=0, high=1, nan_color="rgba(0,0,0,0)")
    bar = models.ColorBar(
        color_mapper=mapper,
        height=10,
        padding=4,
        background_fill_color=None,
        title="exposures of a sample in an epoch",
    )
    heat.add_layout(bar, "above")
    return heat


def _totals(x_range, name: str, most: int) -> models.Plot:
    colour = to_hex(looks([name])[name].colour)
    lane = -0.16 * most
    plot = _figure(170, x_range=x_range, y_range=(lane, 1.06 * most), name="totals", tools="")
    empty = {key: [] for key in ("left", "right", "low", "mean", "high")}
    bins = models.ColumnDataSource(empty, name="bins")
    plot.quad("left", "right", "high", "low", source=bins, color=colour, line_width=0.6)
    plot.segment("left", "mean", "right", "mean", source=bins, line_width=2, name="ink")
    never = models.ColumnDataSource({"left": [], "right": []}, name="never")
    plot.quad(
        "left",
        "right",
        0.25 * lane,
        0.9 * lane,
        source=never,
        color=NEVER,
        hatch_pattern="x",
        hatch_color="white",
        hatch_scale=6,
    )
    plot.xaxis.axis_label = f"position in the stream: {name}"
    plot.yaxis.axis_label = "exposures in all"
    plot.yaxis.ticker = models.BasicTicker(min_interval=1, desired_num_ticks=4)
    plot.xaxis.formatter = models.NumeralTickFormatter(format="0,0")
    plot.xaxis.ticker = models.BasicTicker(min_interval=1, desired_num_ticks=5)
    return plot


def _shares_plot(numbers: list[int], label: str, names: list[str] | None = None) -> models.Plot:
    plot = _figure(300, x_range=(0.5, len(numbers) + 0.5), y_range=(-0.03, 1.05), tools="hover")
    plot.hover.update(mode="vline", renderers=[])
    plot.hover.tooltips = [(label, "@x"), ("", "@name"), ("share", "@share{0.0000}")]
    plot.xaxis.axis_label = label
    plot.yaxis.formatter = models.NumeralTickFormatter(format="0%")
    _name_epochs(plot.xaxis[0], names or list(map(str, numbers)))
    return plot


def _lines(plot, numbers: list[int], shares: Mapping, joined: bool = False) -> models.Plot:
    look_by_name, size = looks(shares), 8 if len(numbers) < MANY else 3
    for rank, (name, values) in enumerate(shares.items()):
        # The name in each row, for the text that appears at the pointer.
        columns = {"x": numbers, "share": values, "name": [name] * len(numbers)}
        look = look_by_name[name]
        drawn = {"source": models.ColumnDataSource(columns), "color": to_hex(look.colour)}
        drawn["legend_label"] = name
        if joined:
            plot.line("x", "share", line_dash=DASHES[look.line], line_width=2, **drawn)
        marker = MARKERS[rank % len(MARKERS)]
        points = plot.scatter("x", "share", size=size, marker=marker, **drawn)
        plot.hover.renderers = [*plot.hover.renderers, points]
    plot.add_layout(plot.legend[0], "above")
    plot.legend[0].update(background_fill_color=None, border_line_color=None)
    plot.legend[0].orientation = "horizontal" if len(shares) < 3 else "vertical"  # on a telephone
    return plot


def _name_epochs(axis, names: list[str]) -> None:
    axis.ticker = models.BasicTicker(min_interval=1, desired_num_ticks=5)
    axis.major_label_overrides = dict(enumerate(names, start=1))


def _figure(height: int, **options) -> models.Plot:
    plot = figure(
        height=height,
        sizing_mode="stretch_width",
        min_border_left=70,
        min_border_right=12,
        background_fill_color=None,
        border_fill_color=None,
        **options,
    )
    plot.toolbar_location = "above" if "zoom" in options["tools"] else None
    plot.toolbar.logo = None
    plot.grid.visible = False
    return plot
