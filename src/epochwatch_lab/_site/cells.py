"""The cells of the atlas as its page has them: the one place that knows how a file writes them."""

import collections
import dataclasses
import functools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from epochwatch._auditing.request import LOSES
from epochwatch.errors import BadInput
from epochwatch_lab._atlas.batches_text import text_of
from epochwatch_lab._atlas.cells import FIT, AtlasCell
from epochwatch_lab._atlas.files import read_atlas
from epochwatch_lab._atlas.outcomes import NOTED, verdict_of, warns_of_it
from epochwatch_lab._atlas.places import Place
from epochwatch_lab._atlas.rows import begun_epochs, loses_for_certain
from epochwatch_lab._atlas.toy_feeds import BATCHES

DRAWN_SHOWN = 3  # epochs of an order that chance draws

Lines = tuple[str, str, tuple[str, ...]]  # a title, what a line is, and each line's batches


@dataclasses.dataclass(frozen=True, eq=False)
class AtlasFile:
    """One file of the atlas.

    Attributes:
        name: of the file, without its ending.
        environment: versions, backend and date.
    """

    name: str
    environment: dict[str, Any]

    @property
    def place(self) -> Place:
        return Place.of(self.environment)

    @property
    def keras(self) -> str:
        """Package and minor version, for a reader."""
        return self.place.keras

    @property
    def backend(self) -> str:
        return self.environment["backend"]


@dataclasses.dataclass(frozen=True)
class PageCell:
    """One cell.

    Attributes:
        file: where it is from.
        recorded: the cell as `read_atlas` gives it.
    """

    file: AtlasFile
    recorded: dict[str, Any]

    @functools.cached_property
    def described(self) -> AtlasCell:
        return AtlasCell.from_json(self.recorded)

    @functools.cached_property
    def way(self) -> dict[str, Any]:
        """How the cell is called, as in its file."""
        return self.described.as_json()

    @functools.cached_property
    def address(self) -> str:
        return self.described.address(self.file.environment)

    @property
    def observed(self) -> dict[str, Any]:
        """What the audit found; empty where it found nothing, or was not asked."""
        return self.recorded.get("observed") or {}

    @property
    def expected(self) -> dict[str, Any]:
        return self.recorded.get("expected") or {}

    @property
    def raised(self) -> str | None:
        return self.recorded["raised"]

    @property
    def findings(self) -> list[str]:
        return self.observed.get("findings", [])

    @property
    def verdict(self) -> str:
        return verdict_of(self.recorded)

    @property
    def lost(self) -> tuple[int, int] | None:
        """Rows lost, and rows that as many steps reach; None where that is not known."""
        samples = self.observed.get("samples", {})
        if samples.get("reachable") is None:
            return None
        return samples["lost"], samples["reachable"]

    @property
    def loses(self) -> bool:
        """Whether rows are lost, be it by chance or timing."""
        return LOSES in self.findings

    @property
    def loses_for_certain(self) -> bool:
        return loses_for_certain(self.recorded, self.file.backend)

    @property
    def is_warned_of(self) -> bool:
        return warns_of_it(self.recorded["warnings"])

    @property
    def alike(self) -> bool:
        return self.observed.get("order", {}).get("alike", False)

    @property
    def shuffled_by(self) -> str | None:
        return self.observed.get("order", {}).get("shuffled_by")

    @property
    def steps(self) -> list[int]:
        """Steps run, by epoch."""
        return self.observed.get("steps", {}).get("run", [])

    @property
    def differing(self) -> int:
        """How many of the runs came out otherwise than the first."""
        return len(self.recorded["others"])

    @property
    def is_drawn(self) -> bool:
        """Whether chance has a say in the order."""
        return bool(self.observed) and not self.observed["order"]["fixed"]

    @property
    def is_sound(self) -> bool:
        """Whether `fit` came to its end, and the audit has found nothing."""
        return bool(self.observed) and not self.findings and not self.raised

    @property
    def batches(self) -> int:
        """Batches in a pass of the feed, or as many as an endless one is read off."""
        return self.recorded["options"].get("batches", BATCHES)

    def boundary(self, fit: int, epoch: int) -> str | None:
        """Return the verdict of what follows an epoch."""
        return next(
            (
                each["verdict"]
                for each in self.observed.get("boundaries", [])
                if (each["after"]["fit"], each["after"]["epoch"]) == (fit, epoch)
            ),
            None,
        )


def read_cells(atlas: Path) -> list[PageCell]:
    """Read the atlas, the newest Keras first.

    Raises:
        BadInput: there is none, a file is damaged, or two cells have one address.
    """
    cells = []
    for path, read in zip(sorted(atlas.glob("*.json")), read_atlas(atlas), strict=True):
        try:
            file = AtlasFile(path.stem, read["environment"])
            of_file = [PageCell(file, each) for each in read["cells"]]
            # What is damaged is found here, where its file is known.
            for cell in of_file:
                check_told(cell)
            cells.append((file.place.age, of_file))
        except (AttributeError, KeyError, TypeError, ValueError, StopIteration):
            raise BadInput(f"{path}: is damaged; `make atlas` makes it again") from None
    cells = [cell for _, of_file in sorted(cells, key=lambda file: file[0]) for cell in of_file]
    check_addresses(atlas, cells)
    return cells


def check_told(cell: PageCell) -> None:
    """Refuse a cell that does not tell how it was called, or what came of it.

    Raises:
        ValueError: or another error of something that is not there.
    """
    if not (cell.address and cell.verdict):
        raise ValueError(cell.address)


def check_addresses(atlas: Path, cells: Iterable[PageCell]) -> None:
    """Refuse two cells of one address: a link could lead to only one of them.

    Raises:
        BadInput: with the first.
    """
    first: dict[str, PageCell] = {}
    for cell in cells:
        other = first.setdefault(cell.address, cell)
        if other is not cell:
            raise BadInput(
                f"{atlas / cell.file.name}.json: has the cell {cell.address}, and so has "
                f"{other.file.name}.json; keep one of them, for both are one release to a reader"
            )


def lines_of(cell: PageCell) -> Iterator[Lines]:
    """Write the batches of a cell: what was trained, or what an act has noted."""
    recorded = cell.recorded
    shown = DRAWN_SHOWN if cell.is_drawn else None
    fits = recorded.get("trained", [])
    titles = [f"fit {number}" if len(fits) > 1 else "" for number in range(1, len(fits) + 1)]
    if "undone" in recorded:
        titles = ["before the interruption, as far as it was saved", "after it"]
    for title, epochs in zip(titles, with_empty_epochs(cell), strict=True):
        yield title, "epoch", tuple(map(text_of, epochs[:shown]))
        if "undone" in recorded and title == titles[0]:
            yield "trained, and undone by the interruption", "", texts_of(recorded["undone"])
    for name, unit in NOTED.items():
        if name in recorded:
            yield "", unit, texts_of(recorded[name])


def texts_of(epochs: Iterable[list[list[int]]]) -> tuple[str, ...]:
    return tuple(map(text_of, epochs))


def with_empty_epochs(cell: PageCell) -> list[list]:
    """Return what was trained by fit and epoch, with the epochs at a fit's end that had no step."""
    trained = cell.recorded.get("trained", [])
    if cell.recorded["act"] != FIT:
        return trained
    begun = collections.Counter(fit for fit, _ in begun_epochs(trained, cell.steps))
    return [
        [*epochs, *[[]] * (begun[fit] - len(epochs))] for fit, epochs in enumerate(trained, start=1)
    ]
