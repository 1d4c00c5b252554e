"""A figure with its name and its alternative text, for desktops and for telephones."""

import base64
import functools
import html
import io
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from matplotlib.figure import Figure

from epochwatch._report import style

NARROW_FORM = "application/vnd.epochwatch.narrow+png"  # the version for telephones, in a notebook
PIXELS_AN_INCH = 96  # of a browser
_NARROW_INCHES = 5.0


class Picture(NamedTuple):
    """A figure that shows itself in a notebook.

    Attributes:
        name: of its files, without ending.
        alt: what it shows, in words.
        wide: the figure for a desktop.
        narrow: the figure for a telephone, 390 pixels wide.
    """

    name: str
    alt: str
    wide: Figure
    narrow: Figure

    @classmethod
    def drawn(
        cls,
        name: str,
        alt: str,
        draw: Callable[[Figure], object],
        wide: tuple[float, float] = (8, 2.6),
        narrow: tuple[float, float] = (4, 3),
    ) -> "Picture":
        """Draw a picture twice, in both widths.

        Args:
            name: of its files, without ending.
            alt: what it shows, in words.
            draw: called with an empty figure of either size; `is_narrow` says which it is.
            wide: width and height for a desktop, in inches.
            narrow: width and height for a telephone, in inches.

        Returns:
            The picture.

        Example:
            `Picture.drawn("dots", "Three dots in a row.", lambda f: f.subplots().plot([1, 2, 3]))`
        """
        figures = []
        for size in (wide, narrow):
            with style.figure(*size) as figure:
                draw(figure)
                # Laid out anew at each writing, its parts would move, and its files differ.
                figure.draw_without_rendering()
                figure.set_layout_engine("none")
            figures.append(figure)
        return cls(name, alt, *figures)

    def save(self, folder: Path) -> None:
        """Write `name.svg`, `name.png` and `name-narrow.png` into an existing folder."""
        (folder / f"{self.name}.svg").write_bytes(_written(self.wide, ".svg"))
        (folder / f"{self.name}.png").write_bytes(_written(self.wide, ".png"))
        (folder / f"{self.name}-narrow.png").write_bytes(_written(self.narrow, ".png"))

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        png, narrow = (base64.b64encode(_written(f, ".png")).decode() for f in self[2:])
        width = int(self.wide.get_figwidth() * PIXELS_AN_INCH)
        # Jupyter and nbconvert's own exporters take the HTML: an image alone has no words there.
        shown = f'<img alt="{html.escape(self.alt)}" width="{width}" src="data:image/png;base64,'
        forms = {
            "text/html": f'{shown}{png}">',
            "image/png": png,
            "image/svg+xml": _written(self.wide, ".svg").decode(),
            NARROW_FORM: narrow,
            "text/plain": self.alt,
        }
        narrow_width = int(self.narrow.get_figwidth() * PIXELS_AN_INCH)
        sizes = {
            "image/png": {"alt": self.alt, "width": width},
            NARROW_FORM: {"width": narrow_width},
        }
        return forms, {**sizes, "filename": self.name}


def is_narrow(figure: Figure) -> bool:
    """Whether a figure is meant for a telephone."""
    return figure.get_figwidth() < _NARROW_INCHES


# A picture that is kept and shown is drawn once for both.
@functools.lru_cache(maxsize=8)
def _written(figure: Figure, ending: str) -> bytes:
    file = io.BytesIO()
    style.write(figure, file, ending)
    return file.getvalue()
