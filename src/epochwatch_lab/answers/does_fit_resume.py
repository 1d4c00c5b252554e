"""The answer of notebook 01: whether `fit` resumes its feed, and what a loop around it loses."""

from collections.abc import Mapping, Sequence

import numpy as np

from epochwatch._exposures.verdict import MEANING
from epochwatch.exposures import Verdict, positions
from epochwatch_lab.answers import Answer
from epochwatch_lab.tables import Table

FEEDS = {
    "tf_data": "a `tf.data.Dataset`",
    "generator": "a generator",
    "py_dataset": "a `PyDataset`",
}
LOOP = "A loop that calls `fit` once per epoch, each time with a new feed, trained on"
MOST_ROWS = 6
DIGITS = 4  # of a share
_ONE_CALL = (
    "Call `fit` once, with all the epochs you want, and do what has to happen between epochs in a "
    "callback. If you cannot, watch the model: `epochwatch.watch` shows what each epoch really "
    "trained on."
)
_MEND = (
    "Run `epochwatch audit` on this feed: it names the cause, the samples that are lost and the "
    "remedy."
)
_AGAIN = "Run it again with `epochs=2` or more."


def answer(
    feed: str,
    verdict: str | None,
    sizes: Mapping[str, int],
    trained: Mapping[str, int],
    trained_by_loop: Mapping[str, int],
) -> Answer:
    """Say whether `fit` resumed.

    Args:
        feed: how it was fed.
        verdict: on one call of `fit`.
        sizes: samples in the `minority` and in the `majority`.
        trained: of either, how many that call trained on.
        trained_by_loop: the same, of a loop that makes the feed anew for each epoch.

    Returns:
        The answer.
    """
    seen, of_all = trained["majority"], sizes["majority"]
    share = f"all {of_all:,}" if seen == of_all else f"{seen:,} of {of_all:,}"
    counted = f"{share} samples of the majority class"
    if verdict not in ("resumes", None):
        first = f"No, fed by {FEEDS[feed]} it *{verdict}*: {MEANING[verdict]}."
        return Answer(verdict, f"**{first}** One call of `fit` trained on {counted}.", _MEND)
    second = _loop_sentence(of_all, seen, trained_by_loop["majority"])
    if verdict is None:
        first = f"One epoch cannot tell, because nothing follows it: it trained on {counted}."
        return Answer("no verdict", f"**{first}** {second}", _AGAIN)
    first = (
        f"Yes: one call of `fit`, fed by {FEEDS[feed]}, continued where the last epoch had "
        f"stopped, and trained on {counted}."
    )
    return Answer(verdict, f"**{first}** {second}", _ONE_CALL)


def _loop_sentence(of_all: int, seen: int, by_loop: int) -> str:
    if by_loop == of_all:
        return f"{LOOP} all of them too, because its epochs are long enough."
    if by_loop == seen:
        return f"{LOOP} just as many."
    return f"{LOOP} only {by_loop:,}, and the other {of_all - by_loop:,} were never seen."


def run_title(name: str, verdict: str | None) -> str:
    """Name a run for a picture, with its verdict if there is one."""
    return name if verdict is None else f"{name}: {verdict}"


def verdict_text(judged: Verdict) -> str:
    """Write a verdict and what it means, in Markdown."""
    meaning = judged.meaning
    if judged.verdict is None:
        return f"No verdict: {meaning}."
    return f"The verdict is **{judged.verdict}**: {meaning}."


def epoch_findings(
    judged: Verdict, indices: Mapping[str, np.ndarray], coverage: Mapping[str, np.ndarray]
) -> list[dict]:
    """List the epochs of a run, each with its first batch, its last batch and its coverage.

    Args:
        judged: the run's epochs, as `judge` has followed them.
        indices: int64 (samples,), by stream, ascending.
        coverage: float64 (epochs,), by stream, by the end of each epoch.

    Returns:
        A dictionary an epoch; batches as positions in either stream.
    """

    def positions_of(batch):
        return {stream: positions(index, batch).tolist() for stream, index in indices.items()}

    return [
        {
            "epoch": epoch.epoch,
            "steps": epoch.steps,
            "first_batch": positions_of(epoch.first),
            "last_batch": positions_of(epoch.last),
            "coverage": {s: round(float(shares[rank]), DIGITS) for s, shares in coverage.items()},
        }
        for rank, epoch in enumerate(judged.epochs)
    ]


def epochs_table(epochs: Sequence[Mapping]) -> Table:
    """Show where each epoch began and ended in either stream; of many, the first and the last."""
    streams = list(epochs[0]["first_batch"])
    header = ["epoch", *(text for s in streams for text in (f"{s}: from", "to"))]
    rows = [[epoch["epoch"], *_ends(epoch, streams)] for epoch in epochs]
    if len(rows) > MOST_ROWS:
        rows[MOST_ROWS - 2 : -1] = [["…"] * len(header)]
    return Table(header, rows)


def _ends(epoch: Mapping, streams: Sequence[str]) -> list:
    batches = [(epoch["first_batch"][s], epoch["last_batch"][s]) for s in streams]
    return [position for first, last in batches for position in (first[0], last[-1])]


def stream_findings(sizes: Mapping[str, int], trained: Mapping[str, int]) -> dict[str, dict]:
    """Put the samples of each stream and how many were trained into one dictionary."""
    return {s: {"samples": size, "trained": trained[s]} for s, size in sizes.items()}


def trained_table(
    sizes: Mapping[str, int], trained: Mapping[str, int], trained_by_loop: Mapping[str, int]
) -> Table:
    """Show how many samples of each stream were trained; arguments as `answer` takes them."""
    header = ["stream", "samples", "one fit", "fit in a loop", "never seen by the loop"]
    rows = [
        [stream, size, trained[stream], trained_by_loop[stream], size - trained_by_loop[stream]]
        for stream, size in sizes.items()
    ]
    return Table(header, rows)


def rounded(scores: Mapping[str, float]) -> dict[str, float]:
    """Round what was measured on the test images; processors differ in what lies behind."""
    return {name: round(float(score), DIGITS) for name, score in scores.items()}


def held_out_table(results: Mapping[str, Mapping[str, float]]) -> Table:
    """Show results on the test images, a row to a model."""
    header = ["training", "precision", "recall", "PR-AUC"]
    return Table(header, [[name, *scores.values()] for name, scores in results.items()])
