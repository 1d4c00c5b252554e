"""What a notebook may be given: the model that the models of all notebooks share.

Each notebook has a model of its own in `_runs/notebooks`, for its first cell, for the command
line and for sweeps.
"""

import ast
import contextlib
import difflib
import itertools
import operator
import re
import reprlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from epochwatch.errors import BadInput
from epochwatch_lab.datasets import DataSet
from epochwatch_lab.datasets._population import Population

RUN_NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
# What is given is written down in plain text: run.json, the notebook, perhaps a post.
SECRET = re.compile(
    r"passw|passphrase|secret|token|credential|api_?key|private_?key", re.IGNORECASE
)
# What somebody may have meant as a parameter; functions, modules and arrays are none.
SIMPLE = (bool, int, float, str, list, dict, type(None))
OF_IPYTHON = ("In", "Out")

Steps = Annotated[int, Field(ge=1, le=1_000_000)]
RunName = Annotated[
    str, Field(pattern=f"^{RUN_NAME}$", description="the run's folder under outputs")
]


class Parameters(BaseModel):
    """What all notebooks share.

    Attributes:
        notebook: name of the notebook, and of the folder of its runs.
        data_set: that the notebook reads; None where it writes its own.
        uses_keras: whether it does, so that a run imports Keras where it begins.
        promised: what a run must leave in its folder to be finished.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    notebook: ClassVar[str]
    data_set: ClassVar[DataSet | None] = None
    uses_keras: ClassVar[bool] = True
    promised: ClassVar[tuple[str, ...]] = ("findings.json", "exposures/manifest.json", "figures")

    @classmethod
    def check_data(cls) -> None:
        """See whether the notebook's data set can be used.

        Raises:
            DataError: it cannot.
        """
        if cls.data_set is not None:
            cls.data_set.check()

    @classmethod
    def data_digest(cls) -> str | None:
        """Sum up the notebook's data set in 64 hexadecimal digits; None where it has none."""
        return None if cls.data_set is None else cls.data_set.digest()

    def population(self) -> Population | None:
        """Find the samples that a run could have trained on; None where nobody knows them."""
        return None

    @classmethod
    def from_names(cls, names: Mapping[str, object]):
        """Check what a notebook's first cell has set; None stands for the default.

        Args:
            names: the notebook's `globals()`.

        Raises:
            BadInput: a value is not allowed, a parameter is missing, or something else was set
                that is none.
        """
        for name in names_set_beside(names, cls.model_fields):
            raise BadInput(unknown_parameter(name, cls.model_fields))
        for name in cls.model_fields:
            if name not in names:
                raise BadInput(f"{name}: is missing, allowed: {cls.allowed(name)}")
        return cls.checked({n: names[n] for n in cls.model_fields if names[n] is not None})

    @classmethod
    def from_text(cls, texts: Mapping[str, str]):
        """Check values given as text, on a command line.

        Raises:
            BadInput: a name is unknown, or a value is not allowed.
        """
        return cls.checked(texts, as_text=True)

    @classmethod
    def checked(cls, values: Mapping[str, object], *, as_text: bool = False):
        """Check values, and turn what pydantic says into one line.

        Raises:
            BadInput: a name is unknown, or a value is not allowed.
        """
        try:
            return cls.model_validate_strings(values) if as_text else cls.model_validate(values)
        except ValidationError as error:
            raise BadInput(_one_line(cls, error.errors()[0])) from None

    @classmethod
    def allowed(cls, name: str) -> str:
        """Describe in words what a parameter may be.

        Returns:
            For example `an integer from 0 to 9`.
        """
        schema = cls.model_json_schema()["properties"][name]
        if "allowed" in schema:
            return schema["allowed"]
        if "enum" in schema:
            return "one of " + ", ".join(schema["enum"])
        if schema["type"] == "boolean":
            return "True or False"
        if schema["type"] == "string" and "pattern" not in schema:
            return "a text" + " that is not empty" * ("minLength" in schema)
        if schema["type"] == "string":
            return "a name of up to 64 letters, digits, - and _, not beginning with - or _"
        if schema["type"] == "boolean":
            return "true or false"
        if schema["type"] == "number":
            return f"a number from {schema['minimum']} to {schema['maximum']}"
        even = schema.get("multipleOf") == 2
        kind = "an even integer" if even else "an integer"
        reason = " (an odd batch cannot be balanced)" if name == "batch_size" else ""
        return f"{kind} from {schema['minimum']:,} to {schema['maximum']:,}{reason}"


