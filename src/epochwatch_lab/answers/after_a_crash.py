"""The answer of notebook 06: what a training that was killed and run again is afterwards.

What is compared comes as `Outcome.findings` and `Difference.findings` of `killed_trainings`, by
way; of the differences there is one for each training that was killed.
"""

from collections.abc import Mapping

from epochwatch_lab.answers import Answer
from epochwatch_lab.tables import Table

BACKUP, RESUMABLE = "BackupAndRestore", "resumable"
_ADVICE = (
    "Before `fit`, make the model resumable: `model = epochwatch.resumable(model, "
    '"checkpoints")`. After a crash, run the same script again. If you stay with '
    "`BackupAndRestore`, do not count on having trained on all of your data once you had a crash: "
    "watch the model, and count."
)


def answer(ended: Mapping[str, Mapping], differences: Mapping[str, Mapping]) -> Answer:
    """Say whether either way goes on where the training was killed.

    Args:
        ended: by way, what it came to.
        differences: by way that was killed, how it differs from the undisturbed training.

    Returns:
        The answer.
    """
    backup = _of_backup(ended[BACKUP], differences[BACKUP])
    resumable = _of_resumable(ended[RESUMABLE], differences[RESUMABLE])
    ours = "identical" if is_alike(differences[RESUMABLE]) else "differs"
    short = f"{BACKUP}: {_rows(differences[BACKUP])}; {RESUMABLE}: {ours}"
    return Answer(short, f"**{backup}** {resumable}", _ADVICE)


def is_alike(difference: Mapping) -> bool:
    """Whether a training was the undisturbed one in every respect."""
    return (
        difference["weights_alike"]
        and difference["callbacks_alike"]
        and difference["first_step"] is None
    )


def _rows(difference: Mapping) -> str:
    if is_alike(difference):
        return "identical"
    rows = difference["rows"]["majority"]
    return f"{rows['again']:,} samples again, {rows['never']:,} never"


def _of_backup(ended: Mapping, difference: Mapping) -> str:
    if not ended["start"]["trained"]:
        what = "started all over" + (", and lost nothing" if is_alike(difference) else "")
        return f"It was killed before Keras' `{BACKUP}` had saved anything, so it {what}."
    if difference["first_step"] is None:
        return f"Keras' `{BACKUP}` went on with the next sample, which it was not expected to do."
    rows = difference["rows"]["majority"]
    never = f"{rows['never']:,} never" if rows["never"] else "none was left out"
    return (
        f"Not with Keras' `{BACKUP}`: it started the data over, so {rows['again']:,} majority "
        f"samples were trained again and {never}."
    )


def _of_resumable(ended: Mapping, difference: Mapping) -> str:
    which = "Made resumable by epochwatch, the same training"
    if is_alike(difference):
        went_on = "went on with the very next sample" if ended["start"]["trained"] else "did so too"
        return (
            f"{which} {went_on} and ended with the same weights, to the bit, as if it had not been "
            "killed."
        )
    where = difference["first_step"]
    if where is not None:
        return f"{which} trained on other samples from step {where:,} on."
    return f"{which} trained on the same samples, but ended in another state."


def title(way: str, ended: Mapping, difference: Mapping) -> str:
    """Name a training for a picture, with what it did after the kill."""
    if not ended["start"]["trained"]:
        return f"{way}: starts all over"
    if difference["first_step"] is None:
        return f"{way}: goes on"
    return f"{way}: starts the data over"


def processes_table(ended: Mapping[str, Mapping]) -> Table:
    """Show where each way's second process began, and how many steps there were in all."""
    header = ["training", "weights of step", "in epoch", "at its step", "steps in all"]
    rows = []
    for way, one in ended.items():
        start = one["start"]
        killed = way in (BACKUP, RESUMABLE)
        places = [start["trained"], start["epoch"], start["step"]]
        texts = [f"{place:,}" if killed else "–" for place in places]
        rows.append([f"`{way}`", *texts, one["steps"]])
    return Table(header, rows)


def rows_table(differences: Mapping[str, Mapping]) -> Table:
    """Show of each stream how many samples were trained more often than due, and how many never."""
    header = ["training", "stream", "trained more often", "never trained"]
    return Table(
        header,
        [
            [f"`{way}`", stream, rows["again"], rows["never"]]
            for way, difference in differences.items()
            for stream, rows in difference["rows"].items()
        ],
    )


def states_table(ended: Mapping[str, Mapping], differences: Mapping[str, Mapping]) -> Table:
    """Set side by side what was put back besides the data."""
    header = ["training", "draws of Dropout", "epochs in the History", "callbacks", "weights"]
    rows = []
    for way, one in ended.items():
        epochs = ", ".join(map(str, one["history_epochs"]))
        row = [f"`{way}`", one["dropout_draws"], epochs]
        rows.append(row + (_states(differences[way]) if way in differences else ["–", "–"]))
    return Table(header, rows)


def _states(difference: Mapping) -> list[str]:
    callbacks = "the same" if difference["callbacks_alike"] else "other"
    if difference["weights_alike"]:
        return [callbacks, "the same, to the bit"]
    return [callbacks, f"up to {difference['largest']:.4f} apart"]
