"""In how many orders `fit` trains on a feed."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from epochwatch import ExposureLog, audit, feeds
from epochwatch_lab.shuffling._training import epoch_orders

EPOCHS = 4


def audited(make_feed: Callable, steps_per_epoch: int, seed: int | None) -> dict:
    """Audit a feed, and count in how many different orders its epochs were trained.

    Args:
        make_feed: makes it, with an index.
        steps_per_epoch: of one pass over it.
        seed: set before `fit`, as `epochwatch audit --seed` does.

    Returns:
        `epochs`, `orders`, samples `never_trained`, and the audit's `findings`.
    """
    call = {"epochs": EPOCHS, "steps_per_epoch": steps_per_epoch, "seed": seed}
    # Keras warns where it is told to shuffle what it cannot.
    call["shuffle"] = feeds.kind_of(make_feed()) == "arrays"
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        report = audit(make_feed, log=log, **call)
        orders = epoch_orders(ExposureLog.read(log))
    return {
        "epochs": EPOCHS,
        "orders": len(np.unique(orders, axis=0)),
        "never_trained": report.whole.never_trained,
        "findings": list(report.findings),
    }
