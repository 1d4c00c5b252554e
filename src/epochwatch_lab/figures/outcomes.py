"""What came of many ways to call `fit`: a square each, by its colour and its letter."""

from collections import Counter
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch, Rectangle

from epochwatch._report.style import INK, OTHERS

_SQUARE = 0.19  # inches
_MARGIN = 1.7  # inches above and below
_LEAST = 24  # columns that there is room for: fewer are not drawn wider
_COLOURS = {
    "resumes": "#dfeefa",
    "reshuffles": "#b5dcf5",
    "runs dry": "#f2e2a0",
    "overruns": "#d8b26e",
    "replays": OTHERS[6].colour,
    "skips": OTHERS[1].colour,
    "restarts": OTHERS[2].colour,
    "raises": "#7a7a7a",
    "hangs": "#4a4a4a",
    "crashes": INK,
}
# In the order of the colours, so that the figure reads without them.
_LETTERS = dict(zip(_COLOURS, ["", "h", "d", "o", "p", "s", "r", "!", "∞", "×"], strict=True))
_Square = tuple[str, bool]


def height(rows: int) -> float:
    """The height that a figure needs, in inches.

    Args:
        rows: of the figure.
    """
    return _MARGIN + _SQUARE * rows


def draw(
    ax: Axes, rows: Sequence[str], columns: Mapping[str, Sequence[str]], squares: Mapping
) -> Axes:
    """Draw a square for each row and column.

    Args:
        ax: where.
        rows: names, from above.
        columns: by the name of a group, the names of its columns.
        squares: by row, group and column, what came of it and whether data was lost.

    Returns:
        The Axes.
    """
    begin = 0.0
    ticks: dict[float, str] = {}
    for group, names in columns.items():
        ax.text(begin, -0.3, group, fontsize=8, weight="bold", ha="left", va="bottom")
        for place, name in enumerate(names):
            ticks[begin + place + 0.5] = name
            for down, row in enumerate(rows):
                _square(ax, begin + place, down, squares.get((row, group, name)))
        begin += len(names) + 0.6
    ax.set(xlim=(0, max(begin - 0.6, _LEAST)), ylim=(len(rows), -1.6))
    ax.set_yticks([down + 0.5 for down in range(len(rows))], rows, fontsize=7.5)
    ax.set_xticks(list(ticks), ticks.values(), fontsize=7.5, rotation=90)
    ax.tick_params(length=0)
    for spine in ax.spines.values():
        spine.set_visible(False)
    return ax


def legend(figure, outcomes) -> None:
    """Draw below a figure what the squares mean, of those outcomes that occur.

    Args:
        figure: that `draw` drew in.
        outcomes: their names, of all squares.
    """
    handles = [
        Patch(facecolor=colour, label=f"{_LETTERS[name]}  {name}".strip())
        for name, colour in _COLOURS.items()
        if name in outcomes
    ]
    lost = Patch(facecolor="white", edgecolor=INK, lw=1.4, label="rows lost")
    figure.legend(handles=[*handles, lost], loc="outside lower center", ncols=6, fontsize=8)


def describe(rows: Sequence[str], columns: Mapping, squares: Mapping) -> str:
    """Put what `draw` shows, given the same, into words: its alternative text."""
    parts = []
    for row in rows:
        of_row = [square for key, square in squares.items() if key[0] == row]
        counts = Counter(word for word, _ in of_row)
        counted = ", ".join(f"{word} {count}" for word, count in counts.items())
        parts.append(f"{row}: {counted}; rows lost in {sum(lost for _, lost in of_row)}.")
    size = sum(map(len, columns.values()))
    return f"A square for each of {len(rows)} feeds by {size} columns. {' '.join(parts)}"


def _square(ax: Axes, x: float, y: float, square: _Square | None) -> None:
    if square is None:
        return
    word, lost = square
    colour = _COLOURS.get(word, "white")
    ax.add_patch(Rectangle((x + 0.05, y + 0.05), 0.9, 0.9, facecolor=colour, lw=0))
    if lost:
        frame = {"edgecolor": INK, "facecolor": "none", "lw": 1.3}
        ax.add_patch(Rectangle((x + 0.09, y + 0.09), 0.82, 0.82, **frame))
    letter = _LETTERS.get(word, "?")
    ink = "white" if sum(to_rgb(colour)) < 1.5 else INK
    ax.text(x + 0.5, y + 0.54, letter, fontsize=6.5, ha="center", va="center", color=ink)
