"""A sweep: many runs of one notebook, written down in a small YAML file.

A sweep keeps a copy of the notebook that it began with, in `outputs/sweeps/<name>.notebook`, and
makes all its runs from that: a notebook edited meanwhile changes nothing of what was planned.
"""

import itertools
import json
import reprlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from epochwatch._files import write_whole
from epochwatch.errors import BadInput
from epochwatch_lab._runs import project
from epochwatch_lab._runs.environment import run_id, source_digest
from epochwatch_lab._runs.folder import writable
from epochwatch_lab._runs.notebooks import parameters_of
from epochwatch_lab._runs.parameters import RUN_NAME, Parameters, varied

MOST_RUNS = 100_000
LARGEST_FILE = 2**20
ALLOWED = {
    "name": "up to 64 letters, digits, - and _, with a letter or digit first",
    "notebook": "the name of a notebook",
    "fixed": "each parameter with its value",
    "grid": "each parameter with a list of values",
    "list": "for each run its parameters, each with its value",
    "seeds": "a list of integers",
}
KEYS = ", ".join(ALLOWED)
Value = int | str | None


class SweepFile(BaseModel):
    """What stands in the file.

    Attributes:
        name: of the sweep.
        notebook: its name, without ending.
        fixed: parameters that all runs share.
        grid: values by parameter; every combination is a run.
        each: instead of a grid, the parameters of one run after the other (`list` in the file).
        seeds: every run once with each.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(pattern=f"^{RUN_NAME}$")
    notebook: str
    fixed: dict[str, Value] = {}
    grid: dict[str, list[Value]] | None = None
    each: list[dict[str, Value]] | None = Field(None, alias="list")
    seeds: list[int] | None = None


class PlannedRun(NamedTuple):
    """One run of a sweep.

    Attributes:
        id: of what it is made from: the notebook's and the packages' source, parameters, data.
        parameters: checked; the run is named by its id, so sweeps share what they have in common.
        source: the file of the notebook.
    """

    id: str
    parameters: Parameters
    source: Path


class Sweep(NamedTuple):
    """A sweep, checked whole.

    Attributes:
        name: of the sweep.
        notebook: its name, without ending.
        varied: the parameters in which its runs differ, in the file's order.
        planned: its runs, in the file's order.
        source: the file of the notebook that they are made from.
    """

    name: str
    notebook: str
    varied: tuple[str, ...]
    planned: tuple[PlannedRun, ...]
    source: Path

    @property
    def is_edited(self) -> bool:
        """Whether the notebook is another one than that which the sweep began with."""
        return source_digest(self.source) != source_digest(project.notebook_path(self.notebook))

    def named(self, run: PlannedRun) -> str:
        """Name a run by what differs from the others.

        Returns:
            For example `positive_digit=1 feed=tf_data`.
        """
        values = run.parameters.model_dump()
        return " ".join(f"{name}={values[name]}" for name in self.varied)


def read_sweep(path: Path, outputs: Path, *, anew: bool = False) -> Sweep:
    """Read a sweep's file and check every run of it, before anything is started.

    Args:
        path: of the file.
        outputs: folder of all runs, where the notebook is that the sweep began with, if it did.
        anew: plan with the notebook as it is now, all the same.

    Returns:
        The sweep, with all its runs planned.

    Raises:
        BadInput: one line that names the file and what is wrong in it.
    """
    try:
        return _checked(_contents(path), outputs, anew)
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from None


def begin(sweep: Sweep, planned: Iterable[PlannedRun], outputs: Path) -> list[PlannedRun]:
    """Keep the notebook that a sweep begins with, beside its summary.

    Args:
        sweep: as it was read.
        planned: those of its runs that are to be made.
        outputs: folder of all runs.

    Returns:
        The runs, to be made from what is kept.

    Raises:
        BadInput: the folder cannot be written.
    """
    kept = _kept_notebook(sweep.name, sweep.notebook, outputs)
    if sweep.source != kept:
        content = sweep.source.read_bytes()
        with writable(kept.parent):
            kept.parent.mkdir(parents=True, exist_ok=True)
            write_whole(kept, lambda file: file.write(content))
    return [run._replace(source=kept) for run in planned]


def _kept_notebook(sweep: str, notebook: str, outputs: Path) -> Path:
    return outputs.resolve() / project.SUMMARY / f"{sweep}.notebook" / f"{notebook}.ipynb"


def find(sweep: Sweep, run_id: str) -> PlannedRun:
    """Find one run of a sweep.

    Raises:
        BadInput: none has that id, or several.
    """
    found = [run for run in sweep.planned if run.id.startswith(run_id) and run_id]
    if len(found) != 1:
        raise BadInput(
            f"--id: got {reprlib.repr(run_id)}, which fits {len(found):,} runs of the sweep, "
            f"allowed: the id of one; epochwatch sweep --dry-run lists them"
        )
    return found[0]


def chosen(sweep: Sweep, only: Iterable[str]) -> list[PlannedRun]:
    """Choose the runs that have some values.

    Returns:
        The runs, in the file's order.

    Raises:
        BadInput: a text is something else, or no run has these values.
    """
    there = {
        name: dict.fromkeys(str(getattr(one.parameters, name)) for one in sweep.planned)
        for name in type(sweep.planned[0].parameters).model_fields
    }
    wanted = defaultdict(set)
    for text in only:
        name, _, value = text.partition("=")
        if name not in there or value not in there[name]:
            allowed = there.get(name, sweep.varied or there)
            of = f"{name}=VALUE, VALUE one of" if name in there else "NAME=VALUE, NAME one of"
            raise BadInput(f"--only: got {text!r}, allowed: {of} {', '.join(allowed)}")
        wanted[name].add(value)
    found = [
        run
        for run in sweep.planned
        if all(str(getattr(run.parameters, name)) in values for name, values in wanted.items())
    ]
    if not found:
        raise BadInput(
            f"--only: none of the {len(sweep.planned):,} runs has {' '.join(only)}; ask for less"
        )
    return found


class _StrictLoader(yaml.SafeLoader):
    """Refuses what YAML would quietly take the last of."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = next((key for i, key in enumerate(keys) if key in keys[:i]), None)
        if twice is not None:
            raise BadInput(f"{twice}: is given twice, allowed: once")
        return super().construct_mapping(node, deep)


