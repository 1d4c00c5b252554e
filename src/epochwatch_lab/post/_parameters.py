"""The parameters of a run as a table: each one's value, and what it means."""

import ast
import io
import tokenize
from typing import NamedTuple

from nbformat import NotebookNode

from epochwatch.errors import BadInput
from epochwatch_lab.post import _markdown
from epochwatch_lab.post._cells import cell_name, has_tag
from epochwatch_lab.post._folding import folded


class Assigned(NamedTuple):
    """What a cell assigns to a name.

    Attributes:
        value: as Python writes it.
        meaning: the comment behind it, or else those right above it.
    """

    value: str
    meaning: str


def assigned_values(source: str) -> dict[str, Assigned]:
    """Read the assignments of a cell, as `name = value` or `name: type = value`, and run nothing.

    Returns:
        What is assigned, by name.

    Raises:
        SyntaxError: the source is not Python.

    Example:
        >>> assigned_values("seed: int = 1_000  # any whole number")
        {'seed': Assigned(value='1000', meaning='any whole number')}
    """
    values, comments = {}, _comments_by_line(source)
    for node in ast.parse(source).body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                values[name] = Assigned(ast.unparse(value), _meaning(node, comments))
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                values[name] = Assigned(ast.unparse(value), _meaning(node, comments))
    return values


def _comments_by_line(source: str) -> dict[int, tuple[str, bool]]:
    """Read the comments, and whether each stands on a line of its own."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):  # the parser says it better
        return {}
    return {
        token.start[0]: (token.string.lstrip("#").strip(), token.line.lstrip().startswith("#"))
        for token in tokens
        if token.type == tokenize.COMMENT
    }


def _meaning(node: ast.stmt, comments: dict[int, tuple[str, bool]]) -> str:
    lines = [line for line in range(node.lineno, node.end_lineno + 1) if line in comments]
    if not lines:
        line = node.lineno - 1
        while comments.get(line, ("", False))[1]:
            lines.insert(0, line)
            line -= 1
    return " ".join(comments[line][0] for line in lines)


def tabulate_parameters(notebook: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
    """Make of the cell tagged `parameters`, and of papermill's, one folded table.

    Args:
        notebook: its cells tagged `parameters` and `injected-parameters` are read.
        resources: nbconvert's, with the `post`, whose `hidden_parameters` are left out.

    Returns:
        The notebook, changed in place, and the resources.

    Raises:
        BadInput: one of the cells is not Python.
    """
    defaults, given, read = {}, {}, []
    for cell in notebook.cells:
        for tag, values in (("parameters", defaults), ("injected-parameters", given)):
            if has_tag(cell, tag):
                values |= _values_in(cell)
                read.append(cell)
    for name in resources["post"].hidden_parameters:
        defaults.pop(name, None)
        given.pop(name, None)
    # In the place of the first; its tags, which may leave it out, stay.
    for cell in read[:1]:
        cell.cell_type = "markdown"
        cell.source = _table(defaults, given)
        del cell["outputs"], cell["execution_count"]
    notebook.cells = [cell for cell in notebook.cells if not any(cell is r for r in read[1:])]
    return notebook, resources


def _values_in(cell: NotebookNode) -> dict[str, Assigned]:
    try:
        return assigned_values(cell.source)
    except SyntaxError as error:
        raise BadInput(
            f"{cell_name(cell)}: got {error.msg}, allowed: assignments such as seed: int = 1; "
            "parameters are read from the cell without running it"
        ) from None


def _table(defaults: dict[str, Assigned], given: dict[str, Assigned]) -> str:
    values = defaults | given
    if not values:
        return ""
    rows = [_row(name, defaults.get(name), values[name]) for name in values]
    table = _markdown.table(["parameter", "this run", "what it means"], [":---"] * 3, rows)
    changed = sum(defaults[name].value != values[name].value for name in defaults)
    differ = f" ({changed} of {len(rows)} not the default)" if changed else ""
    return folded(table, f"The parameters of this run{differ}")


def _row(name: str, default: Assigned | None, assigned: Assigned) -> list[str]:
    value, meaning = _code(assigned.value), assigned.meaning
    if default:
        meaning = default.meaning
        if default.value != assigned.value:
            value = f"**{value}** instead of {_code(default.value)}"
    return [f"`{name}`", value, _markdown.escaped(meaning)]


def _code(value: str) -> str:
    # Only a string can hold these two, which kramdown and GitHub escape in different ways
    # inside a table; written as Python's own escapes the value stays the same.
    return f"`{value.replace('|', chr(92) + 'x7c').replace('`', chr(92) + 'x60')}`"
