"""What the atlas says in sum.

row_counts      what its rows add up to
row_tables      the rows as tables, and all of them as a file
figure_squares  the rows arranged for the figures
findings_text   what was found, in words
"""

from epochwatch_lab._atlas.summary.figure_squares import (
    pairs,
    squares_by_environment,
    squares_by_question,
)
from epochwatch_lab._atlas.summary.findings_text import answer, outcomes_of, readme
from epochwatch_lab._atlas.summary.row_counts import changes, counts, feeds, never_losing, versions
from epochwatch_lab._atlas.summary.row_tables import (
    cell_table,
    changes_table,
    disagreements_table,
    environments_table,
    write_csv,
)

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
