"""The parameters of a run that differ from the notebook's own, as a table."""

import ast

from nbformat import NotebookNode, v4

from epochwatch.errors import BadInput
from epochwatch_lab.post import _markdown
from epochwatch_lab.post._cells import cell_name, has_tag


def assigned_values(source: str) -> dict[str, str]:
    """Read the assignments of a cell, as `name = value` or `name: type = value`, and run nothing.

    Returns:
        Each name's value, as Python writes it.

    Raises:
        SyntaxError: the source is not Python.

    Example:
        >>> assigned_values("seed: int = 1_000  # any whole number")
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
        resources: nbconvert's, with the `post`, whose `hidden_parameters` are left out.

    Returns:
        The notebook, changed in place, and the resources.

    Raises:
        BadInput: one of the two cells is not Python.
    """
    defaults, kept = {}, []
    for cell in notebook.cells:
        if has_tag(cell, "parameters"):
            defaults = _values_in(cell)
        if not has_tag(cell, "injected-parameters"):
            kept.append(cell)
            continue
        values = _values_in(cell)
        for name in resources["post"].hidden_parameters:
            values.pop(name, None)
        if rows := _differences(defaults, values):
            kept.append(v4.new_markdown_cell(_table(rows)))
    notebook.cells = kept
    return notebook, resources


def _values_in(cell: NotebookNode) -> dict[str, str]:
    try:
        return assigned_values(cell.source)
    except SyntaxError as error:
        raise BadInput(
            f"{cell_name(cell)}: got {error.msg}, allowed: assignments such as seed: int = 1; "
            "parameters are read from the cell without running it"
        ) from None


def _differences(defaults: dict[str, str], values: dict[str, str]) -> list[list[str]]:
    return [
        [f"`{name}`", _code(defaults[name]) if name in defaults else "", _code(value)]
        for name, value in values.items()
        if defaults.get(name) != value
    ]


def _table(rows: list[list[str]]) -> str:
    header = ["parameter", "default", "this run"]
    return _markdown.table(header, [":---"] * len(header), rows)


def _code(value: str) -> str:
    # Only a string can hold these two, which kramdown and GitHub escape in different ways
    # inside a table; written as Python's own escapes the value stays the same.
    return f"`{value.replace('|', chr(92) + 'x7c').replace('`', chr(92) + 'x60')}`"
