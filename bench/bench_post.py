"""How long a notebook of 40 cells takes to become a post, both flavors, imports not counted.

Ten each of: text with formulas, code with a hundred lines printed, a table as HTML, a figure
as PNG and SVG. Reading the notebook and writing the files are part of it. 200 MB printed by
one cell are taken beside it, to see that much output is cut and not carried along.
"""

import base64
import io
import tempfile
import time
from pathlib import Path

import nbformat
from measure import keep, spread_of
from nbformat import v4

from epochwatch._report import style
from epochwatch_lab.post import export_post

ROUNDS = 15
TARGET = 2.0  # seconds
MUCH = 200_000_000  # characters
POST = {"title": "A post", "slug": "a-post", "date": "2026-11-23"}
TEXT = r"The mean is $\bar{x} = \frac{1}{n}\sum_i x_i$, `code`, |x|." + "\n\n" + "Words. " * 200
SOURCE = "for n in range(100):\n    print(f'{n}: {{}}')\n" * 5
PRINTED = "".join(f"\r{n}%|███   | [00:01]\rstep {n}\n" for n in range(100))
ROW = "<tr>" + "<td>1,234</td>" * 12 + "</tr>"
TABLE = "<div><style>th { }</style><table>" + ROW.replace("td", "th") + ROW * 20 + "</table></div>"


def drawn() -> tuple[bytes, str]:
    """Draw a figure, as PNG and as SVG."""
    files = io.BytesIO(), io.BytesIO()
    with style.figure() as figure:
        figure.subplots().plot([n % 7 for n in range(1000)])
    for file, ending in zip(files, (".png", ".svg"), strict=True):
        style.write(figure, file, ending)
    return files[0].getvalue(), files[1].getvalue().decode()


def notebook() -> nbformat.NotebookNode:
    """Make the notebook of 40 cells."""
    png, svg = drawn()
    forms = {"image/png": base64.b64encode(png).decode(), "image/svg+xml": svg}
    cells = []
    for number in range(10):
        named = {"filename": f"figure_{number}", "image/png": {"alt": "a line"}}
        outputs = [
            v4.new_output("stream", text=PRINTED),
            v4.new_output("display_data", data={"text/html": TABLE}),
            v4.new_output("display_data", data=forms, metadata=named),
        ]
        cells.append(v4.new_markdown_cell(TEXT))
        cells += [v4.new_code_cell(SOURCE, outputs=[output]) for output in outputs]
    return v4.new_notebook(cells=cells, metadata={"epochwatch": POST})


def much() -> nbformat.NotebookNode:
    """Make a notebook that printed very much."""
    line = "epoch 12, step 345: loss 0.1234\n"
    output = v4.new_output("stream", text=line * (MUCH // len(line)))
    return v4.new_notebook(
        cells=[v4.new_code_cell("", outputs=[output])], metadata={"epochwatch": POST}
    )


def seconds_of(made: nbformat.NotebookNode, rounds: int, folder: Path) -> list[float]:
    """Export a notebook again and again; once before, for what is loaded only then."""
    path, seconds = folder / "notebook.ipynb", []
    nbformat.write(made, path)
    for _ in range(rounds + 1):
        begin = time.perf_counter()
        export_post(path, folder / "blog")
        seconds.append(time.perf_counter() - begin)
    return seconds[1:]


def main():
    """Measure and report."""
    with tempfile.TemporaryDirectory() as folder:
        measured = {
            "a notebook of 40 cells": seconds_of(notebook(), ROUNDS, Path(folder)),
            "one cell that printed 200 MB": seconds_of(much(), 1, Path(folder)),
        }
    print(f"post: {ROUNDS} rounds; target ≤ {TARGET} s for the first")
    for what, seconds in measured.items():
        print(spread_of(what, seconds))
    keep("post", {"target_seconds": TARGET, "seconds": measured})


if __name__ == "__main__":
    main()
