"""One training on several devices: two replicas in a process, and two workers fed in four ways.

`Plan` says what is trained. `train` does so in each of `WAYS`, in processes of their own, and
`Outcome` says what each came to: which worker trained which sample, and the loss that it reported.
"""

from epochwatch_lab.distributed_trainings._outcomes import EpochShares, Outcome
from epochwatch_lab.distributed_trainings._plan import WAYS, WORKERS, Plan
from epochwatch_lab.distributed_trainings._processes import train

__all__ = ["WAYS", "WORKERS", "EpochShares", "Outcome", "Plan", "train"]
