"""Notebook 03b: does `fit(shuffle=True)` shuffle again each epoch, and does it matter?"""

from collections.abc import Iterable, Mapping, Sequence

from epochwatch_lab.answers import Answer
from epochwatch_lab.strategies import Interval
from epochwatch_lab.tables import Table

FEEDS = {
    "py_dataset": "a `PyDataset` with `fit(shuffle=True)`",
    "tf_data": "`Dataset.shuffle`",
}
AUDIT = "`epochwatch audit` shows in a minute whether your own training is concerned."


def answer(
    orders: int,
    epochs: int,
    seeded: bool,
    gains: Mapping[str, Interval],
    audits: Mapping[str, Mapping],
) -> Answer:
    """Say in how many orders `fit` trained here, and what a new order each epoch is worth.

    Args:
        orders: different ones, of the training whose order `fit` made.
        epochs: that it had.
        seeded: whether a seed was set.
        gains: by data set, accuracy with a new order each epoch less that with one order.
        audits: by feed, what `shuffling.audited` found.

    Returns:
        The answer.
    """
    given = "With a seed set" if seeded else "Without TensorFlow's seed"
    if orders == 1:
        what = f"the same order in all {epochs} epochs, although it was told to shuffle"
    elif orders == epochs:
        what = f"another order in each of {epochs} epochs, as it was told to"
    else:
        what = f"only {orders} different orders in {epochs} epochs"
    first = f"**{given}, Keras' `fit` on TensorFlow trained on arrays in {what}.**"
    short = f"{orders} {'order' if orders == 1 else 'orders'} in {epochs} epochs"
    return Answer(short, f"{first} {cost(gains)}", advice(audits))


def cost(gains: Mapping[str, Interval]) -> str:
    """Say in a sentence what training in one order costs, over the published trainings.

    Args:
        gains: by data set, accuracy with a new order each epoch less that with one order.
    """
    runs = sum(gain.sample_size for gain in gains.values())
    trainings = f"In {runs:,} pairs of trainings that we made beforehand"
    clear = {name: gain for name, gain in gains.items() if gain.excludes_zero}
    if not clear:
        what = "repeating one order made no measurable difference in accuracy"
        return f"{trainings}, on {_listed(gains)}, {what}."
    told = _listed([f"{_points(gain)} on {name}" for name, gain in clear.items()])
    others = [name for name in gains if name not in clear]
    rest = f", and made no measurable difference on {_listed(others)}" if others else ""
    return f"In trainings that we made beforehand, a new order each epoch was {told}{rest}."


def _points(gain: Interval) -> str:
    word = "better" if gain.mean > 0 else "worse"
    return f"{abs(gain.mean) * 100:.2f} percentage points {word}"


def advice(audits: Mapping[str, Mapping]) -> str:
    """Say how to shuffle so that each epoch has another order.

    Args:
        audits: by feed, what `shuffling.audited` found.
    """
    works = [name for name, found in audits.items() if is_shuffled(found)]
    if not works:
        return f"None of the feeds that were audited here had a new order each epoch. {AUDIT}"
    return f"These had a new order each epoch: {_listed([f'`{name}`' for name in works])}. {AUDIT}"


def is_shuffled(found: Mapping) -> bool:
    """Whether every epoch of an audit had another order, and there is no other finding."""
    return found["orders"] == found["epochs"] and not found["findings"]


def audits_table(audits: Mapping[str, Mapping]) -> Table:
    """List in how many orders each feed was trained.

    Args:
        audits: by feed, what `shuffling.audited` found.
    """
    rows = [
        [
            f"`{name}`",
            f"{found['orders']} in {found['epochs']} epochs",
            found["never_trained"],
            ", ".join(found["findings"]) or "none",
        ]
        for name, found in audits.items()
    ]
    return Table(["feed", "different orders", "never trained", "findings"], rows)


def trainings_table(trainings: Mapping[str, Mapping]) -> Table:
    """Set the trainings of this run side by side.

    Args:
        trainings: by who made the order, its `orders`, `epochs`, `accuracy` and `loss`.
    """
    rows = [
        [f"`{name}`", f"{one['orders']} in {one['epochs']} epochs", one["accuracy"], one["loss"]]
        for name, one in trainings.items()
    ]
    return Table(["who shuffles", "different orders", "test accuracy", "test loss"], rows)


def cost_table(evidence, titles: Mapping[str, str]) -> Table:
    """Set the scores of one order beside those of a new one each epoch, over many seeds.

    Args:
        evidence: `shuffling.Evidence`.
        titles: of the data sets, by task.
    """
    rows = []
    for task in evidence.tasks:
        for score in ("accuracy", "loss"):
            fit, sampler = (evidence.scores(task, order, score) for order in ("fit", "sampler"))
            means = [f"{sum(scores) / len(scores):.4f}" for scores in (fit, sampler)]
            gain = evidence.gain(task, score)
            interval = f"{gain.mean:+.4f} ({gain.low:+.4f} to {gain.high:+.4f})"
            rows.append([f"{titles[task]}, {len(fit)} seeds", f"test {score}", *means, interval])
    header = ["data", "score", "one order", "a new one each epoch", "difference (95 %)"]
    return Table(header, rows)


def versions_table(measured: Sequence[Mapping]) -> Table:
    """List what `fit(shuffle=True)` does with arrays, by version of Keras and backend.

    Args:
        measured: what `scripts/measure_orders.py` has printed.
    """
    rows = [
        [
            one["keras"],
            one["backend"],
            _epochs(one["alike"]["unseeded"]),
            _epochs(one["alike"]["seeded"]),
            "ignored" if one["same_for_two_seeds"] else "used",
        ]
        for one in measured
    ]
    return Table(["Keras", "backend", "without a seed", "with a seed", "the seed is"], rows)


def other_feeds(measured: Sequence[Mapping]) -> str:
    """Say which other ways of shuffling have a new order each epoch in the newest Keras measured.

    Args:
        measured: what `scripts/measure_orders.py` has printed, the newest last.
    """
    newest = [one for one in measured if one["keras"] == measured[-1]["keras"]]
    alike: dict[str, bool] = {}
    for one in newest:
        for feed, is_alike in one["alike_otherwise"].items():
            alike[feed] = alike.get(feed, False) or is_alike
    names = {
        word: [FEEDS[feed] for feed, found in alike.items() if found == word]
        for word in (False, True)
    }
    where = f"On Keras {newest[0]['keras']}, measured on {newest[0]['measured']} with a seed"
    parts = []
    if names[False]:
        parts.append(f"{_listed(names[False])} had a new order in each epoch")
    if names[True]:
        parts.append(f"{_listed(names[True])} repeated one order")
    return f"{where}, {', and '.join(parts)}."


def _epochs(alike: bool) -> str:
    return "**one order**" if alike else "new each epoch"


def _listed(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
