"""What an audit of several workers found: as a sentence, as text, and as what shows them."""

from collections.abc import Callable, Iterator

from rich.console import Group
from rich.table import Table
from rich.text import Text

from epochwatch._auditing.shared_counts import SharedEpoch
from epochwatch._auditing.shared_result import SharedResult
from epochwatch._auditing.workers import DIED, ENDED, FINISHED, WAITED, WorkerEnd
from epochwatch._extras import missing_extras_named
from epochwatch._report import terminal
from epochwatch._report.headline import (
    _indices_shared,
    _samples_unknown,
    _too_little_covered,
    _unmeasured,
)
from epochwatch._text import count_of

MOST_EPOCHS = 12
MOST_STEPS = 4  # numbers of steps that have room side by side


class SharedReport(SharedResult):
    """What an audit of several workers found; printed, it is one sentence and a table."""

    @classmethod
    def showing(cls, result: SharedResult) -> "SharedReport":
        return cls(**vars(result))

    @property
    def headline(self) -> str:
        return headline(self)

    def show(self) -> None:
        """Print it: in colour and as wide as the terminal where there is one."""
        terminal.show_laid_out(layout(self))

    def __str__(self) -> str:
        return terminal.plain_text(layout(self))

    __repr__ = __str__

    def draw(self):
        """Draw who trained which samples; a `matplotlib.figure.Figure`."""
        with missing_extras_named("draw"):
            from epochwatch._report import shared_figure

        return shared_figure.draw(self)


def headline(result: SharedResult) -> str:
    """Write what an audit of several workers found, in one sentence."""
    sentence = next(filter(None, (told(result) for told in _WORST_FIRST)))
    return f"{sentence[0].upper()}{sentence[1:]}."


def unit(result: SharedResult) -> str:
    """Name what trains: a worker is a process, and replicas are in one."""
    return "replica" if result.strategy == "mirrored" else "worker"


def _samples(result: SharedResult, count: int) -> str:
    """Write how many of the samples, with the verb."""
    whole = result.whole.samples
    of = f"{count:,}" if whole is None else f"{count:,} of {whole:,}"
    return f"{of} {'sample was' if max(count, whole or 0) == 1 else 'samples were'}"


def where(end: WorkerEnd) -> str:
    """Write where a worker stood."""
    if not end.stand.epoch:
        return "before the first epoch"
    fit = f"fit {end.stand.fit}, " if end.stand.fit > 1 else ""
    return f"in {fit}epoch {end.stand.epoch} after {count_of(end.stand.steps, 'step')}"


def _hangs(result: SharedResult) -> str | None:
    stood: dict[str, list[str]] = {}
    for worker, end in enumerate(result.ends):
        if end.outcome == WAITED:
            stood.setdefault(where(end), []).append(str(worker))
    if not stood:
        return None
    told = "; ".join(f"{_workers_named(names)} stood {at}" for at, names in stood.items())
    done = [str(w) for w, end in enumerate(result.ends) if end.outcome == FINISHED]
    finished = f", while {_workers_named(done)} had finished" if done else ""
    return f"fit never ended: {told}, and nobody made a step in {result.patience:g} s{finished}"


def _workers_named(numbers: list[str]) -> str:
    """Name some workers by their numbers."""
    return f"worker {numbers[0]}" if len(numbers) == 1 else f"workers {', '.join(numbers)}"


def _dies(result: SharedResult) -> str | None:
    died = [w for w, end in enumerate(result.ends) if end.outcome == DIED]
    if not died:
        return None
    rest = "; the others were ended" if ENDED in {end.outcome for end in result.ends} else ""
    trained = f"{_samples(result, result.whole.trained)} trained until then"
    return f"worker {died[0]} died {where(result.ends[died[0]])}{rest}; {trained}"


def _unequal(result: SharedResult) -> str | None:
    if not result.unequal:
        return None
    first, count = result.unequal[0], len(result.unequal)
    more = f" and in {count_of(count - 1, 'more epoch')}" if count > 1 else ""
    steps = ", ".join(map(str, first.steps[:-1]))
    return (
        f"in epoch {first.epoch}{more} the workers made unequal numbers of steps, "
        f"{steps} and {first.steps[-1]}: where each step is one of all, some wait for ever"
    )


def _lost(result: SharedResult) -> str | None:
    if not result.lost:
        return None
    again = f", and {_doubled_words(result)}" if result.most_doubled else ""
    return f"{_samples(result, result.lost)} never trained{again}"


def _doubled_words(result: SharedResult, of: str = "") -> str:
    """Write how many were trained too often, by whom, in a clause; `of` how many samples."""
    by_epoch = [epoch.doubled for epoch in result.epochs]
    if None in by_epoch:
        were = "was" if result.doubled == 1 else "were"
        return f"{result.doubled:,}{of} {were} trained more often than by a single process"
    low, high = min(by_epoch), max(by_epoch)
    count = f"{high:,}" if low == high else f"{low:,} to {high:,}"
    were = "was" if (low, high) == (1, 1) else "were"
    by_all = all(epoch.doubled == epoch.by_all == epoch.more_than_once for epoch in result.epochs)
    both = "both" if result.workers == 2 else f"all {result.workers}"
    whom = f"by {both} {unit(result)}s" if by_all else "more than once"
    when = "in the same epoch" if len(by_epoch) == 1 else "in every epoch" if low else "in an epoch"
    return f"{count}{of} {were} trained {whom} {when}"


