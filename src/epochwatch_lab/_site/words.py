"""What a reader is told of a cell: the feed, the call, and what happened, in words."""

from collections.abc import Iterator
from typing import Any

from epochwatch_lab._atlas.files import LONGEST_WARNING
from epochwatch_lab._atlas.outcomes import (
    ACT_WORDS,
    DRAWN_AGAIN,
    DRAWN_ANEW,
    FEWER,
    NO_VERDICT,
    OTHER,
    REORDERED,
    SAME,
    is_repeated,
    warns_of_it,
)
from epochwatch_lab._atlas.toy_feeds import WITHOUT_END
from epochwatch_lab._site.cells import PageCell
from epochwatch_lab._site.passes import pass_sentences

KNOWN, UNKNOWN, ENDLESS = "known", "unknown", "endless"
LENGTHS = {KNOWN: "known", UNKNOWN: "unknown until it ends", ENDLESS: "it never ends"}
SAID_OTHERWISE = ("endless", "pipeline", "workers", "use_multiprocessing", "batches")
WORKERS = ("worker", "workers")
ACTS = {act: words.replace("`", "") for act, words in ACT_WORDS.items()}
SEEDED = {None: "no seed", "global": "keras.utils.set_random_seed"}
RESTORED = {
    "BackupAndRestore": "restored by BackupAndRestore",
    "BackupAndRestore every step": "restored by BackupAndRestore(save_freq=1)",
    "initial_epoch": "restarted with initial_epoch",
}
GETS = {
    "validate": "Epochs after the first validate on",
    "evaluate": "The second evaluate gets",
    "predict": "The second predict gets",
}
ROWS_GOTTEN = {
    SAME: "the same rows in the same order",
    REORDERED: "the same rows in another order",
    FEWER: "fewer rows",
    OTHER: "other rows",
}
MEANINGS = {
    "restarts": "training starts again at the feed’s first batch before the feed has ended",
    "skips": "batches between two epochs or two fits are passed over",
    "replays": "batches that were trained come again, while others wait",
    "runs dry": "the feed ends before an epoch has all its steps",
    "overruns": "epochs train more steps than were asked for",
    "hangs": "fit does not end",
    "crashes": "fit takes the whole process down with it",
    "raises": "fit ends with an error",
    FEWER: "epochs or calls after the first get fewer rows",
    OTHER: "each epoch or call gets other rows",
    REORDERED: "each epoch or call gets the same rows in another order",
    DRAWN_AGAIN: "an epoch gets the same random numbers as one before it",
    "reshuffles": "the order is drawn anew",
    NO_VERDICT: "there is one epoch, so nothing to compare",
    SAME: "each epoch or call gets the same rows in the same order",
    DRAWN_ANEW: "each epoch gets new random numbers",
    "resumes": "each epoch goes on where the one before stopped, or begins a new pass",
}


def feed_words(kind: str, options: dict[str, Any]) -> tuple[str, str]:
    """Name a feed for somebody who looks for theirs, and say whether it ends.

    Example:
        >>> feed_words("generator", {"endless": True})
        ('Python generator', 'endless')
        >>> feed_words("py_dataset", {"workers": 2})
        ('PyDataset, 2 workers', 'known')
    """
    ends = ENDLESS if options.get("endless") or options.get("pipeline") in WITHOUT_END else KNOWN
    if kind == "generator":
        ends = ENDLESS if options.get("endless") else UNKNOWN
    if options.get("pipeline") == "from_generator":
        ends = UNKNOWN
    return ", ".join([kind_words(kind, options), *option_words(options)]), ends


def option_words(options: dict[str, Any]) -> Iterator[str]:
    """Say what tells a feed from others of its kind, but for its pipeline and its length.

    Example:
        >>> list(option_words({"workers": 2, "use_multiprocessing": True, "batches": 100}))
        ['2 processes', '100 batches']
    """
    named = {key: value for key, value in options.items() if key not in SAID_OTHERWISE}
    if (workers := options.get("workers")) is not None:
        one, many = ("process", "processes") if "use_multiprocessing" in options else WORKERS
        yield "no workers" if workers == 0 else f"{workers} {one if workers == 1 else many}"
    yield from (f"{key}={value}" for key, value in named.items())
    if "batches" in options:
        yield f"{options['batches']} batches"


def kind_words(kind: str, options: dict[str, Any]) -> str:
    pipeline = options.get("pipeline", "")
    if pipeline:
        # These differ in their length alone.
        plain = pipeline in ("finite", "repeat", "from_generator")
        return "tf.data.Dataset" if plain else f"tf.data.Dataset: {pipeline}"
    names = {
        "arrays": "NumPy arrays",
        "generator": "Python generator",
        "py_dataset": "PyDataset",
        "torch_loader": "torch DataLoader",
        "grain_loader": "Grain dataset",
    }
    return names.get(kind, kind)


def steps_words(steps: int | None, batches: int, ends: str) -> str:
    """Compare steps_per_epoch with a pass.

    Example:
        >>> steps_words(3, 10, KNOWN)
        '3 of 10: does not divide a pass'
    """
    if steps is None:
        return "not given"
    if ends == ENDLESS:
        return str(steps)
    if steps >= batches:
        return f"{steps} of {batches}: {'a whole pass' if steps == batches else 'more than a pass'}"
    return f"{steps} of {batches}: {'does not divide' if batches % steps else 'divides'} a pass"


