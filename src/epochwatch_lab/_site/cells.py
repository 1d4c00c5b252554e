"""The cells of the atlas for a reader: how `fit` was called, and the audit's four answers.

Order, loss, variety and measure are what the audit says of a cell; nothing is counted here.
"""

from pathlib import Path
from typing import Any, NamedTuple

from packaging.version import Version

from epochwatch._auditing.request import ALIKE, LOSES, UNMEASURED
from epochwatch._exposures.verdict import MEANING
from epochwatch.errors import BadInput
from epochwatch_lab._atlas.cells import AtlasCell
from epochwatch_lab._atlas.defects import findings_of
from epochwatch_lab._atlas.files import read_atlas

# What a cell has instead of a verdict, by how what it raised begins.
ENDINGS = {
    "did not end": "hangs",
    "the process ended": "crashes",
    "": "raises",
}
MEANINGS = {name: text for name, text in MEANING.items() if name not in ("reshuffles", "resumes")}
MEANINGS |= {
    "hangs": "fit does not end",
    "crashes": "fit takes the whole process down with it",
    "raises": "fit ends with an error",
    "reshuffles": MEANING["reshuffles"],
    "resumes": MEANING["resumes"],
}
del MEANINGS[None]
NONE = "none"
MEASURED = {"pass": "in a pass", "came round": "came round", "given": "given"}
MEANINGS[NONE] = MEANING[None]


class AtlasFile(NamedTuple):
    """One file of the atlas.

    Attributes:
        name: of the file, without its ending.
        environment: versions, backend and date.
        cells: as they are in the file.
        facts: of each cell, what `cell_facts` lists.
    """

    name: str
    environment: dict[str, Any]
    cells: list[dict]
    facts: list[dict[str, Any]]

    @property
    def keras(self) -> str:
        """Package and version, as a requirement is named."""
        return f"{self.environment['package']} {self.environment['keras']}"

    @property
    def age(self) -> tuple:
        """What files are sorted by: Keras before tf_keras, the newest version first."""
        release = Version(self.environment["keras"]).release
        return self.environment["package"] != "keras", *(-part for part in release)


def read_files(atlas: Path) -> list[AtlasFile]:
    """Read the atlas, the newest Keras first.

    Raises:
        BadInput: there is none, or a file is damaged.
    """
    files = []
    for path, read in zip(sorted(atlas.glob("*.json")), read_atlas(atlas), strict=True):
        try:
            file = AtlasFile(path.stem, **read, facts=[cell_facts(cell) for cell in read["cells"]])
            file.age, file.environment["backend"]
        except (AttributeError, KeyError, TypeError, ValueError):
            raise BadInput(f"{path}: is damaged; `make atlas` makes it again") from None
        files.append(file)
    return sorted(files, key=lambda file: file.age)


def cell_facts(cell: dict) -> dict[str, Any]:
    """List what the page shows of a cell and filters by, beside what its file has."""
    called, findings = AtlasCell.from_json(cell), findings_of(cell)
    return {
        "name": called.name,
        "feed_name": called.feed_name,
        "verdict": cell_verdict(cell),
        "loss": cell_loss(cell),
        "variety": cell_variety(cell),
        "measure": cell_measure(cell),
        "unsound": bool(findings),
        "loses": LOSES in findings,
        "disagrees": (cell.get("expected") or {}).get("agrees") is False,
        "differs": bool(cell.get("others")),
        "warned": bool(cell.get("warnings")),
    }


def cell_verdict(cell: dict) -> str:
    """Name a cell's verdict, or how it ended.

    Example:
        >>> cell_verdict({"raised": "IndexError: list index out of range"})
        'raises'
    """
    if cell.get("raised"):
        return next(end for begin, end in ENDINGS.items() if cell["raised"].startswith(begin))
    return cell["observed"]["verdict"] or NONE


def cell_loss(cell: dict) -> str | None:
    """Say how many of the rows that its steps reach a cell lost; None where none is known.

    Example:
        >>> cell_loss({"observed": {"samples": {"reachable": 20, "lost": 8}}})
        '8 of 20'
    """
    samples = cell["observed"]["samples"] if cell["observed"] else {"reachable": None}
    if samples["reachable"] is None:
        return None
    return f"{samples['lost']} of {samples['reachable']}"


def cell_variety(cell: dict) -> str | None:
    """Say whether a cell's epochs had an order of their own."""
    if not cell["observed"]:
        return None
    order = cell["observed"]["order"]
    if order["alike"]:
        return ALIKE
    return "not shuffled" if order["shuffled_by"] is None else f"{order['shuffled_by']} shuffles"


def cell_measure(cell: dict) -> str | None:
    """Say by what the number of a cell's rows is known, or that it is not."""
    if not cell["observed"]:
        return None
    if cell["observed"]["unmeasured"]:
        return UNMEASURED
    samples = cell["observed"]["samples"]
    by = samples["population_by"]
    return "no end" if by is None else f"{samples['population']} {MEASURED[by]}"
