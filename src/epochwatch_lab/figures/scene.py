"""A satellite scene: some of its patches, and where on it a training has been."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from epochwatch._report.style import FAINT, LOOKS
from epochwatch._text import percent
from epochwatch_lab.figures.picture import Picture, is_narrow

_BRIGHTEST = 98  # percentile of reflectance that is drawn white
_SOME, _ALL = LOOKS["majority"].colour, "#123a63"  # of a square's patches were trained
_MOST_SQUARES = 60  # across a map


class Trained(NamedTuple):
    """Where a training has been.

    Attributes:
        patches: in the scene.
        columns: patches in a row of it.
        seen: int64, numbers of the patches trained.
    """

    patches: int
    columns: int
    seen: np.ndarray

    @property
    def rows(self) -> int:
        """Rows of patches in the scene."""
        return -(-self.patches // self.columns)

    @property
    def rows_met(self) -> int:
        """Rows with a patch that was trained."""
        return len(np.unique(self.seen // self.columns))

    @property
    def edge(self) -> int:
        """Patches along an edge of the squares that are drawn, so that none is too small."""
        return -(-self.columns // _MOST_SQUARES)

    def shares(self) -> np.ndarray:
        """The share of each square's patches that was trained; NaN outside of the scene."""
        rows, columns = (-(-n // self.edge) for n in (self.rows, self.columns))
        row, column = np.divmod(np.arange(self.patches), self.columns)
        square = row // self.edge * columns + column // self.edge
        counts = np.bincount(square, minlength=rows * columns)
        seen = np.bincount(square[self.seen], minlength=rows * columns)
        with np.errstate(invalid="ignore"):
            return (seen / counts).reshape(rows, columns)


def maps_picture(maps: Mapping[str, Trained]) -> Picture:
    """Draw the scene of each training, and a key of what the colours mean.

    Args:
        maps: by title, where each training has been.

    Returns:
        The picture: maps in one row, or in rows of two.
    """

    def draw_on(figure):
        across = 2 if is_narrow(figure) else len(maps)
        axes = figure.subplots(-(-len(maps) // across), across, squeeze=False).flat
        for ax in axes[len(maps) :]:
            ax.set_axis_off()
        draw_maps(axes[: len(maps)], maps)
        draw_key(figure, next(iter(maps.values())))

    sizes = {"wide": (8, 3.0), "narrow": (4, 0.6 + 2.1 * -(-len(maps) // 2))}
    return Picture.drawn("maps", describe_maps(maps), draw_on, **sizes)


def draw_key(figure: Figure, trained: Trained) -> None:
    """Draw what the colours of `draw_maps` mean, below the maps.

    Args:
        figure: with the maps.
        trained: any of them.
    """
    single = trained.edge == 1
    meanings = {"never trained": FAINT} | (
        {"trained": _ALL} if single else {"some patches trained": _SOME, "all trained": _ALL}
    )
    keys = [Rectangle((0, 0), 1, 1, color=colour, label=name) for name, colour in meanings.items()]
    spacing = {"handlelength": 1, "handletextpad": 0.4, "columnspacing": 1}
    figure.legend(handles=keys, loc="outside lower center", ncols=3, fontsize=8.5, **spacing)


def draw_maps(axes: Sequence[Axes], maps: Mapping[str, Trained]) -> Sequence[Axes]:
    """Draw the scene of each training, in squares of patches: the darker, the more were trained.

    A square of which a single patch was trained is seen as well as any.

    Args:
        axes: one to a training.
        maps: by title, where it has been.

    Returns:
        The Axes.
    """
    blues = LinearSegmentedColormap.from_list("trained", [_SOME, _ALL])
    blues = blues.with_extremes(under=FAINT, bad="white")
    for ax, (title, trained) in zip(axes, maps.items(), strict=True):
        scale = {"cmap": blues, "vmin": 1e-9, "vmax": 1}  # nothing at all is below the scale
        ax.imshow(trained.shares(), **scale, interpolation="nearest", aspect="auto")
        ax.set_title(title, fontsize=9)
        ax.set(xticks=[], yticks=[])
        rows = f"{trained.rows_met:,} of {trained.rows:,} rows"
        ax.set_xlabel(f"{len(trained.seen):,} patches, in {rows}", fontsize=8)
    return axes


def describe_maps(maps: Mapping[str, Trained]) -> str:
    """Put what `draw_maps` shows, given the same, into words: its alternative text."""
    parts = "; ".join(
        f"{title}: {len(trained.seen):,} patches trained, in {trained.rows_met:,} of "
        f"{trained.rows:,} rows"
        for title, trained in maps.items()
    )
    first = next(iter(maps.values()))
    squares = f", in squares of {first.edge} by {first.edge}" if first.edge > 1 else ""
    return f"Maps of a scene of {first.patches:,} patches{squares}. {parts}."


class Patch(NamedTuple):
    """One patch with its label.

    Attributes:
        band: float (height, width), one of its bands.
        label: (height, width), 1 where it is of the rare class.
        margin: pixels on each side that its neighbours have as well.
    """

    band: np.ndarray
    label: np.ndarray
    margin: int


def patches_picture(patches: Sequence[Patch]) -> Picture:
    """Draw some patches and their labels.

    Args:
        patches: what to draw.

    Returns:
        The picture.
    """

    def draw_on(figure):
        return draw_patches(figure.subplots(2, len(patches)), patches)

    sizes = {"wide": (8, 3.1), "narrow": (4, 2)}
    return Picture.drawn("patches", describe_patches(patches), draw_on, **sizes)


def draw_patches(axes: np.ndarray, patches: Sequence[Patch]) -> np.ndarray:
    """Draw patches side by side: above a band, below the label; dashed where the margin begins.

    Args:
        axes: (2, patches) Axes.
        patches: what to draw.

    Returns:
        The Axes.
    """
    white = np.percentile([patch.band for patch in patches], _BRIGHTEST)
    rare = ListedColormap([FAINT, LOOKS["minority"].colour])
    for (above, below), patch in zip(axes.T, patches, strict=True):
        above.imshow(patch.band, cmap="gray", vmin=0, vmax=white)
        below.imshow(patch.label, cmap=rare, vmin=0, vmax=1)
        below.set_xlabel(f"{percent(float(patch.label.mean()))} rare", fontsize=8)
        height, width = patch.band.shape
        for ax in (above, below):
            ax.set(xticks=[], yticks=[])
            if patch.margin:
                corner = (patch.margin - 0.5, patch.margin - 0.5)
                inner = width - 2 * patch.margin, height - 2 * patch.margin
                dashes = {"ls": "--", "edgecolor": LOOKS["majority"].colour, "lw": 1}
                ax.add_patch(Rectangle(corner, *inner, fill=False, **dashes))
    axes[0, 0].set_ylabel("a band", fontsize=9)
    axes[1, 0].set_ylabel("label", fontsize=9)
    return axes


def describe_patches(patches: Sequence[Patch]) -> str:
    """Put what `draw_patches` shows, given the same, into words: its alternative text."""
    shares = ", ".join(percent(float(patch.label.mean())) for patch in patches)
    height, width = patches[0].band.shape
    return (
        f"{len(patches)} patches of {height} by {width} pixels, a band and the label of each; "
        f"of the rare class are {shares} of their pixels. Dashed: {patches[0].margin} on each side "
        "belong to the neighbours as well."
    )