def _contents(path: Path) -> Mapping:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise BadInput("is larger than 1 MiB, allowed: a sweep's file")
        contents = yaml.load(path.read_text(encoding="utf-8"), _StrictLoader)
    except OSError as error:
        raise BadInput(f"cannot be read ({error.strerror}), allowed: a sweep's YAML file") from None
    # PyYAML trips over what is no YAML in each of these ways.
    except (yaml.YAMLError, UnicodeDecodeError, TypeError, RecursionError, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise BadInput(f"is not YAML{where}, allowed: {KEYS}") from None
    if not isinstance(contents, Mapping):
        raise BadInput(f"got {reprlib.repr(contents)}, allowed: {KEYS}")
    return contents


def _checked(contents: Mapping, outputs: Path, anew: bool) -> Sweep:
    file = _parsed(contents)
    model = parameters_of(file.notebook)
    kept = _kept_notebook(file.name, file.notebook, outputs)
    source = kept if kept.is_file() and not anew else project.notebook_path(file.notebook)
    digest = source_digest(source)
    planned = [_planned(model, source, digest, values) for values in _combinations(file)]
    ids = [run.id for run in planned]
    twice = next((one for one, group in itertools.groupby(sorted(ids)) if len([*group]) > 1), None)
    if twice:
        values = planned[ids.index(twice)].parameters.model_dump(exclude={"run_name"})
        raise BadInput(f"makes the same run twice, {json.dumps(values)}; leave one out")
    names = varied([run.parameters.model_dump() for run in planned])
    return Sweep(file.name, file.notebook, tuple(names), tuple(planned), source)


def _parsed(contents: Mapping) -> SweepFile:
    try:
        file = SweepFile.model_validate(contents)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part not in ("int", "str"))
        shown = where if where.isprintable() else repr(where)
        if first["type"] == "missing":
            raise BadInput(f"{shown}: is missing, allowed: {ALLOWED[shown]}") from None
        allowed = ALLOWED.get(first["loc"][0], f"one of {KEYS}")
        raise BadInput(f"{shown}: got {reprlib.repr(first['input'])}, allowed: {allowed}") from None
    if file.grid is not None and file.each is not None:
        raise BadInput("has both a grid and a list, allowed: one of the two")
    if not (file.grid or file.each or file.seeds):
        raise BadInput("makes no run, allowed: a grid, a list or seeds that make one run or more")
    return file


def _combinations(file: SweepFile) -> list[dict[str, Value]]:
    """Write out the parameters of every run."""
    axes = dict(file.grid or {})
    listed = [{}] if file.each is None else file.each
    if file.seeds is not None:
        axes["seed"] = _apart("seeds", file.seeds, "seed", axes, *listed)
    for name, values in axes.items():
        _apart(f"grid.{name}", values, name, file.fixed, *listed)
    for values in listed:
        for name in values:
            _apart(f"list.{name}", [None], name, file.fixed)
    many = len(listed)
    for values in axes.values():
        many *= len(values)
    if many > MOST_RUNS:
        raise BadInput(f"makes {many:,} runs, allowed: up to {MOST_RUNS:,}")
    grid = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    return [file.fixed | values | point for values in listed for point in grid]


def _apart(where: str, values: list, name: str, *others: Mapping) -> list:
    """Check that an axis has values, and that its parameter is set nowhere else."""
    if not values:
        raise BadInput(f"{where}: got [], allowed: a list of one value or more")
    if any(name in other for other in others):
        raise BadInput(f"{where}: {name} is set in two places; set it in one")
    return values


def _planned(
    model: type[Parameters], source: Path, digest: str, values: Mapping[str, Value]
) -> PlannedRun:
    if "run_name" in values:
        raise BadInput(
            "run_name: cannot be set; leave it out: each run of a sweep is named by its id"
        )
    given = {name: value for name, value in values.items() if value is not None}
    identity = run_id(digest, model.checked(given))
    return PlannedRun(identity, model.checked({**given, "run_name": identity}), source)
