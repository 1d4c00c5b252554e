"""Training in one order every epoch, against training in a new order each time.

`TASKS` are what is trained, `trained` is one such training, and `Evidence` is what many of them
have measured. `audited` counts the orders of a feed.
"""

from epochwatch_lab.shuffling._audits import audited
from epochwatch_lab.shuffling._evidence import Evidence
from epochwatch_lab.shuffling._tasks import TASKS, Rows, Task, spirals
from epochwatch_lab.shuffling._training import ORDERS, Trained, epoch_orders, set_seed, trained

__all__ = [
    "ORDERS",
    "TASKS",
    "Evidence",
    "Rows",
    "Task",
    "Trained",
    "audited",
    "epoch_orders",
    "set_seed",
    "spirals",
    "trained",
]
