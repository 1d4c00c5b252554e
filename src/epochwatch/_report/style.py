"""The one look of all figures: on paper, on a dark page, and without colour.

The ground is white and opaque, so that a figure is a card on a dark page. The two streams
differ in colour (petroff10, told apart by colour-blind readers), in lightness and in line.
"""

import contextlib
from typing import NamedTuple

import matplotlib as mpl
from matplotlib import ticker
from matplotlib.figure import Figure

INK = "#22262b"
FAINT = "#c9cdd2"
NEVER = "#8c0f26"
PNG_DOTS_PER_INCH = 150

_SETTINGS = {
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    # Without it the ids in an SVG are drawn at random.
    "svg.hashsalt": "epochwatch",
}


class LineLook(NamedTuple):
    """How one stream is drawn.

    Attributes:
        colour: line and fill.
        line: line style.
        marker: of its points.
    """

    colour: str
    line: str
    marker: str


LOOKS = {"minority": LineLook("#d1660a", "-", "o"), "majority": LineLook("#3f90da", "--", "s")}
OTHERS = [
    LineLook(colour, line, marker)
    for colour, line, marker in zip(
        mpl.color_sequences["petroff10"], ["-", "--", "-.", ":"] * 3, "osD^vP*Xdh", strict=False
    )
]


def looks(names) -> dict[str, LineLook]:
    """Choose how streams are drawn, by name; beyond ten streams looks come again.

    Args:
        names: of the streams; `minority` and `majority` always look the same.

    Returns:
        By name its colour, line and marker.
    """
    return {name: LOOKS.get(name, OTHERS[rank % len(OTHERS)]) for rank, name in enumerate(names)}


@contextlib.contextmanager
def figure(width: float = 8.0, height: float = 3.6):
    """Make a figure in the common style.

    Args:
        width: inches.
        height: inches.

    Yields:
        A `matplotlib.figure.Figure`, which belongs to no window.
    """
    with mpl.rc_context(_SETTINGS):
        yield Figure(figsize=(width, height))


def write(drawn: Figure, file, ending: str) -> None:
    """Write a figure to one file, its path or open for bytes, as ".svg" or ".png".

    Args:
        drawn: the figure.
        file: where.
        ending: one of the two.
    """
    # Without a date in it, the same figure gives the same bytes.
    options = {"metadata": {"Date": None}} if ending == ".svg" else {"dpi": PNG_DOTS_PER_INCH}
    with mpl.rc_context(_SETTINGS):
        drawn.savefig(file, format=ending[1:], **options)


def thousands(axis) -> None:
    """Write the numbers of an axis as 12,345."""
    axis.set_major_formatter(ticker.StrMethodFormatter("{x:,.0f}"))
