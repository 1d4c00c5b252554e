"""Where the time of a run went, section by section of its notebook."""

import re
from pathlib import Path

import nbformat

BEFORE_FIRST_SECTION = "start and imports"


def seconds_by_section(executed: Path) -> dict[str, float]:
    """Sum up what papermill noted of each cell, under the headings of the notebook.

    Args:
        executed: a notebook that papermill has run.

    Returns:
        Seconds by heading, in the order of the notebook.
    """
    section, seconds = BEFORE_FIRST_SECTION, {}
    for cell in nbformat.read(executed, as_version=4).cells:
        heading = re.match(r"## (.*)", cell.source) if cell.cell_type == "markdown" else None
        section = heading[1] if heading else section
        duration = cell.metadata.get("papermill", {}).get("duration") or 0
        seconds[section] = round(seconds.get(section, 0) + duration, 2)
    return seconds
