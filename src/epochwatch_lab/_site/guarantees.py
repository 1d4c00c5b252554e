"""What holds for each feed: one screen, computed from the cells, a column where there are any."""

from collections.abc import Callable
from typing import NamedTuple

from epochwatch_lab._atlas.addresses import PLAIN_CALL
from epochwatch_lab._atlas.cells import EPOCHS
from epochwatch_lab._atlas.outcomes import REORDERED, SAME
from epochwatch_lab._atlas.toy_feeds import ROWS
from epochwatch_lab._site.cells import PageCell
from epochwatch_lab._site.words import ENDLESS, feed_words

Cells = dict[tuple, PageCell]  # of one feed in one file, by what differs from a plain call
GOOD, BAD, OPEN = "good", "bad", "plain"
PLAIN = {key: value for key, (_, value) in PLAIN_CALL.items()} | {"how": {}}
ONE_SHUFFLE = "reshuffle_each_iteration=False"


class Answer(NamedTuple):
    """What holds, in a word or two, and in what tone: how that is for who relies on it."""

    text: str
    tone: str
    shown_by: str = ""  # address of a cell


class Guarantee(NamedTuple):
    """One column.

    Attributes:
        name: its header.
        asks: the question, in a sentence.
        answer: finds it among the cells of a feed; None where no cell tells.
    """

    name: str
    asks: str
    answer: Callable[[Cells], Answer | None]


def cell_at(cells: Cells, **way) -> PageCell | None:
    """Find the cell whose call differs from a plain one by what is named."""
    return cells.get(key_of(way))


def key_of(way: dict) -> tuple:
    return tuple(sorted((key, str(value)) for key, value in way.items() if value != PLAIN[key]))


def few_steps(cells: Cells) -> int:
    """Return steps of which three epochs are less than a pass: no end is met."""
    return next(iter(cells.values())).batches * 3 // 10


def half_a_pass(cells: Cells) -> int:
    """Return steps that divide a pass: its end is met between two epochs."""
    return next(iter(cells.values())).batches // 2


def at_its_end(cell: PageCell) -> str:
    """Say what epochs get once the feed has ended; nothing where that is a new pass."""
    if cell.verdict == "replays":
        return f"ends, then {len(cell.recorded['trained'][0][-1])} again"
    return "empty epoch" if 0 in cell.steps else ""


def order_in_each_epoch(cells: Cells) -> Answer | None:
    cell = cell_at(cells) or cell_at(cells, steps_per_epoch=next(iter(cells.values())).batches)
    if cell is None or not cell.observed:
        return None
    if cell.alike:
        return Answer("one shuffle", BAD, cell.address)
    if cell.is_drawn:
        return Answer("new shuffle", GOOD, cell.address)
    options, (first, *later) = cell.way["options"], cell.recorded["trained"][0]
    is_asked = ONE_SHUFFLE in options.get("pipeline", "")
    if first in later and (is_asked or "seed" in options):
        return Answer("one shuffle", OPEN if is_asked else BAD, cell.address)
    end = at_its_end(cell)
    return Answer(end or "in order", BAD if end else GOOD, cell.address)


def resumes(cells: Cells) -> Answer | None:
    """Whether epochs go on where the one before stopped, also where the feed ends between two."""
    steps = (half_a_pass(cells), few_steps(cells))
    cell = next(filter(None, (cell_at(cells, steps_per_epoch=few) for few in steps)), None)
    if cell is None or not cell.observed:
        return None
    first = cell.boundary(1, 1) or _shuffled_boundary(cell)
    if first is None:
        return None
    text = "yes" if first == "resumes" else f"no: {first}"
    text = (at_its_end(cell) if text == "yes" else "") or text
    return Answer(text, GOOD if text == "yes" else BAD, cell.address)


def _shuffled_boundary(cell: PageCell) -> str | None:
    """Compare the rows of two epochs, which are all or a part of a pass."""
    two = [row for epoch in cell.recorded["trained"][0][:2] for batch in epoch for row in batch]
    if len(two) < cell.batches or "repeat" in str(cell.way["options"]):
        return None
    if feed_words(cell.way["feed"], cell.way["options"])[1] == ENDLESS:
        return None  # of two streams that come at random nobody can say
    if len(set(two)) == len(two):
        return "resumes"
    return "draws anew" if cell.shuffled_by else "rows come again"


def second_fit(cells: Cells) -> Answer | None:
    """With which batch a second fit begins, where the first has not come to the feed's end."""
    if failed := failed_second_fit(cells):
        return Answer(failed.verdict, BAD, failed.address)
    cell = second_fit_cell(cells)
    if cell is None:
        return None
    first, second = trained_by_fit(cell)
    if cell.is_drawn:
        same = second == first
        return Answer(
            "same shuffle" if same else "new shuffle",
            BAD if same else OPEN,
            cell.address,
        )
    if second[0] in (first[0], first_batch(cells), [*range(ROWS)]):
        return Answer("starts over", BAD, cell.address)
    verdict = cell.boundary(1, len(cell.recorded["trained"][0]))
    words = {"resumes": "goes on", "restarts": "starts over", "skips": "skips batches"}
    return Answer(
        words.get(verdict, str(verdict)), GOOD if verdict == "resumes" else BAD, cell.address
    )


