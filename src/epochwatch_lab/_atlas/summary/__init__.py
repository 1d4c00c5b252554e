"""What the atlas says in sum.

row_counts      what its rows add up to
row_records     the rows as findings of a run, and all of them as a file
figure_squares  the rows arranged for the figures
findings_text   the summary for the guide
"""

from epochwatch_lab._atlas.summary.figure_squares import (
    pairs,
    squares_by_environment,
    squares_by_question,
    telling_panels,
)
from epochwatch_lab._atlas.summary.findings_text import readme
from epochwatch_lab._atlas.summary.row_counts import (
    changes,
    counts,
    feeds,
    never_losing,
    newest_release,
)
from epochwatch_lab._atlas.summary.row_records import (
    change_records,
    disagreement_records,
    environment_records,
    records,
    write_csv,
)

__all__ = [
    "change_records",
    "changes",
    "counts",
    "disagreement_records",
    "environment_records",
    "feeds",
    "never_losing",
    "newest_release",
    "pairs",
    "readme",
    "records",
    "squares_by_environment",
    "squares_by_question",
    "telling_panels",
    "write_csv",
]
