"""The atlas: what every way of feeding `fit` does, observed on every backend and Keras.

read_atlas, rows_of    the observations that are kept, as rows
observe_all, toy_call  the same questions, asked of the Keras installed here
keras_for              that Keras, on a backend
toy_feeds              the feeds of ten batches that all of it is observed with
summary                what rows add up to, in tables, figures and sentences
"""

from epochwatch._auditing.keras_door import keras_for
from epochwatch_lab._atlas import summary, toy_feeds
from epochwatch_lab._atlas.cells import toy_call
from epochwatch_lab._atlas.files import read_atlas
from epochwatch_lab._atlas.live import observe_all
from epochwatch_lab._atlas.rows import rows_of

__all__ = [
    "keras_for",
    "observe_all",
    "read_atlas",
    "rows_of",
    "summary",
    "toy_call",
    "toy_feeds",
]
