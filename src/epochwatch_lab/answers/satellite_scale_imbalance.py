"""Notebook 05: how much of the rest is trained on where few patches have the rare class."""

from collections.abc import Mapping

from epochwatch._text import count_of
from epochwatch_lab.answers import Answer
from epochwatch_lab.datasets.tfrecords.damage import DamageTrial
from epochwatch_lab.epoch_lengths import EpochLengths
from epochwatch_lab.record_trainings import TrainedRecords, WayCalled
from epochwatch_lab.tables import Table, percent


def answer(
    trained: Mapping[WayCalled, TrainedRecords],
    majority: int,
    lengths: EpochLengths,
    unreadable: int,
) -> Answer:
    """Say how many patches without the rare class were trained, and why.

    Args:
        trained: by the way of reading, with one call of `fit` and with one for each epoch.
        majority: patches without the rare class.
        lengths: of both epochs, in steps.
        unreadable: records that could not be read.

    Returns:
        The answer.
    """
    of_one_fit = sorted({one.trained for called, one in trained.items() if called.fits == 1})
    counts = " to ".join(f"{n:,}" for n in of_one_fit)
    again = {called: one for called, one in trained.items() if called.fits > 1}
    text = f"**{_trained(of_one_fit, counts, majority)}**"
    text = f"{text} {_why(of_one_fit, again, majority, lengths)}"
    return Answer(f"{counts} of {majority:,} trained", text, _advice(lengths, unreadable))


def export_findings(export, counts) -> dict:
    """Sum up an export, as findings have it.

    Args:
        export: the `Export`.
        counts: its `Survey`.
    """
    return {
        "records": len(counts.index),
        "bands": export.layout.bands,
        "shape": export.layout.shape,
        "margin": export.margin,
        **counts.class_sizes(),
    }


def ways_findings(trained: Mapping[WayCalled, TrainedRecords]) -> list[dict]:
    """Sum up what each way of reading trained, as findings have it."""
    return [
        {"read": called.way, "fits": called.fits, **t.as_json()} for called, t in trained.items()
    ]


def sizes_table(sizes: Mapping[str, Mapping[str, int]]) -> Table:
    """List how rare the class is, by patch and by pixel.

    Args:
        sizes: as `Survey.class_sizes` returns them.
    """
    rare, others = sizes["rare"], sizes["others"]
    rows = [[what, rare[what], others[what], _ratio(others[what], rare[what])] for what in rare]
    return Table(["of all", "with the rare class", "without", "imbalance"], rows)


def ways_table(trained: Mapping[WayCalled, TrainedRecords], majority: int) -> Table:
    """List what each way of reading trained.

    Args:
        trained: by the way of reading and the number of calls of `fit`.
        majority: patches without the rare class.
    """
    header = ["majority read", "calls of fit", "trained", "of all", "most often", "within reach"]
    header += ["furthest trained", "of files"]
    rows = [
        [
            *called,
            one.trained,
            percent(one.trained / majority),
            one.most_often,
            one.within_reach,
            "no fixed order" if one.furthest is None else f"{one.furthest:,}",
            one.files,
        ]
        for called, one in trained.items()
    ]
    return Table(header, rows)


def balance_table(exposed: Mapping[str, tuple[int, int]], predicted: Mapping[str, float]) -> Table:
    """List how balanced the trained batches were, by patch and by pixel.

    Args:
        exposed: by `patches` and `pixels`, those of the rare class and all.
        predicted: by the same, the share of the rare class.
    """
    rows = [
        [what, rare, of_all, f"{predicted[what]:.2%}", f"{rare / of_all:.2%}"]
        for what, (rare, of_all) in exposed.items()
    ]
    return Table(["trained", "of the rare class", "of all", "predicted", "counted"], rows)


def balance_words(exposed: Mapping[str, tuple[int, int]]) -> str:
    """Say how far from balanced the pixels are.

    Args:
        exposed: by `patches` and `pixels`, those of the rare class and all.
    """
    patches, pixels = (_ratio(of_all - rare, rare) for rare, of_all in exposed.values())
    return f"Batches that are {patches} by patch are {pixels} by pixel."


def damage_table(trials: Mapping[str, DamageTrial]) -> Table:
    """List what became of each damage.

    Args:
        trials: by what was done.
    """
    header = ["damage", "what is said of it", "read", "counted as left out"]
    return Table([*header, "read by `ignore_errors`"], [[name, *t] for name, t in trials.items()])


def damage_words(name: str, trial: DamageTrial) -> str:
    """Say what one damage cost either reader.

    Args:
        name: of the damage.
        trial: what became of it.
    """
    whole = trial.read + trial.skipped
    return (
        f"{name}: this reader lost {trial.skipped:,} of {whole:,} records and named it,\n"
        f"ignore_errors() lost {whole - trial.silently:,} and said nothing"
    )


def _trained(of_one_fit: list[int], counts: str, majority: int) -> str:
    if of_one_fit[0] == majority:
        return f"`fit` trained on all {majority:,} patches without the rare class."
    only = "only " * (of_one_fit[-1] < majority / 2)
    how = "however" if len(of_one_fit) == 1 else "depending on how"
    return (
        f"Of {majority:,} patches without the rare class, `fit` trained on {only}{counts}, "
        f"{how} the files were read."
    )


def _why(
    of_one_fit: list[int],
    again: Mapping[WayCalled, TrainedRecords],
    majority: int,
    lengths: EpochLengths,
) -> str:
    fewest = min(again.values(), key=lambda one: one.trained).trained
    if of_one_fit[0] == majority:
        ended = "The epochs were enough to reach the last of them"
    else:
        steps = count_of(lengths.minority, "step")
        ended = f"An epoch was one pass through the rare patches, and so only {steps}"
    if fewest == of_one_fit[0]:
        return f"{ended}; calling `fit` again for each epoch trained on as many."
    return f"{ended}; with `fit` called again for each epoch, it could be as few as {fewest:,}."


def _advice(lengths: EpochLengths, unreadable: int) -> str:
    text = (
        "Call `fit` once, on streams that repeat, and train for as many steps as one pass through "
        f"the majority has: {lengths.majority:,}. Interleave all files before the shuffle buffer: "
        "that reaches no more patches, but spreads them over the scene. Give the rare class a file "
        "of its own, or cache it."
    )
    if unreadable:
        records = count_of(unreadable, "record")
        text += f" Export again: {records} of this export could not be read."
    return text


def _ratio(others: int, rare: int) -> str:
    return f"1 : {others / rare:,.0f}"
