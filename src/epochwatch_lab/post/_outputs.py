"""A cell's outputs, cleaned: one form of each, no log lines, no debris."""

import itertools
import re

from nbformat import NotebookNode, v4

from epochwatch.errors import BadInput
from epochwatch_lab.post import _terminal
from epochwatch_lab.post._cells import cell_name, code_cells, has_tag
from epochwatch_lab.post._html_tables import tables_as_markdown
from epochwatch_lab.post._images import NARROW_FORM
from epochwatch_lab.post._markdown import plain_text

# Images that cannot be published come before text, so as to be refused and not lost.
_FORMS = ("text/markdown", "image/png", "image/svg+xml", "image/jpeg", "text/plain")
_VECTORS = "image/svg+xml"
_WIDGET = "application/vnd.jupyter.widget-view+json"  # tqdm's bar in a notebook

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
    for cell in code_cells(notebook):
        _refuse_failure(cell)
        cell.outputs = list(filter(None, map(_cleaned_output, _joined_streams(cell.outputs))))
    return notebook, resources


def put_answer_first(notebook: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
    """Move what the cell tagged `answer` shows to the top, without its code.

    Args:
        notebook: its outputs cleaned.
        resources: nbconvert's; gets the key `excerpt`: what the cell says, in plain text.

    Returns:
        The notebook, changed in place, and the resources.
    """
    answers = (cell for cell in code_cells(notebook) if has_tag(cell, "answer"))
    answer = next(answers, None)
    resources["excerpt"] = ""
    if answer is not None:
        resources["excerpt"] = " ".join(filter(None, map(_output_text, answer.outputs)))
        answer.metadata["tags"] += ["remove-input"]
        notebook.cells = [answer, *(cell for cell in notebook.cells if cell is not answer)]
    return notebook, resources


def _refuse_failure(cell: NotebookNode) -> None:
    errors = [output for output in cell.outputs if output.output_type == "error"]
    if errors and not has_tag(cell, "raises-exception"):
        raise BadInput(
            f"{cell_name(cell)}: failed with {errors[0].ename}, allowed: a notebook that ran to "
            "its end; correct it, or tag a cell that is meant to fail raises-exception"
        )


def _joined_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    # A progress bar is written in many pieces, with standard error's between them.
    kept = [output for output in outputs if output.get("name") != "stderr"]
    joined = []
    for kind, run in itertools.groupby(kept, lambda output: output.output_type):
        if kind == "stream":
            text = "".join(output.text for output in run)
            run = [v4.new_output("stream", name="stdout", text=text)]
        joined += run
    return joined


def _cleaned_output(output: NotebookNode) -> NotebookNode | None:
    match output.output_type:
        case "error":  # without its traceback, which names the machine's folders
            return _stdout(f"{output.ename}: {_terminal.shown(output.evalue)}")
        case "stream":
            return _stdout(_terminal.readable(output.text))
        case _:
            return _one_form(output)


def _stdout(text: str) -> NotebookNode | None:
    if not text:
        return None
    return v4.new_output("stream", name="stdout", text=_terminal.shortened(text))


def _one_form(output: NotebookNode) -> NotebookNode | None:
    if _WIDGET in output.data:
        return None
    form = next((form for form in _FORMS if form in output.data), None)
    kept = {form: output.data[form]} if form else {}
    if form == "image/png":
        others = {_VECTORS, NARROW_FORM} & output.data.keys()
        kept |= {other: output.data[other] for other in others}
    elif form in (None, "text/plain"):
        kept = _table(output) or _text(kept.get(form, ""))
    output.data = NotebookNode(kept)
    return output if kept else None


def _table(output: NotebookNode) -> dict[str, str]:
    table = tables_as_markdown(output.data.get("text/html", ""))
    return {"text/markdown": table} if table else {}


def _text(plain: str) -> dict[str, str]:
    shown = _terminal.shortened(_terminal.shown(plain))
    bare = not shown.strip() or _BARE_OBJECT.fullmatch(shown)
    return {} if bare else {"text/plain": shown}


def _output_text(output: NotebookNode) -> str:
    if output.output_type == "stream":
        return " ".join(output.text.split())
    if "text/markdown" in output.data:
        return plain_text(output.data["text/markdown"])
    return " ".join(output.data.get("text/plain", "").split())
