"""Notebook 02: how long an epoch should be when one class is rare."""

from collections.abc import Mapping, Sequence

from epochwatch._text import count_of
from epochwatch.exposures import CouponCollector
from epochwatch_lab.answers import Answer
from epochwatch_lab.epoch_lengths import EpochAdvice, EpochContent, EpochLengths
from epochwatch_lab.imbalances import CountedImbalance
from epochwatch_lab.schedules import Schedule
from epochwatch_lab.tables import Table, percent


def answer(
    lengths: EpochLengths,
    advice: EpochAdvice,
    *,
    state_is_same: bool,
    patience: int,
    seen_when_stopped: float,
    decay: float,
) -> Answer:
    """Say how long an epoch should be, and what its length changes.

    Args:
        lengths: of both epochs.
        advice: that follows from them.
        state_is_same: whether one training, cut in two ways, ended in one state.
        patience: of `EarlyStopping`, in epochs.
        seen_when_stopped: the share of the majority trained when it may stop a training that is
            cut into minority epochs.
        decay: factor of the learning rate that is meant for a pass through the majority.

    Returns:
        The answer.
    """
    first = f"**{_length(lengths, advice)}**"
    second = _weights(state_is_same) + _stopping(lengths, patience, seen_when_stopped)
    short = f"{count_of(advice.steps, 'step')} an epoch, a patience of {advice.patience:,}"
    if not state_is_same:
        short += ", other weights"
    return Answer(short, f"{first} {second}", _advice(advice, decay))


def same_training_table(same: Mapping[str, bool], updates: int, validations: int) -> Table:
    """List what was compared of one training cut in two ways.

    Args:
        same: whether the `samples`, the `state` and the `validation` losses are identical.
        updates: of the weights in all.
        validations: after the same update in both.
    """
    compared = {
        "samples": f"the samples of all {updates:,} batches, in order",
        "state": "weights and optimizer, to the bit",
        "validation": f"validation loss, after {count_of(validations, 'update')} in common",
    }
    return Table(
        ["compared", "identical"], [[words, _yes(same[what])] for what, words in compared.items()]
    )


def content_table(
    predicted: Mapping[str, EpochContent], counted: Mapping[str, EpochContent], majority: int
) -> Table:
    """List what either epoch holds, as predicted and as counted.

    Args:
        predicted: by `minority` and `majority`, what such an epoch should hold.
        counted: the same as it was trained.
        majority: samples in the majority.
    """
    rows = []
    for epoch, count in counted.items():
        theory, share = predicted[epoch], percent(count.majority_seen / majority)
        exposures = (_span(content.minority_exposures) for content in (theory, count))
        rows += [
            [f"{epoch} epoch: times a minority sample is trained", *exposures],
            [
                f"{epoch} epoch: majority samples trained",
                f"{theory.majority_seen:,}",
                f"{count.majority_seen:,} ({share})",
            ],
        ]
    return Table(["", "predicted", "counted"], rows)


def schedule_table(
    predicted: Mapping[str, Schedule], measured: Mapping[str, Schedule], updates: int
) -> Table:
    """List what callbacks did in either epochs, and whether that was predicted.

    Args:
        predicted: by `minority` and `majority`, what should happen at the ends of such epochs.
        measured: the same as it happened.
        updates: of the weights in all.
    """
    words = {
        "validations": "validations",
        "decays": "decays of the learning rate",
        "stopped_after": "`EarlyStopping` stopped after update",
        "reduced_after": "`ReduceLROnPlateau` acted after",
    }
    rows = []
    for name, what in words.items():
        found = [getattr(schedule, name) for schedule in measured.values()]
        as_predicted = found == [getattr(predicted[epoch], name) for epoch in measured]
        rows.append([what, *map(_written, found), _yes(as_predicted)])
    epochs = [f"{epoch} epochs" for epoch in measured]
    return Table([f"in {updates:,} updates", *epochs, "as predicted"], rows)


def curve_table(
    acts: Mapping[str, Mapping[str, int | None]], first_losses: Mapping[str, float], a_pass: int
) -> Table:
    """List when callbacks would have acted on the losses that a training found.

    Args:
        acts: by `minority` and `majority` epochs, and by what acts, the weight update.
        first_losses: the loss that `fit` prints for the first such epoch.
        a_pass: updates in a pass through the majority.
    """
    names = next(iter(acts.values()))
    after = {name: [acts[epoch][name] for epoch in acts] for name in names}
    rows = [
        [name, *(f"{at / a_pass:.2f} passes" if at else "never" for at in updates)]
        for name, updates in after.items()
    ]
    rows.append(["first loss printed", *(f"{first_losses[epoch]:.4f}" for epoch in acts)])
    return Table(["after", *(f"{epoch} epochs" for epoch in acts)], rows)


def until_all_table(counted: Mapping[str, int | None], predicted: int) -> Table:
    """List after how many minority epochs all of the majority was trained.

    Args:
        counted: by how samples are taken; None where some never were.
        predicted: for each of them.
    """
    return Table(
        ["minority epochs until all are seen", "predicted", "counted"],
        [[name, f"{predicted:,}", _written(epochs)] for name, epochs in counted.items()],
    )