def _doubles(result: SharedResult) -> str | None:
    if not result.most_doubled:
        return None
    samples = result.whole.samples
    doubled = _doubled_words(result, f" of {samples:,} samples" if samples else "")
    left = max((epoch.left_out or 0 for epoch in result.epochs), default=0)
    return f"{doubled}, and up to {left:,} by none" if left else doubled


def _sound(result: SharedResult) -> str:
    whole, who = result.whole, f"{result.workers} {unit(result)}s"
    if whole.samples is None or whole.never_trained:
        of = "an unknown number of" if whole.samples is None else f"{whole.samples:,}"
        trained = f"the {who} trained {whole.trained:,} of {of} samples"
        return f"{trained}, as many as one process would in as many steps"
    all_of = f"all {whole.samples:,} samples were trained"
    if all(epoch.doubled == epoch.left_out == 0 for epoch in result.epochs):
        return f"{all_of}, each once an epoch by one of {who}"
    return f"{all_of} by {who}, as often as one process would train them"


_WORST_FIRST: tuple[Callable[[SharedResult], str | None], ...] = (
    _hangs,
    _dies,
    _samples_unknown,
    _unequal,
    _lost,
    _indices_shared,
    _too_little_covered,
    _doubles,
    _unmeasured,
    _sound,
)


def layout(report: SharedResult) -> Group:
    """Lay out the sentence, who trained what in each epoch, the counts, and the findings."""
    parts = [
        Text(headline(report), "bold"),
        terminal.named_rows(worker_rows(report)),
        None if report.contents_vary else epoch_table(report),
        None if report.contents_vary else terminal.count_table(report),
        terminal.named_rows([*loss_rows(report), *terminal.measure_rows(report)]),
        terminal.named_rows([terminal.conclusion_row(report)]),
    ]
    return Group(*[piece for part in parts if part for piece in (part, "")][:-1])


def worker_rows(report: SharedResult) -> Iterator[tuple[str, Text | str]]:
    """Write how they trained together, and how each process ended."""
    yield "workers", f"{report.workers} {unit(report)}s by the strategy {report.strategy}"
    if all(end.outcome == FINISHED for end in report.ends):
        return
    for worker, end in enumerate(report.ends):
        bad = terminal.WRONG if end.outcome in (WAITED, DIED) else ""
        at = "" if end.outcome == FINISHED else f" {where(end)}"
        yield f"worker {worker}", Text.assemble((end.outcome, bad), at)
        if end.why:
            yield "", end.why


def epoch_table(report: SharedResult) -> Table:
    """Show for each epoch by how many each sample was trained."""
    everybody = "both" if report.workers == 2 else f"all {report.workers}"
    table = terminal.frameless_table("epoch", "steps")
    columns = [f"by\n{everybody}", *(["by\nseveral"] if report.workers > 2 else []), "by\none"]
    for name in (*columns, "by\nnone", "more than\nonce", "ragged\nsteps", "empty\nbatches"):
        table.add_column(name, justify="right", no_wrap=True)
    several_fits = any(epoch.fit > 1 for epoch in report.epochs)
    for epoch in report.epochs[:MOST_EPOCHS]:
        several = [f"{epoch.by_several:,}"] if report.workers > 2 else []
        never, again = report.never(epoch), epoch.more_than_once
        table.add_row(
            f"{f'fit {epoch.fit}, ' * several_fits}{epoch.epoch}",
            steps_in_short(epoch),
            f"{epoch.by_all:,}",
            *several,
            f"{epoch.trained_by[0]:,}",
            Text(terminal.number_or_dash(never), terminal.WRONG if epoch.left_out else ""),
            Text(f"{again:,}", terminal.WRONG if epoch.doubled else ""),
            f"{epoch.ragged:,}",
            f"{epoch.empty:,}",
        )
    if (more := len(report.epochs) - MOST_EPOCHS) > 0:
        table.add_row("…", f"{more:,} more")
    return table


def steps_in_short(epoch: SharedEpoch) -> str:
    """Write the steps of each process, of many the least and the most."""
    if len(set(epoch.steps)) == 1:
        return f"{epoch.steps[0]:,}"
    if len(epoch.steps) <= MOST_STEPS:
        return ", ".join(f"{steps:,}" for steps in epoch.steps)
    return f"{min(epoch.steps):,} to {max(epoch.steps):,}"


def loss_rows(report: SharedResult) -> Iterator[tuple[str, Text | str]]:
    """Write what was lost and what was doubled, beside what one process is delivered."""
    if report.contents_vary:
        yield "loss", Text("not known", terminal.WRONG)
        return
    if report.lost is None:
        yield "loss", "not judged: the training did not come to its end"
        return
    lost = (f"{report.lost:,} lost", terminal.WRONG) if report.lost else "none lost"
    yield "loss", Text.assemble(lost, ", beside what one process trains in as many rows")
    if report.doubled is None:
        yield "", "how often is left to chance: passes of the feed differ"
    elif report.doubled:
        again = f"{report.doubled:,} trained more often than by one process"
        yield "", Text(again, terminal.WRONG)
