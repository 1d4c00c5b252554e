"""How much of the majority each strategy has seen after some updates, from its order alone."""

from epochwatch_lab.epoch_lengths import EpochLengths
from epochwatch_lab.strategies._strategies import STRATEGIES


def predicted_coverage(sizes: tuple[int, int], batch: int, updates: int) -> dict[str, float]:
    """Predict which share of the majority each strategy trains on.

    N being the majority and d how many of it are drawn, all have been seen once d reaches N
    without replacement; with replacement, 1 − (1 − 1/N)^d of them on average; with restarts,
    never more than one epoch takes.

    Args:
        sizes: samples of the minority and of the majority.
        batch: samples in a batch.
        updates: of the training.

    Returns:
        By strategy, from 0 to 1.

    Example:
        >>> predicted_coverage((10, 1_000), batch=20, updates=50)["restart"]
        0.01
    """
    half, majority = batch // 2, sizes[1]
    drawn = updates * half
    lengths = EpochLengths.from_samples(*sizes, half)
    without_replacement = min(1, drawn / majority)
    return dict.fromkeys(STRATEGIES, min(1, updates * batch / sum(sizes))) | {
        "resume": without_replacement,
        "restart": min(without_replacement, lengths.minority * half / majority),
        "restart at a tenth": min(
            without_replacement, -(-lengths.majority // 10) * half / majority
        ),
        "majority epoch": without_replacement,
        "with replacement": 1 - (1 - 1 / majority) ** drawn,
    }
