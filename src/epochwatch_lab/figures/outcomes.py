"""What came of many ways to call `fit`: a square each, by its colour and its letter."""

from collections import Counter
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch, Rectangle

from epochwatch._report.style import INK, OTHERS
from epochwatch_lab.figures.picture import Picture, is_narrow

_SQUARE = 0.19  # inches
_MARGIN = 1.7  # inches above and below
_LEAST = 24  # columns that there is room for: fewer are not drawn wider
_NARROW_COLUMNS = 17  # likewise on a telephone, where rows that are the same share a line
_NARROW_ROW, _NARROW_MARGIN, _NARROW_LEGEND = 0.37, 0.8, 0.75  # inches
_NAME_ABOVE = 0.62  # of a square's height
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


def picture(
    name: str, rows: Sequence[str], columns: Mapping[str, Sequence[str]], squares: Mapping
) -> Picture:
    """Draw a square for each row and column.

    On a telephone, rows of equal squares share a line, and the groups of columns stand below one
    another where they do not fit beside each other.

    Args:
        name: of the picture.
        rows: names, from above.
        columns: by the name of a group, the names of its columns.
        squares: by row, group and column, what came of it and whether data was lost.

    Returns:
        The picture.
    """
    alike = _alike(rows, columns, squares)
    blocks = _blocks(columns)

    def draw_squares(figure):
        if is_narrow(figure):
            axes = figure.subplots(len(blocks), squeeze=False).ravel()
            for ax, groups in zip(axes, blocks, strict=True):
                draw(ax, list(alike), groups, squares, names=alike)
        else:
            draw(figure.subplots(), rows, columns, squares)
        legend(figure, {word for word, _ in squares.values()})

    block_height = _NARROW_MARGIN + _NARROW_ROW * len(alike)
    return Picture.drawn(
        name,
        describe(rows, columns, squares),
        draw_squares,
        wide=(8, _MARGIN + _SQUARE * len(rows)),
        narrow=(4, _NARROW_LEGEND + block_height * len(blocks)),
    )


def _alike(rows: Sequence[str], columns: Mapping, squares: Mapping) -> dict[str, str]:
    """Put rows of equal squares together: by the first of them, its name and how many more."""
    groups: dict[tuple, list[str]] = {}
    for row in rows:
        of_row = [squares.get((row, group, name)) for group in columns for name in columns[group]]
        groups.setdefault(tuple(of_row), []).append(row)
    return {
        first: f"{first} and {len(others)} like it" if others else first
        for first, *others in groups.values()
    }


def _blocks(columns: Mapping[str, Sequence[str]]) -> list[dict[str, Sequence[str]]]:
    """Cut the groups of columns into blocks that fit on a telephone."""
    blocks: list[dict[str, Sequence[str]]] = [{}]
    for group, names in columns.items():
        if blocks[-1] and sum(map(len, blocks[-1].values())) + len(names) > _NARROW_COLUMNS - 1:
            blocks.append({})
        blocks[-1][group] = names
    return blocks


def draw(
    ax: Axes,
    rows: Sequence[str],
    columns: Mapping[str, Sequence[str]],
    squares: Mapping,
    names: Mapping[str, str] | None = None,
) -> Axes:
    """Draw a square for each row and column.

    Args:
        ax: where.
        rows: names, from above.
        columns: by the name of a group, the names of its columns.
        squares: by row, group and column, what came of it and whether data was lost.
        names: by row, what is written above its squares, as for a telephone; beside them and the
            row itself where it is not given.

    Returns:
        The Axes.
    """
    size, pitch = (6.75, 1 + _NAME_ABOVE) if names else (8, 1)
    begin = 0.0
    ticks: dict[float, str] = {}
    for group, of_group in columns.items():
        ax.text(begin, -pitch + 0.7, group, fontsize=size, weight="bold", ha="left", va="bottom")
        for place, name in enumerate(of_group):
            ticks[begin + place + 0.5] = name
            for down, row in enumerate(rows):
                _square(ax, begin + place, pitch * down, squares.get((row, group, name)))
        begin += len(of_group) + 0.6
    ax.set(xlim=(0, max(begin - 0.6, _NARROW_COLUMNS if names else _LEAST)))
    ax.set(ylim=(pitch * len(rows), -1.6 - 1.2 * (pitch - 1)))
    if names:
        ax.set_yticks([])
        for down, row in enumerate(rows):
            ax.text(0, pitch * down - 0.02, names[row], fontsize=size, va="bottom")
    else:
        ax.set_yticks([down + 0.5 for down in range(len(rows))], rows, fontsize=size)
    ax.set_xticks(list(ticks), ticks.values(), fontsize=size, rotation=90)
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
    lost = Patch(facecolor="white", edgecolor=INK, lw=1.4, label="samples lost")
    ncols, size = (4, 6.75) if is_narrow(figure) else (6, 8)
    figure.legend(handles=[*handles, lost], loc="outside lower center", ncols=ncols, fontsize=size)


def describe(rows: Sequence[str], columns: Mapping, squares: Mapping) -> str:
    """Put what `draw` shows, given the same, into words: its alternative text."""
    parts = []
    for row in rows:
        of_row = [square for key, square in squares.items() if key[0] == row]
        counts = Counter(word for word, _ in of_row)
        counted = ", ".join(f"{word} {count}" for word, count in counts.items())
        parts.append(f"{row}: {counted}; samples lost in {sum(lost for _, lost in of_row)}.")
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
    ax.text(
        x + 0.5, y + 0.54, letter, fontsize=_letter_size(ax), ha="center", va="center", color=ink
    )


def _letter_size(ax: Axes) -> float:
    return 6.75 if is_narrow(ax.get_figure()) else 8
