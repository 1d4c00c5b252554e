"""What people do about a rare class: which sample is trained when, and how well it does.

`STRATEGIES` are the ones compared, each with its order of samples, loss and weights; `Evidence`
is what many runs of them have measured.
"""

from epochwatch_lab.strategies._comparison import Evidence
from epochwatch_lab.strategies._intervals import Interval, mean_interval
from epochwatch_lab.strategies._scores import (
    calibration_error,
    held_out_scores,
    prior_corrected,
    recall_at_precision,
)
from epochwatch_lab.strategies._strategies import BASELINE, STRATEGIES, Strategy

__all__ = [
    "BASELINE",
    "STRATEGIES",
    "Evidence",
    "Interval",
    "Strategy",
    "calibration_error",
    "held_out_scores",
    "mean_interval",
    "prior_corrected",
    "recall_at_precision",
]
