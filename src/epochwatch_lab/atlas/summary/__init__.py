"""What the atlas says in sum.

    counting  what its rows add up to
    tables    the rows as tables, and all of them as a file
    drawing   the rows arranged for the figures
    telling   what was found, in words

Notebook 03 takes all of them from here.
"""

from epochwatch_lab.atlas.summary.counting import changes, counts, feeds, never_losing, versions
from epochwatch_lab.atlas.summary.drawing import pairs, squares_by_environment, squares_by_question
from epochwatch_lab.atlas.summary.tables import (
    cell_table,
    changes_table,
    disagreements_table,
    environments_table,
    write_csv,
)
from epochwatch_lab.atlas.summary.telling import answer, outcomes_of, readme

__all__ = [
    "answer",
    "cell_table",
    "changes",
    "changes_table",
    "counts",
    "disagreements_table",
    "environments_table",
    "feeds",
    "never_losing",
    "outcomes_of",
    "pairs",
    "readme",
    "squares_by_environment",
    "squares_by_question",
    "versions",
    "write_csv",
]
