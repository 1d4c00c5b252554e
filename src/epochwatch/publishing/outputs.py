"""A cell's outputs, cleaned: one form of each, no log lines, no debris."""

import re

from nbformat import NotebookNode, v4

from epochwatch.errors import BadInput
from epochwatch.publishing import cells, markdown, terminal

# Images that cannot be published come before text, so as to be refused and not lost.
_FORMS = ("text/markdown", "image/png", "image/svg+xml", "image/jpeg", "text/plain")

# `<Figure size 640x480 with 1 Axes>`, `<IPython.core.display.HTML object>`,
# `[<matplotlib.lines.Line2D at 0x7f41d2a1c5d0>]`: says nothing, and differs each time.
_BARE_OBJECT = re.compile(r"\[?<[^<>]*(?: object| at 0x[0-9a-f]+| with \d+ Axes)>\]?")


def clean_outputs(notebook: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
    """Leave of each output what a reader wants: Markdown, else an image, else text.

    Args:
        notebook: executed.
        resources: nbconvert's; not used.

    Returns:
        The notebook, changed in place, and the resources.

    Raises:
        BadInput: a cell failed that was not tagged `raises-exception`.
    """
    for cell in cells.code_cells(notebook):
        _refuse_failure(cell)
        cell.outputs = list(filter(None, map(_cleaned, _joined(cell.outputs))))
    return notebook, resources


def note_excerpt(notebook: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
    """Note what the cell tagged `answer` says, as the post's excerpt.

    Args:
        notebook: its outputs cleaned.
        resources: nbconvert's; gets the key `excerpt`.

    Returns:
        The notebook and the resources.
    """
    answers = (cell for cell in cells.code_cells(notebook) if cells.has_tag(cell, "answer"))
    answer = next(answers, v4.new_code_cell())
    resources["excerpt"] = " ".join(filter(None, map(_plain_text, answer.outputs)))
    return notebook, resources


def _refuse_failure(cell: NotebookNode) -> None:
    errors = [output for output in cell.outputs if output.output_type == "error"]
    if errors and not cells.has_tag(cell, "raises-exception"):
        raise BadInput(
            f"{cells.name(cell)}: failed with {errors[0].ename}, allowed: a notebook that ran to "
            "its end; correct it, or tag a cell that is meant to fail raises-exception"
        )


def _joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    # A progress bar is written in many pieces, with standard error's between them.
    joined = []
    for output in outputs:
        if output.get("name") == "stderr":
            continue
        if joined and output.output_type == joined[-1].output_type == "stream":
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def _cleaned(output: NotebookNode) -> NotebookNode | None:
    match output.output_type:
        case "error":  # without its traceback, which names the machine's folders
            return _stdout(f"{output.ename}: {terminal.shown(output.evalue)}")
        case "stream":
            return _stdout(terminal.readable(output.text))
        case _:
            return _one_form(output)


def _stdout(text: str) -> NotebookNode | None:
    return v4.new_output("stream", name="stdout", text=text) if text else None


def _one_form(output: NotebookNode) -> NotebookNode | None:
    form = next((form for form in _FORMS if form in output.data), None)
    if form is None:
        return None
    content = output.data[form]
    if form == "text/plain":
        content = terminal.shown(content)
        if not content.strip() or _BARE_OBJECT.fullmatch(content):
            return None
    output.data = NotebookNode({form: content})
    return output


def _plain_text(output: NotebookNode) -> str:
    if output.output_type == "stream":
        return " ".join(output.text.split())
    if "text/markdown" in output.data:
        return markdown.plain_text(output.data["text/markdown"])
    return " ".join(output.data.get("text/plain", "").split())
