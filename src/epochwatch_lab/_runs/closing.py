"""What a notebook says when it is done: the answer again, where it is kept, and what comes next."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

from epochwatch._files import read_json
from epochwatch_lab._runs import project, record
from epochwatch_lab._runs.parameters import Parameters, varied
from epochwatch_lab.answers import Answer


def show(parameters: Parameters, folder: Path | None, answer: Answer) -> None:
    """Show the last words of a run.

    Args:
        parameters: of the run.
        folder: where a run by hand is kept; None for one that its driver has yet to move.
        answer: of the run.
    """
    from IPython import get_ipython
    from IPython.display import Markdown, display

    text = "\n\n".join(paragraphs(parameters, folder, answer))
    if get_ipython() is None:
        print(text)
    else:
        display(Markdown(text))


def paragraphs(parameters: Parameters, folder: Path | None, answer: Answer) -> Iterator[str]:
    """Write the last words of a run, as paragraphs of Markdown.

    Args:
        parameters: of the run.
        folder: where a run by hand is kept, finished; None for any other run.
        answer: of the run.
    """
    yield answer.text
    if answer.advice:
        yield answer.advice
    if folder is not None:
        if compared := with_last_run(folder, parameters, answer):
            yield compared
        yield f"This run is kept in `{folder}`."
        yield f"`epochwatch post {shlex.quote(str(folder))}` writes it as a post."
    if following := next_notebook(parameters.notebook):
        yield f"Next: {following}"


def with_last_run(folder: Path, parameters: Parameters, answer: Answer) -> str:
    """Compare a run by hand with the last one of the same notebook that is kept beside it.

    Returns:
        A sentence; empty where there is none.
    """
    here = record.read_record(folder)
    earlier = [
        (found["begun"], path.parent, found)
        for path in folder.parent.glob(f"[!.]*/{record.RECORD}")
        if path.parent != folder and (found := record.read_record(path.parent))
        if "by hand" in found.get("stages", {}) and found.get("begun", "") <= here["begun"]
    ]
    if not earlier:
        return ""
    _, last, found = max(earlier, key=lambda one: (one[0], one[1].stat().st_mtime))
    short = (read_json(last / record.FINDINGS) or {}).get("short")
    if short is None:  # a run of an older edition
        return ""
    then, now = found["parameters"], parameters.model_dump()
    changed = ", ".join(f"`{name}={then.get(name)!r}`" for name in varied([then, now]))
    with_what = f"with {changed}" if changed else "with the same parameters"
    if short == answer.short:
        return f"The last run by hand (`{last.name}`, {with_what}) found the same: *{short}*."
    return f"The last run by hand (`{last.name}`, {with_what}): *{short}*. Now: *{answer.short}*."


def next_notebook(notebook: str) -> str:
    """Link the notebook that comes after another in reading order; empty after the last one."""
    names = project.notebook_names()
    if notebook not in names[:-1]:
        return ""
    name = names[names.index(notebook) + 1]
    text = project.notebook_path(name).read_text(encoding="utf-8")
    title = json.loads(text)["metadata"].get("epochwatch", {}).get("title", name)
    return f"[{title}]({name}.ipynb)"
