"""A sweep: many runs of one notebook, written down in a small YAML file."""

import itertools
import json
import reprlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from epochwatch.errors import BadInput
from epochwatch_lab.runs import project
from epochwatch_lab.runs.environment import identity, source_digest
from epochwatch_lab.runs.parameters import RUN_NAME, Parameters, parameters_of, varied

MOST_RUNS = 100_000
LARGEST_FILE = 2**20
ALLOWED = {
    "name": "a name of up to 64 letters, digits, - and _ that begins with one of the former",
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


class Request(NamedTuple):
    """One run of a sweep.

    Attributes:
        id: of what it is made from: the notebook's source, the parameters, the package's version.
        parameters: checked; the run is named by its id, so sweeps share what they have in common.
    """

    id: str
    parameters: Parameters


class Sweep(NamedTuple):
    """A sweep, checked whole.

    Attributes:
        name: of the sweep.
        notebook: its name, without ending.
        varied: the parameters in which its runs differ, in the file's order.
        requests: its runs, in the file's order.
    """

    name: str
    notebook: str
    varied: tuple[str, ...]
    requests: tuple[Request, ...]

    def named(self, request: Request) -> str:
        """Say in which way a run differs from the others.

        Returns:
            For example `positive_digit=1 feed=tf_data`.
        """
        values = request.parameters.model_dump()
        return " ".join(f"{name}={values[name]}" for name in self.varied)


def read_sweep(path: Path) -> Sweep:
    """Read a sweep's file and check every run of it, before anything is started.

    Raises:
        BadInput: one line that names the file and what is wrong in it.
    """
    try:
        return _checked(_contents(path))
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from None


def find(sweep: Sweep, run_id: str) -> Request:
    """Find one run of a sweep.

    Raises:
        BadInput: none has that id, or several.
    """
    found = [request for request in sweep.requests if request.id.startswith(run_id) and run_id]
    if len(found) != 1:
        raise BadInput(
            f"--id: got {reprlib.repr(run_id)}, which {len(found):,} runs of the sweep have, "
            f"allowed: the id of one; epochwatch sweep --dry-run lists them"
        )
    return found[0]


def chosen(sweep: Sweep, only: Iterable[str]) -> list[Request]:
    """Choose the runs that have some values.

    Returns:
        The runs, in the file's order.

    Raises:
        BadInput: a text is something else, or no run has these values.
    """
    there = {
        name: dict.fromkeys(str(getattr(one.parameters, name)) for one in sweep.requests)
        for name in type(sweep.requests[0].parameters).model_fields
    }
    wanted = defaultdict(set)
    for text in only:
        name, _, value = text.partition("=")
        if name not in there or value not in there[name]:
            allowed = there.get(name, sweep.varied or there)
            of = f"{name}=…, of" if name in there else "NAME=VALUE, with NAME of"
            raise BadInput(f"--only: got {text!r}, allowed: {of} {', '.join(allowed)}")
        wanted[name].add(value)
    found = [
        request
        for request in sweep.requests
        if all(str(getattr(request.parameters, name)) in of for name, of in wanted.items())
    ]
    if not found:
        raise BadInput(f"--only: no run of {len(sweep.requests):,} has {' '.join(only)}")
    return found


class _StrictLoader(yaml.SafeLoader):
    """Refuses what YAML would quietly take the last of."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = next((key for i, key in enumerate(keys) if key in keys[:i]), None)
        if twice is not None:
            raise BadInput(f"{twice}: is there twice, allowed: once")
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
        raise BadInput(f"is no YAML{where}, allowed: {KEYS}") from None
    if not isinstance(contents, Mapping):
        raise BadInput(f"got {reprlib.repr(contents)}, allowed: {KEYS}")
    return contents


def _checked(contents: Mapping) -> Sweep:
    file = _parsed(contents)
    model = parameters_of(file.notebook)
    digest = source_digest(project.notebook_path(file.notebook))
    requests = [_request(model, digest, values) for values in _combinations(file)]
    ids = [request.id for request in requests]
    twice = next((one for one, group in itertools.groupby(sorted(ids)) if len([*group]) > 1), None)
    if twice:
        values = requests[ids.index(twice)].parameters.model_dump(exclude={"run_name"})
        raise BadInput(f"has the same run twice, {json.dumps(values)}; leave one out")
    names = varied([request.parameters.model_dump() for request in requests])
    return Sweep(file.name, file.notebook, tuple(names), tuple(requests))


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
        raise BadInput("has a grid and a list, allowed: one of the two")
    if not (file.grid or file.each or file.seeds):
        raise BadInput("is empty, allowed: a grid, a list or seeds that make one run or more")
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
        raise BadInput(f"{where}: {name} is set in two places, allowed: one")
    return values


def _request(model: type[Parameters], digest: str, values: Mapping[str, Value]) -> Request:
    if "run_name" in values:
        raise BadInput("run_name: cannot be set, the runs of a sweep are named by their ids")
    given = {name: value for name, value in values.items() if value is not None}
    parameters = model.checked(given)
    run_id = identity(digest, parameters.model_dump())
    return Request(run_id, model.checked({**given, "run_name": run_id}))
