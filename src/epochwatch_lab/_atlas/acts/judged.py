"""Rows that an act has trained, judged as an audit judges those of `fit`."""

from typing import Any

from epochwatch_lab._atlas.cells import AtlasCell
from epochwatch_lab._atlas.judging import judged_rows
from epochwatch_lab._atlas.toy_feeds import ToyFeed


def judged_act(cell: AtlasCell, feed: ToyFeed, trained: list, keras: Any) -> dict[str, Any]:
    """Judge what was trained, and return it with its verdict.

    Args:
        cell: what was asked for.
        feed: what it was trained of.
        trained: by fit, epoch and batch the rows; an epoch that trained nothing is empty.
        keras: the module.
    """
    begun = [
        (fit, epoch)
        for fit, epochs in enumerate(trained, start=1)
        for epoch, _ in enumerate(epochs, start=1)
    ]
    return judged_rows(cell, feed, trained, begun, keras) | {"trained": trained}