def two_fits(cells: Cells) -> list[tuple[PageCell, int]]:
    """Find cells of two fits, each with the batches after which its first fit is in mid-pass."""
    half = half_a_pass(cells)
    ways = ((half, EPOCHS[2] * half), (few_steps(cells), 1))
    found = [(cell_at(cells, steps_per_epoch=steps, fits=2), least) for steps, least in ways]
    return [(cell, least) for cell, least in found if cell]


def failed_second_fit(cells: Cells) -> PageCell | None:
    """Find a cell whose second fit failed after a first that trained."""
    for cell, _ in two_fits(cells):
        if cell.raised:
            first, *later = trained_by_fit(cell)
            if first and not any(later):
                return cell
    return None


def second_fit_cell(cells: Cells) -> PageCell | None:
    """Find one whose first fit ends in the middle of a pass, the second pass or the first."""
    for cell, least in two_fits(cells):
        if cell.observed:
            first, second = trained_by_fit(cell)
            if len(first) >= least and second:
                return cell
    return None


def trained_by_fit(cell: PageCell) -> list[list[list[int]]]:
    return [[batch for epoch in fit for batch in epoch] for fit in cell.recorded["trained"]]


def first_batch(cells: Cells) -> list[int]:
    """Return the feed's first batch, as the last of several whole passes has it.

    The very first may have been used up before the training begins.
    """
    whole = cell_at(cells)
    passes = whole.recorded["trained"][0] if whole and whole.observed else []
    return passes[-1][0] if passes and passes[-1] else [*range(ROWS)]


def after_restore(cells: Cells) -> Answer | None:
    """Where a fit goes on that was interrupted in an epoch, and restored to that epoch's begin."""
    way = {"act": "restore", "how": {"by": "BackupAndRestore"}}
    cell = cell_at(cells, **way, steps_per_epoch=few_steps(cells))
    if cell is None or not cell.observed:
        return None
    words = {"restarts": "starts over", "resumes": "goes on", "reshuffles": "draws anew"}
    tone = {"resumes": GOOD, "reshuffles": OPEN}.get(cell.verdict, BAD)
    return Answer(words.get(cell.verdict, cell.verdict), tone, cell.address)


def validation_rows(cells: Cells) -> Answer | None:
    cell = cell_at(cells, act="validate", how={"validation_steps": 3})
    if cell is None or not (cell.raised or "validated" in cell.recorded):
        return None
    text = "reordered" if cell.verdict == REORDERED else cell.verdict
    return Answer(text, GOOD if cell.verdict == SAME else BAD, cell.address)


def seed_heeded(cells: Cells) -> Answer | None:
    """Whether two scripts that set the same seed train in the same order."""
    seeded = [
        cell
        for fits in (1, 2)
        for steps in (None, few_steps(cells))
        if (cell := cell_at(cells, seeded="global", steps_per_epoch=steps, fits=fits))
        and cell.observed
    ]
    if len(seeded) < 2:
        return None
    begun = [cell.recorded["trained"][0][0][: few_steps(cells)] for cell in seeded]
    if any(each != begun[0] for each in begun):
        # Something else draws from the seed as well, as building the model in Keras 3.6: no two
        # of these are one script, and the atlas does not know.
        return None
    if is_ignored(cells, seeded[0]):
        return Answer("no", BAD, seeded[0].address)
    alike = any(cell.alike for cell in seeded)
    return Answer("yes; one order" if alike else "yes", BAD if alike else GOOD, seeded[0].address)


def is_ignored(cells: Cells, seeded: PageCell) -> bool:
    """Whether `fit` shuffles as well without the seed into the same order, as in Keras 3.16."""
    unseeded = cell_at(cells, steps_per_epoch=seeded.recorded["steps_per_epoch"])
    shuffles = seeded.recorded["options"].get("shuffle")
    by_fit = seeded.recorded["feed"] in ("arrays", "py_dataset") and shuffles
    return bool(by_fit and unseeded and unseeded.observed) and (
        unseeded.recorded["trained"][0][0] == seeded.recorded["trained"][0][0]
    )


GUARANTEES = (
    Guarantee(
        "Order in each epoch",
        "Are the batches of an epoch in order, as a plain pass of the feed has them?",
        order_in_each_epoch,
    ),
    Guarantee(
        "Next epoch resumes",
        "With steps_per_epoch that divide a pass, does an epoch go on where the last one stopped, "
        "or begin a new pass after the feed’s end? An empty epoch has no step.",
        resumes,
    ),
    Guarantee("Second fit", "What does a second fit with the same feed begin with?", second_fit),
    Guarantee(
        "After a restore",
        "Where does a fit go on that BackupAndRestore has restored?",
        after_restore,
    ),
    Guarantee(
        "Validation rows",
        "With validation_steps, are the same rows used each time?",
        validation_rows,
    ),
    Guarantee("Seed heeded", "Does keras.utils.set_random_seed fix the order?", seed_heeded),
)
