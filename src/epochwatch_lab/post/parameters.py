"""The parameters of a run that differ from the notebook's own, as a table."""

import ast

from nbformat import NotebookNode, v4

from epochwatch.errors import BadInput
from epochwatch_lab.post import cells
from epochwatch_lab.tables import markdown_table

_NOT_TOLD = {"run_name", "sweep_file"}  # they say where something is kept, not what was run


def assigned(source: str) -> dict[str, str]:
    """Read the assignments of a cell without running it.

    Args:
        source: Python whose assignments are `name = value` or `name: type = value`.

    Returns:
        Each name's value, as Python writes it.

    Raises:
        SyntaxError: the source is not Python.

    Example:
        >>> assigned("seed: int = 1_000  # any whole number")
        {'seed': '1000'}
    """
    values = {}
    for node in ast.parse(source).body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                values[name] = ast.unparse(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                values[name] = ast.unparse(value)
    return values


def tabulate_parameters(notebook: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
    """Put a table in the place of papermill's cell; nothing, if no parameter differs.

    Args:
        notebook: its cells tagged `parameters` and `injected-parameters` are read.
        resources: nbconvert's; not used.

    Returns:
        The notebook and the resources.

    Raises:
        BadInput: one of the two cells is not Python.
    """
    defaults = {}
    kept = []
    for cell in notebook.cells:
        if cells.has_tag(cell, "parameters"):
            defaults = _assigned_in(cell)
        if not cells.has_tag(cell, "injected-parameters"):
            kept.append(cell)
        elif rows := _differences(defaults, _assigned_in(cell)):
            header = ["parameter", "default", "this run"]
            kept.append(v4.new_markdown_cell(markdown_table(header, rows)))
    notebook.cells = kept
    return notebook, resources


def _assigned_in(cell: NotebookNode) -> dict[str, str]:
    try:
        return assigned(cell.source)
    except SyntaxError as error:
        raise BadInput(
            f"{cells.name(cell)}: got {error.msg}, allowed: assignments such as seed: int = 1; "
            "parameters are read from the cell without running it"
        ) from None


def _differences(defaults: dict[str, str], given: dict[str, str]) -> list[list[str]]:
    return [
        [f"`{name}`", _code(defaults[name]) if name in defaults else "", _code(value)]
        for name, value in given.items()
        if name not in _NOT_TOLD and defaults.get(name) != value
    ]


def _code(value: str) -> str:
    # Only a string can hold these two, which kramdown and GitHub escape in different ways
    # inside a table; written as Python's own escapes the value stays the same.
    return f"`{value.replace('|', chr(92) + 'x7c').replace('`', chr(92) + 'x60')}`"