def at_random_table(collected: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Table:
    """List how long random draws took, by theory and simulated.

    Args:
        collected: by how samples are drawn, what `collector_runs.beside_theory` returns.
    """
    words = {"mean": "mean", "spread": "standard deviation"}
    rows = [
        [
            f"{name}: {words[what]}",
            f"{found['theory']:.2f}",
            f"{found['simulated']:.2f}",
            f"{found['low']:.2f} to {found['high']:.2f}",
        ]
        for name, both in collected.items()
        for what, found in both.items()
    ]
    header = ["minority epochs until all are seen", "theory", "simulated", "95 % interval"]
    return Table(header, rows)


def imbalances_words(imbalances: Sequence[CountedImbalance]) -> str:
    """Say what the epochs hold at the rarest of several imbalances, in Markdown.

    Args:
        imbalances: predicted and counted, the rarest last.
    """
    rarest, right = imbalances[-1], sum(one.counted == one.theory for one in imbalances)
    return (
        f"At {named_ratio(rarest.ratio)}, one majority epoch trains each minority sample "
        f"{_span(rarest.counted.exposures)} times. {right} of "
        f"{count_of(len(imbalances), 'imbalance')} came out as predicted."
    )


def imbalances_table(imbalances: Sequence[CountedImbalance], half: int) -> Table:
    """List what either epoch holds at several imbalances.

    Args:
        imbalances: predicted and counted.
        half: samples of either stream in a batch.
    """
    rows = []
    for one in imbalances:
        majority = one.samples["majority"]
        drawn = CouponCollector(majority, 1).rounds_until_all() / (one.steps.minority * half)
        rows.append(
            [
                named_ratio(one.ratio),
                _span(one.counted.exposures),
                percent(one.counted.seen / majority),
                _written(one.counted.epochs_until_all),
                f"{drawn:,.1f}",
                _yes(one.counted == one.theory),
            ]
        )
    header = ["imbalance", "times a minority sample is trained in a majority epoch"]
    header += ["majority seen in a minority epoch", "minority epochs until all are seen"]
    return Table([*header, "drawn with replacement, on average", "as predicted"], rows)


def advice_table(advice: Mapping[str, EpochAdvice], decay: float) -> Table:
    """List how to call `fit` at several imbalances.

    Args:
        advice: by imbalance.
        decay: factor of the learning rate that is meant for a pass.
    """
    header = ["imbalance", "steps_per_epoch", "patience, at least"]
    return Table(
        [*header, f"decay an epoch, for {decay:g} a pass"],
        [[name, one.steps, one.patience, f"{one.decay:.4f}"] for name, one in advice.items()],
    )


def beside(predicted: Mapping, found: Mapping, name: str = "counted") -> dict[str, dict]:
    """Put what was found beside what was predicted, as findings have it.

    Args:
        predicted: by epoch, a named tuple.
        found: by the same epochs.
        name: of what was found.
    """
    return {
        epoch: {"theory": predicted[epoch]._asdict(), name: found[epoch]._asdict()}
        for epoch in found
    }


def tried_words(tried: Schedule, seen: float, after_a_pass: float | None) -> str:
    """Say what became of a training that followed the advice, in Markdown.

    Args:
        tried: what happened.
        seen: the share of the majority trained when it ended.
        after_a_pass: what the learning rate was multiplied by; None before a pass was over.
    """
    stop = tried.stopped_after
    ended = f"stopped after update {stop:,}, when" if stop else "did not stop. At the end"
    rate = (
        "The training was too short to see the learning rate after a pass"
        if after_a_pass is None
        else f"After one pass, the learning rate was {after_a_pass:.4f} times the first"
    )
    return f"`EarlyStopping` {ended} {percent(seen)} of the majority had been trained. {rate}."


def named_ratio(ratio: float) -> str:
    """Write an imbalance.

    Example:
        >>> named_ratio(4841.64)
        '1 : 4,842'
    """
    return f"1 : {ratio:,.4g}"


def _length(lengths: EpochLengths, advice: EpochAdvice) -> str:
    steps, wait = count_of(advice.steps, "step"), count_of(advice.patience, "epoch")
    if lengths.minority == lengths.majority:
        return f"Here one epoch of {steps} goes once through both classes, so there is no choice."
    callbacks = f"and set the patience of callbacks to {wait} or more."
    if advice.steps == lengths.minority:
        return f"Here, make an epoch one pass through the rare class ({steps}), {callbacks}"
    return f"Here, make an epoch {steps} long, more than one pass of the rare class, {callbacks}"


def _weights(is_same: bool) -> str:
    if is_same:
        return "Its length alone changed none of the weights"
    return "Its length changed the weights, though the batches should be the same"


def _stopping(lengths: EpochLengths, patience: int, seen: float) -> str:
    if lengths.minority == lengths.majority:
        return ", and callbacks cannot tell the two kinds of epochs apart."
    waiting = f"with a patience of {count_of(patience, 'epoch')} `EarlyStopping`"
    if seen < 1:
        share = percent(seen)
        return f", but {waiting} could stop when only {share} of the majority had been seen."
    return f", and {waiting} could not stop before all of the majority had been seen."


def _advice(advice: EpochAdvice, decay: float) -> str:
    wait = count_of(advice.patience, "epoch")
    return (
        f"Draw without replacement, so that one pass reaches every sample. Set "
        f"`steps_per_epoch={advice.steps}` and give callbacks a patience of {wait} or more. If "
        f"the learning rate should fall to {decay:g} of itself in a pass through the majority, "
        f"multiply it by {advice.decay:.4f} after each epoch. At another imbalance, an epoch "
        "should be one pass through the rare class, or the part of the majority after which you "
        "want to validate, whichever is longer."
    )


def _written(value) -> str:
    if isinstance(value, list):
        return ", ".join(f"{at:,}" for at in value[:3]) + ", …" * (len(value) > 3) or "never"
    return "never" if value is None else f"{value:,}"


def _span(pair: Sequence[int]) -> str:
    return " to ".join(f"{n:,}" for n in sorted(set(pair)))


def _yes(value: bool) -> str:
    return "yes" if value else "no"
