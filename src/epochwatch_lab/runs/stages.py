"""Where the time of a run went, section by section of its notebook."""

import re
from pathlib import Path

from epochwatch_lab.runs.project import cells_of

BEFORE_FIRST_SECTION = "start and imports"


def seconds_by_section(executed: Path) -> dict[str, float]:
    """Sum up what papermill noted of each cell, under the headings of the notebook.

    Returns:
        Seconds by heading, in the order of the notebook.
    """
    section, seconds = BEFORE_FIRST_SECTION, {}
    for cell in cells_of(executed):
        heading = re.match(r"## (.*)", cell.source) if cell.kind == "markdown" else None
        section = heading[1] if heading else section
        seconds[section] = round(seconds.get(section, 0) + cell.seconds, 2)
    return seconds