def _one_line(model: type[Parameters], error: dict) -> str:
    name = error["loc"][0]
    if error["type"] == "value_error":
        return f"{name}: {error['ctx']['error']}"
    if error["type"] == "extra_forbidden":
        return unknown_parameter(name, model.model_fields)
    return f"{name}: got {reprlib.repr(error['input'])}, allowed: {model.allowed(name)}"


def unknown_parameter(name: str, known) -> str:
    """Word the refusal of an unknown name, with the one that was probably meant."""
    if SECRET.search(name):
        return f"{name}: looks like a secret, which a run would write down; leave it out"
    near = difflib.get_close_matches(name, known, n=1)
    meant = f"; did you mean {near[0]}?" if near else ""
    shown = name if name.isprintable() else repr(name)
    return f"{shown}: unknown parameter, allowed: {', '.join(known)}{meant}"


def names_set_beside(names: Mapping[str, object], fields) -> list[str]:
    """List what was set together with the parameters and is none, as by a misspelling.

    When a notebook's cells are run again, the namespace is full of what later cells have made.
    So what counts is what the parameters cell assigns, and cells beside it and beside the one
    being run that do nothing but set values, as papermill's. IPython keeps what was run in `In`,
    the cell being run last. Without it all names count.
    """
    cells = [_SetBy.cell(source) for source in list(names.get("In", ()))[:-1]]
    typed = [rank for rank, cell in enumerate(cells) if cell.annotated & fields.keys()]
    candidates = list(names)
    if typed:
        since = cells[typed[-1] + 1 :]
        are_values = operator.attrgetter("are_values")
        only_set = (itertools.takewhile(are_values, way) for way in (since, since[::-1]))
        near = [cells[typed[-1]], *itertools.chain(*only_set)]
        candidates = sorted(set().union(*(cell.names for cell in near)))
    return [
        name
        for name in candidates
        if name not in fields
        and not name.startswith("_")
        and name not in OF_IPYTHON
        and isinstance(names.get(name, ...), SIMPLE)
    ]


def assigned_names(sources: Iterable[str]) -> set[str]:
    """List the names that cells assign, in whichever way; a cell that is no Python assigns none.

    Example:
        >>> sorted(assigned_names(["a, b = 1, 2", "for c in a: pass", "%time"]))
        ['a', 'b', 'c']
    """
    trees = []
    for source in sources:
        with contextlib.suppress(SyntaxError, ValueError):
            trees.append(ast.parse(source))
    nodes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Name)]
    return {node.id for node in nodes if isinstance(node.ctx, ast.Store)}


class _SetBy(NamedTuple):
    """What a cell sets: all names, those that it gives a type, and whether it does only that."""

    names: set[str]
    annotated: set[str]
    are_values: bool

    @classmethod
    def cell(cls, source: str) -> "_SetBy":
        try:
            body = ast.parse(source).body
        except (SyntaxError, ValueError):
            return cls(set(), set(), False)
        assigning = [node for node in body if isinstance(node, ast.Assign | ast.AnnAssign)]
        typed = _names_in(node.target for node in assigning if isinstance(node, ast.AnnAssign))
        plain = (node.targets for node in assigning if isinstance(node, ast.Assign))
        names = typed | _names_in(itertools.chain(*plain))
        are_values = all(node.value and _is_literal(node.value) for node in assigning)
        return cls(names, typed, are_values and len(assigning) == len(body))


def _names_in(targets: Iterable[ast.expr]) -> set[str]:
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except ValueError:
        return False
    return True


def largest_divisor(number: int, at_most: int) -> int:
    """Find the largest divisor within a bound.

    Args:
        number: to be divided, 1 or more.
        at_most: the bound, 1 or more.

    Returns:
        The divisor.

    Example:
        >>> largest_divisor(625, 125), largest_divisor(127, 125)
        (125, 1)
    """
    return next(d for d in range(min(number, at_most), 0, -1) if number % d == 0)


def varied(runs: Sequence[Mapping]) -> list[str]:
    """List the parameters in which runs differ; where a run is kept does not count.

    Example:
        >>> varied([{"seed": 0, "epochs": 1}, {"seed": 0, "epochs": 2}])
        ['epochs']
    """
    names = dict.fromkeys(name for values in runs for name in values if name != "run_name")
    return [n for n in names if any(values.get(n) != runs[0].get(n) for values in runs)]
