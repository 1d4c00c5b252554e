"""The cells of the atlas for a reader: how `fit` was called, the verdict, and what it cost."""

from pathlib import Path
from typing import Any, NamedTuple

from packaging.version import Version

from epochwatch._exposures.verdict import MEANING
from epochwatch.errors import BadInput
from epochwatch_lab._atlas.cells import AtlasCell
from epochwatch_lab._atlas.files import read_atlas
from epochwatch_lab._atlas.rows import repeated_early, trained_rows
from epochwatch_lab._atlas.toy_feeds import BATCHES, MAJORITY, MINORITY, ROWS

BALANCED = ("choose_from_datasets", "sample_from_datasets", "rejection_resample")
BAD = ("restarts", "skips", "replays")
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
    "raises": "fit ends with an error, so that one knows",
    "reshuffles": MEANING["reshuffles"],
    "resumes": MEANING["resumes"],
}
del MEANINGS[None]
NONE = "none"
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


class RowToll(NamedTuple):
    """What training on a cell's feed came to, in rows of the toy feed.

    Attributes:
        never: rows that were never trained.
        repeated: exposures of a row that had been trained, while another of its stream had not.
    """

    never: int
    repeated: int


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
    called = AtlasCell.from_json(cell)
    verdict, toll = cell_verdict(cell), cell_toll(cell)
    passed_over = (cell.get("observed") or {"batches": {"passed_over": None}})["batches"]
    costly = bool(passed_over["passed_over"]) or any(toll or ())
    return {
        "name": called.name,
        "feed_name": called.feed_name,
        "verdict": verdict,
        "never": toll and toll.never,
        "repeated": toll and toll.repeated,
        "passed_over": passed_over["passed_over"],
        "costly": verdict in BAD or costly,
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


def cell_toll(cell: dict) -> RowToll | None:
    """Count what was never trained, and what was repeated; None where `fit` did not end well.

    Example:
        >>> restarted = [[[[0, 1], [2, 3]], [[0, 1], [2, 3]]]]
        >>> cell_toll({"feed": "arrays", "options": {}, "trained": restarted})
        RowToll(never=16, repeated=4)
    """
    if cell.get("raised"):
        return None
    tolls = [_stream_toll(rows, cell["trained"]) for rows in toy_streams(cell["options"])]
    return RowToll(*map(sum, zip(*tolls, strict=True)))


def toy_streams(options: dict) -> list[range]:
    """List the rows of the streams of a toy feed: of both where it balances two, else of one."""
    if options.get("pipeline") in BALANCED:
        return [range(MAJORITY), range(MAJORITY, MAJORITY + MINORITY)]
    return [range(BATCHES * ROWS)]


def _stream_toll(stream: range, trained: list) -> RowToll:
    wanted, rows = set(stream), trained_rows(trained)
    return RowToll(len(wanted.difference(rows)), repeated_early(rows, wanted))
