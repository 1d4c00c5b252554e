"""What the steps of publishing ask of a notebook's cells."""

import reprlib
from collections.abc import Iterator

from nbformat import NotebookNode


def code_cells(notebook: NotebookNode) -> Iterator[NotebookNode]:
    return (cell for cell in notebook.cells if cell.cell_type == "code")


def has_tag(cell: NotebookNode, tag: str) -> bool:
    return tag in cell.metadata.get("tags", [])


def cell_name(cell: NotebookNode) -> str:
    r"""Name a cell so that its author finds it in Jupyter.

    Example:
        >>> from nbformat import v4
        >>> cell_name(v4.new_code_cell("show(order)\nplot()", execution_count=7))
        "cell [7] 'show(order)'"
    """
    first_line = reprlib.repr(cell.source.strip().partition("\n")[0])
    count = cell.get("execution_count")
    return f"cell [{count}] {first_line}" if count else f"cell {first_line}"