def call_words(way: dict[str, Any]) -> list[str]:
    """Say how a cell is called, a part for each thing said.

    Example:
        >>> call_words({"act": "fit", "steps_per_epoch": 3, "fits": 2})
        ['steps_per_epoch=3', '2 fits']
    """
    act, how = way["act"], way.get("how", {})
    parts = [] if act == "fit" else [ACTS.get(act, act)]
    steps = way.get("steps_per_epoch")
    if steps is not None or act == "fit":
        parts.append("no steps_per_epoch" if steps is None else f"steps_per_epoch={steps}")
    parts += [f"{key}={value}" for key, value in how.items()]
    fits = way.get("fits", 1)
    return [*parts, f"{fits} fits"] if fits > 1 else parts


def sentences_of(cell: PageCell) -> Iterator[str]:
    """Say what happened: the verdict, what it cost, and whether Keras said so."""
    yield verdict_sentence(cell)
    yield from pass_sentences(cell)
    if cell.alike:
        repeats = any(map(is_repeated, cell.recorded["trained"]))
        again = (
            "Epochs train the same batches in one order"
            if repeats
            else ("A fit trains its epochs in the orders of the one before")
        )
        yield f"{again}, although they are to be shuffled."
    number = cell.observed.get("batches", {}).get("passed_over")
    if number and cell.verdict != "skips":
        yield f"Keras passes over {passed_over_words(cell)}."
    if cell.lost:
        lost, reachable = cell.lost
        yield (
            f"{lost} of the {reachable} rows that these steps reach are never trained."
            if lost
            else "No row is lost."
        )
    if cell.differing:
        yield runs_sentence(cell)
    if cell.findings:
        yield warning_sentence(cell.recorded["warnings"])


def runs_sentence(cell: PageCell) -> str:
    """Say how many runs came out otherwise, and between what the rows lost lie."""
    told = f"Of {cell.recorded['runs']} runs {cell.differing} came out otherwise than this one"
    lost = [cell.lost and cell.lost[0], *(other["lost"] for other in cell.recorded["others"])]
    if None in lost or not any(lost):
        return f"{told}."
    least, most = min(lost), max(lost)
    return f"{told}: {most if least == most else f'{least} to {most}'} rows were lost in a run."


def warning_sentence(warnings: list[str]) -> str:
    """Say what Keras says, and where it is about something else, that it says no more.

    Example:
        >>> warning_sentence(["`shuffle=True` was passed, but will be ignored."])
        'Keras only says: “`shuffle=True` was passed, but will be ignored.”'
    """
    if not warnings:
        return "Keras does not warn."
    says = "Keras warns" if warns_of_it(warnings) else "Keras only says"
    return f"{says}: “{cut_short(warnings[0])}”"


def verdict_sentence(cell: PageCell) -> str:
    """Say in a sentence what the verdict means for this cell."""
    named = {
        "restarts": restart_sentence,
        "skips": lambda cell: f"Keras passes over {passed_over_words(cell)} that it never trains.",
        "runs dry": dry_sentence,
        "overruns": lambda cell: (
            f"Epochs train more steps than asked for: {steps_run(cell)} instead of "
            f"{cell.observed['steps']['asked']}."
        ),
        "reshuffles": lambda cell: (
            "fit shuffles."
            if cell.shuffled_by == "fit"
            else "The feed delivers another order in each pass."
        ),
        "raises": lambda cell: f"fit ends with an error: {cell.raised}",
    }
    if cell.verdict in named:
        return named[cell.verdict](cell)
    if cell.verdict in ROWS_GOTTEN:
        return f"{GETS[cell.way['act']]} {ROWS_GOTTEN[cell.verdict]}."
    if (
        cell.verdict == "resumes"
        and cell.way["steps_per_epoch"] is None
        and cell.way["act"] == "fit"
    ):
        return "Each epoch is one complete pass of the feed."
    meaning = MEANINGS[cell.verdict]
    return f"{meaning[0].upper()}{meaning[1:]}." if meaning[:3] != "fit" else f"{meaning}."


def dry_sentence(cell: PageCell) -> str:
    asked = cell.observed["steps"]["asked"]
    run = f"the epochs train {steps_run(cell)} steps, and {asked} were asked for"
    if len(cell.steps) == 1:
        run = f"training stops after {cell.steps[0]} steps, and {asked} were asked for"
    elif len(set(cell.steps)) == 1:
        run = f"each epoch trains {cell.steps[0]} steps instead of {asked}"
    return f"The feed ends before an epoch has all its steps: {run}."


def restart_sentence(cell: PageCell) -> str:
    last = len(cell.recorded["trained"][0])
    if cell.way["act"] == "restore":
        return "After the interruption, training starts again at the feed’s first batch."
    if all(cell.boundary(1, epoch) != "restarts" for epoch in range(1, last)):
        return "The second fit starts again at the feed’s first batch."
    return "Epochs start again at the feed’s first batch."


def passed_over_words(cell: PageCell) -> str:
    number = cell.observed["batches"]["passed_over"]
    return "a batch" if number == 1 else f"{number} batches"


def steps_run(cell: PageCell) -> str:
    """List the steps of the epochs, as a sentence has them."""
    *first, last = map(str, cell.steps)
    return f"{', '.join(first)} and {last}" if first else last


def cut_short(warning: str) -> str:
    """Leave off the end of a warning that was recorded in part.

    Example:
        >>> cut_short("Your input ran out of data. Make sure " + 200 * "x")
        'Your input ran out of data.'
    """
    whole = warning if len(warning) < LONGEST_WARNING else warning.rpartition(". ")[0] + "."
    return whole.partition(" (in this case")[0]
