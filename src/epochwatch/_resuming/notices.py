"""What is said of a training that could go on otherwise than it was begun, in one line each."""

import warnings
from typing import Any

from epochwatch._resuming.callback_states import CallbackStates
from epochwatch._resuming.feed_check import why_python_differs


def warn_of_calls(feed: Any) -> None:
    """Say where Python that a feed calls is only put back if it remembers nothing."""
    if why := why_python_differs(feed):
        warnings.warn(
            "resumable: the feed is a tf.data.Dataset that calls Python; if that draws at random "
            f"or counts, its batches are others after a kill: {why}",
            stacklevel=2,
        )


def warn_of_callbacks(states: CallbackStates) -> None:
    """Say what of the callbacks cannot be kept."""
    for name, attributes in states.unkeepable().items():
        warnings.warn(
            f"resumable: of the callback {name} {', '.join(attributes)} cannot be kept in a "
            "checkpoint; after a kill it has what its constructor gives it, unless you give it "
            "the methods state_dict and load_state_dict",
            stacklevel=2,
        )


def warn_of_edits(edited: list[tuple[str, object, object]]) -> None:
    """Say which arguments of callbacks are not those that the training goes on with."""
    for name, now, then in edited:
        warnings.warn(
            f"resumable: {name}: got {now!r}, but the training goes on with {then!r}, as it was "
            f"begun; choose another folder to train with {now!r}",
            stacklevel=2,
        )
