"""The answer of notebook 07: who trained on what when several devices train together.

What is told comes as `Outcome.findings` of `distributed_trainings`, by way.
"""

from collections.abc import Mapping, Sequence

from epochwatch_lab.answers import Answer
from epochwatch_lab.tables import Table

MIRRORED = "mirrored"
NAMES = {
    MIRRORED: "two replicas",
    "off": "`OFF`",
    "other_seeds": "`DATA`, two seeds",
    "one_seed": "`DATA`, one seed",
    "sampler": "`BalancedSampler`",
}
# What stands in the middle of a sentence.
_WITH = {
    MIRRORED: "on two replicas in one process",
    "off": "on two workers with TensorFlow's shard policy `OFF`",
    "other_seeds": "with `DATA`, but a shuffle seed of its own on each worker",
    "one_seed": "with `DATA` and one seed for both",
    "sampler": "with a `BalancedSampler` that gives each worker its shard",
}
_BY_EYE = 4  # samples of a step
_ADVICE = (
    "Shuffle with one seed on all workers, and keep the policy `DATA`. Or let a sampler say which "
    "worker trains what: `BalancedSampler(streams, batch_size, shard=(worker, workers))` with the "
    "policy `OFF`. Before you train for days, have the workers counted: `epochwatch audit "
    "feeds.py:make_feed --workers 2`."
)


def answer(trainings: Mapping[str, Mapping], samples: int) -> Answer:
    """Say in which ways the devices trained each sample once.

    Args:
        trainings: what each way came to.
        samples: how many there are.

    Returns:
        The answer.
    """
    exact = [way for way, one in trainings.items() if is_exact(one)]
    wrong = sorted(set(trainings) - set(exact), key=lambda way: -_never(trainings[way]))
    if not wrong:
        listed = _listed([_WITH[way] for way in exact])
        text = f"**Yes: {listed}, each sample was trained once in each epoch.**"
        return Answer("all exact", f"{text} {_losses(trainings)}", _ADVICE)
    worst, *others = wrong
    first = trainings[worst]["epochs"][0]
    lost = (
        f"Not always: {_WITH[worst]}, {first['never']:,} of {samples:,} samples were never trained "
        f"in the first epoch, and {first['again']:,} were trained twice"
    )
    parts = [f"{_WITH[way]}, it was {_never(trainings[way]):,}." for way in others]
    sentences = [f"{part[0].upper()}{part[1:]}" for part in parts]
    short = "; ".join(f"{NAMES[way].replace('`', '')}: {outcome(trainings[way])}" for way in wrong)
    return Answer(short, " ".join([f"**{lost}.**", *sentences, _losses(trainings)]), _ADVICE)


def is_exact(one: Mapping) -> bool:
    """Whether each sample was trained once in each epoch."""
    return not any(epoch["again"] or epoch["never"] for epoch in one["epochs"])


def outcome(one: Mapping) -> str:
    """Say in a few words what the first epoch of a training came to."""
    first = one["epochs"][0]
    if is_exact(one):
        return "each sample once"
    return f"{first['again']:,} twice, {first['never']:,} never"


def title(way: str, one: Mapping) -> str:
    """Name a training for a picture, with what it came to."""
    return f"{NAMES[way].replace('`', '')}: {outcome(one)}"


def _never(one: Mapping) -> int:
    return one["epochs"][0]["never"]


def _losses(trainings: Mapping[str, Mapping]) -> str:
    if all(one["losses_alike"] for one in trainings.values()):
        return "The workers of each training reported the same losses, to the last digit."
    return "The workers of a training reported different losses."


def _listed(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def first_steps_table(first: Mapping[str, Sequence[Sequence[int]]]) -> Table:
    """Show the first samples that each device trained, to be read by eye.

    Args:
        first: by way and device, the samples of its first step.
    """
    header = ["training", "first device", "second device"]
    rows = []
    for way, batches in first.items():
        texts = [", ".join(str(sample) for sample in batch[:_BY_EYE]) for batch in batches]
        rows.append([NAMES[way], *texts])
    return Table(header, rows)


def rows_table(trainings: Mapping[str, Mapping]) -> Table:
    """Show of each way how many samples its first epoch trained again, and how many never."""
    header = ["training", "trained twice", "never", "rare class, never", "never in any epoch"]
    rows = []
    for way, one in trainings.items():
        first = one["epochs"][0]
        counts = [first["again"], first["never"], first["rare_never"], one["never_in_any_epoch"]]
        rows.append([NAMES[way], *counts])
    return Table(header, rows)


def losses_table(losses: Mapping[str, Sequence[Sequence[float]]]) -> Table:
    """Show beside each other what the workers of each way reported of their last epoch.

    Args:
        losses: by way and worker, of each epoch.
    """
    header = ["training", "loss of worker 0", "loss of worker 1", "alike"]
    rows = []
    for way, (one, other) in losses.items():
        alike = "to the last digit" if one == other else "no"
        rows.append([NAMES[way], f"{one[-1]!r}", f"{other[-1]!r}", alike])
    return Table(header, rows)
