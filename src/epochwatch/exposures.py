"""What to ask an exposure log: counts, coverage, positions, the verdict on the feed's order."""

from epochwatch._exposures.batches import TrainedBatch, whole_steps
from epochwatch._exposures.counts import Counts, coverage
from epochwatch._exposures.coverage_theory import CouponCollector
from epochwatch._exposures.divergence import first_divergence
from epochwatch._exposures.joined_log import JoinedLog
from epochwatch._exposures.log import ExposureLog
from epochwatch._exposures.positions import binned, positions, span
from epochwatch._exposures.verdict import Verdict, judge

__all__ = [
    "Counts",
    "CouponCollector",
    "ExposureLog",
    "JoinedLog",
    "TrainedBatch",
    "Verdict",
    "binned",
    "coverage",
    "first_divergence",
    "judge",
    "positions",
    "span",
    "whole_steps",
]
