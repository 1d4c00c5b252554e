"""Which sample next: pure functions of the seed and the step, in NumPy only."""

from epochwatch._samplers.balanced import BalancedSampler

__all__ = ["BalancedSampler"]
