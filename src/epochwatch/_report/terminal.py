"""The report of an audit as a terminal shows it, and as text: 80 columns, clear without colour."""

import io
import itertools
import math
import sys
from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np
from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from epochwatch._auditing.counting import StreamCounts, exposure_range
from epochwatch._auditing.expectation import Expectation
from epochwatch._auditing.request import FINDINGS, ORDER_FINDINGS
from epochwatch._auditing.result import AuditResult
from epochwatch._auditing.resumption import Deviation, Resumption
from epochwatch._exposures.verdict import Verdict
from epochwatch._report.headline import headline, what_came_again, why_reshuffled
from epochwatch._text import count_of, percent

WIDTH = 80
WIDEST = 100  # on a terminal: longer lines read badly
SAME_SHOWN = 3  # boundaries of a kind in a row
MOST_BOUNDARIES = MOST_STREAMS = 20
MOST_RUNS = 8  # of equal numbers of steps
BATCH_WIDTH = 18
MOST_PLACES = 12  # of an epoch
BARS = "▁▂▃▄▅▆▇█"
MOST_BARS = 6
WRONG = "bold red"
COLOURS = {"resumes": "green", "reshuffles": "cyan"} | dict.fromkeys(ORDER_FINDINGS, "red")
COUNTED_BY = {
    "pass": "counted in a pass of the feed",
    "given": "as given",
    "came round": "counted until the feed repeated",
}


def as_text(report: AuditResult) -> str:
    """Write a report as plain text, in lines of at most 80 columns."""
    return plain_text(layout(report))


def show(report: AuditResult) -> None:
    """Print a report: in colour and as wide as the terminal where there is one."""
    show_laid_out(layout(report))


def expectation_text(expected: Expectation) -> str:
    """Write what is to be expected of a feed in a few lines of 80 columns."""
    return plain_text(named_rows(expectation_rows(expected)))


def show_expectation(expected: Expectation) -> None:
    """Print what is to be expected of a feed, in the same way."""
    show_laid_out(named_rows(expectation_rows(expected)))


def plain_text(laid_out: Group | Table) -> str:
    """Write what is laid out in lines of at most 80 columns."""
    file = io.StringIO()
    plain = {"color_system": None, "force_terminal": False, "force_jupyter": False}
    Console(file=file, width=WIDTH, **plain).print(laid_out)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


def show_laid_out(laid_out: Group | Table) -> None:
    """Print what is laid out, to a terminal or as plain text."""
    console = Console(highlight=False)
    if console.is_terminal:
        console.print(laid_out, width=min(console.width, WIDEST))
    else:
        encoding = sys.stdout.encoding or "utf-8"
        print(plain_text(laid_out).encode(encoding, "replace").decode(encoding))


def layout(report: AuditResult) -> Group:
    """Lay out the sentence, the four questions with their evidence, and the findings."""
    parts = [
        Text(headline(report), "bold"),
        named_rows(order_rows(report)),
        boundary_table(report),
        named_rows(step_rows(report)),
        named_rows([loss_row(report)]),
        None if report.contents_vary else count_table(report),
        named_rows([variety_row(report), *measure_rows(report)]),
        named_rows(resume_rows(report)) if report.resumption else None,
        named_rows(comparison_rows(report)),
        named_rows([conclusion_row(report)]),
    ]
    return Group(*[piece for part in parts if part for piece in (part, "")][:-1])


def named_rows(rows) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", min_width=8, no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in rows:
        table.add_row(name, Text(text) if isinstance(text, str) else text)
    return table


def frameless_table(*names: str, **options) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for name in names:
        table.add_column(name, **options)
    return table


def order_rows(report: AuditResult) -> Iterator[tuple[str, Text]]:
    verdict = report.verdict or "no verdict"
    colour = f"bold {COLOURS.get(verdict, '')}"
    yield "order", Text.assemble((verdict, colour), f": {order_meaning(report)}")


def order_meaning(report: AuditResult) -> str:
    """Write what the verdict says; without an order to follow, why there is none."""
    if report.verdict != "reshuffles":
        return report.judged.meaning
    return f"{why_reshuffled(report)}, so only the counts can tell what was lost"


def boundary_table(report: AuditResult) -> Table | None:
    """Show the batches at the boundaries, of many alike in a row the first ones."""
    rows = report.boundaries
    if not rows:
        return None
    proof = ("verdict", "place") if report.judged.ordered else ()
    table = frameless_table("after", *proof, "last batch trained", "first after it")
    # Counted on after a complete pass, a place is the feed's first one again.
    round_off = report.length or sys.maxsize
    places = [f"{b.last_place:,} → {b.first_place % round_off:,}" for b in report.judged.boundaries]
    after = "fit {fit}, epoch {epoch}" if report.judged.epochs[-1].fit > 1 else "epoch {epoch}"
    for shown in abridged_ranks([row["verdict"] for row in rows]):
        if isinstance(shown, str):
            table.add_row("…", shown)
            continue
        row = rows[shown]
        table.add_row(
            after.format(**row["after"]),
            *([Text(row["verdict"], COLOURS[row["verdict"]]), places[shown]] if proof else []),
            batch_in_short(row["last"], report.identified_by),
            batch_in_short(row["first"], report.identified_by),
        )
    return table


def abridged_ranks(verdicts: list[str | None]) -> Iterator[int | str]:
    """Choose the boundaries to show: the rank of each, or how many are left out there."""
    left: Counter = Counter()
    room = MOST_BOUNDARIES
    for verdict, group in itertools.groupby(range(len(verdicts)), verdicts.__getitem__):
        ranks = list(group)
        # To say that one more is left out takes as much room as that one.
        kept = ranks[: min(room, SAME_SHOWN + (len(ranks) == SAME_SHOWN + 1))]
        yield from kept
        room -= len(kept)
        if room and len(ranks) > len(kept):
            yield f"{len(ranks) - len(kept):,} more"
        else:
            left[verdict or "not judged"] += len(ranks) - len(kept)
    yield from (f"{count:,} more {verdict}" for verdict, count in left.items() if count)


def batch_in_short(ids: list[int], identified_by: str) -> str:
    """Write the first samples of a batch, as many as there is room for."""
    # A fingerprint is shown as a commit is, by its first digits.
    texts = [str(i) if identified_by == "index" else f"{i % 2**64:016x}"[:6] for i in ids]
    whole = ", ".join(texts)
    if len(whole) <= BATCH_WIDTH:
        return whole
    return whole[: max(whole.rfind(", ", 0, BATCH_WIDTH - 1), len(texts[0]))] + ", …"


def step_rows(report: AuditResult) -> Iterator[tuple[str, str]]:
    """Write which steps were asked for, and which were run."""
    judged = report.judged
    stopped = judged.stopped or (False,) * len(judged.steps_run)
    remarks = [
        "stopped by a callback" if ended else finding
        for ended, finding in zip(stopped, judged.step_findings, strict=True)
    ]
    runs = values_in_turn(zip(judged.steps_run, remarks, strict=True))
    yield "steps", f"asked for {judged.steps_asked:,} an epoch; ran {runs}"
    a_pass = "" if report.length is None else f"; {report.length:,} in a pass of the feed"
    yield (
        "batches",
        f"{sum(judged.steps_run):,} trained, {report.passed_over:,} passed over{a_pass}",
    )


def values_in_turn(values) -> str:
    """Write values in turn, with a remark or None: "3 × 3, 1 (runs dry)"; of many the first."""
    runs = [
        (f"{value:,}" if isinstance(value, int) else f"{value}")
        + f" × {count:,}" * (count > 1)
        + (f" ({remark})" if remark else "")
        for (value, remark), group in itertools.groupby(values)
        for count in [len(list(group))]
    ]
    more = len(runs) - MOST_RUNS
    return ", ".join(runs[:MOST_RUNS]) + (f" and {more:,} more changes" if more > 0 else "")


def count_table(report: AuditResult) -> Table:
    """Show how often the samples of each stream were trained."""
    table = frameless_table("stream", overflow="fold", min_width=6)
    for name in ("samples", "trained", "never\ntrained", "exposures\nmin/med/max"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("coverage\nby epoch", no_wrap=True)
    table.add_column("epochs to\nsee all", justify="right", no_wrap=True)
    table.add_row("all", *count_cells(report.whole))
    least_first = sorted(report.streams, key=lambda name: final_coverage(report.streams[name]))
    shown, left = least_first[:MOST_STREAMS], least_first[MOST_STREAMS:]
    for name, stream in report.streams.items():
        if name in shown:
            table.add_row(Text(name), *count_cells(stream))
    if left:
        table.add_row("…", "", "", "", "", f"{len(left):,} more, covered as much or more")
    if report.whole.epochs_expected:
        table.caption = "in brackets: epochs needed in order … drawn at random"
        table.caption_justify, table.caption_style = "right", ""
    return table


def final_coverage(stream: StreamCounts) -> float:
    """Return the coverage in the end; 1 where it is not known."""
    return 1.0 if stream.coverage is None else float(stream.coverage[-1])


def count_cells(stream: StreamCounts) -> Iterator[Text | str]:
    yield number_or_dash(stream.samples)
    yield number_or_dash(stream.trained)
    yield Text(number_or_dash(stream.never_trained), "bold red" if stream.never_trained else "")
    exposures = exposure_range(stream.exposures) or {}
    yield "/".join(f"{value:.7g}" for value in exposures.values()) or "-"
    yield "-" if stream.coverage is None else coverage_curve(stream.coverage)
    form = stream.epochs_expected
    closed = f" ({form['in_order']}…{math.ceil(form['drawn'])})" if form else ""
    yield number_or_dash(stream.epochs_until_all) + closed


def number_or_dash(value: int | None) -> str:
    """Write a number; `-` where it is not known."""
    return "-" if value is None else f"{value:,}"


def coverage_curve(shares: np.ndarray) -> str:
    """Write the coverage by epoch: first, a small curve, last."""
    first, last = (percent(shares[rank]).replace("100.0%", "100%") for rank in (0, -1))
    if len(shares) == 1:
        return last
    ranks = np.unique(np.linspace(0, len(shares) - 1, MOST_BARS).round().astype(int))
    return f"{first} {''.join(BARS[int(shares[rank] * 7)] for rank in ranks)} {last}"


def loss_row(report: AuditResult) -> tuple[str, Text]:
    """Write what the steps reach, and what of it was never trained."""
    if report.contents_vary:
        return "loss", Text("not known", WRONG)
    steps, trained = sum(report.judged.steps_run), report.whole.trained
    reach = f"{steps:,} steps suffice for {report.reachable:,} samples"
    if report.order.fixed:
        of_it = f"fit trained {report.reachable - report.lost:,} of them"
    else:
        chance = "; chance left out the rest" if report.lost < report.reachable - trained else ""
        of_it = f"fit trained {trained:,}{chance}"
    lost = (f"{report.lost:,} lost", WRONG) if report.lost else "none lost"
    return "loss", Text.assemble(lost, f": {reach}, and {of_it}")


def variety_row(report: AuditResult) -> tuple[str, Text]:
    """Write whether what was told to shuffle did."""
    if report.contents_vary:
        return "variety", Text("not known", WRONG)
    order = report.order
    who = {"fit": "fit shuffles", "feed": "the feed shuffles"}.get(order.shuffled_by)
    if who is None:
        return "variety", Text("nothing was asked to shuffle")
    again = what_came_again(report)
    if order.alike:
        told = f"{who}, yet two {again}s in a row had the same order"
        return "variety", Text.assemble(("alike", WRONG), f": {told}")
    if len(report.judged.steps_run) == 1:
        return "variety", Text(f"{who}; it takes two epochs to see more")
    if again:
        return "variety", Text(f"{who}; two {again}s in a row had the same order, maybe by chance")
    return "variety", Text(f"{who}, and no two epochs in a row had the same order")


def measure_rows(report: AuditResult) -> Iterator[tuple[str, str | Text]]:
    """Write what the counts rest on, and what cannot be known."""
    counted = "samples" if report.contents_vary else f"{population_row(report)};"
    yield "measure", f"{counted} identified by their {report.identified_by}{equal_rows(report)}"
    for line in report.unmeasured:
        yield "", Text.assemble(("unmeasured", WRONG), f": {line}")
    if report.not_in_pass and not report.contents_vary:
        yield (
            "",
            f"{report.not_in_pass:,} trained samples were not in the pass that was counted: the "
            "feed's passes hold different samples",
        )
    if report.conflicts:
        indices = "1 index" if report.conflicts == 1 else f"{report.conflicts:,} indices"
        yield (
            "",
            Text.assemble(
                ("index conflict", WRONG),
                f": {indices} came with different contents: either samples share an index, or "
                "the feed changes their contents",
            ),
        )


def population_row(report: AuditResult) -> str:
    """Write how many samples there are, and how that is known."""
    samples = report.whole.samples
    if samples is None:
        return "an unknown number of samples"
    return f"{samples:,} samples, {COUNTED_BY[report.population_by]}"


def equal_rows(report: AuditResult) -> str:
    """Write how many rows of a pass have the same content as another one."""
    if report.identified_by == "index" or None in (report.rows, report.whole.samples):
        return ""
    equal = report.rows - report.whole.samples
    return f"; {equal:,} rows equal another one and count as that sample" if equal > 0 else ""


def resume_rows(report: AuditResult) -> Iterator[tuple[str, Text | str]]:
    """Write whether a killed training goes on as before, and if not, the step that shows it."""
    resumption, deviation = report.resumption, report.resumption.deviation
    is_exact = resumption.is_exact
    why = killed_after(resumption) if is_exact else resumption.why_not
    colour = "bold green" if is_exact else WRONG
    yield "resume", Text.assemble((resumption.outcome, colour), f": {why}")
    if is_exact and resumption.ways:
        yield "", how_put_back(resumption)
    if deviation:
        if deviation.killed_after:
            yield "", f"{resumption.failed:,} of {count_of(resumption.kills, 'kill')} ended so"
        yield "", deviation_in_short(report, deviation)


def killed_after(resumption: Resumption) -> str:
    """Write where a training was killed, in a clause."""
    noun = "step" if resumption.places == resumption.steps else "execution"
    some = "each" if resumption.kills == resumption.places else f"{resumption.kills:,}"
    places = f"{some} of {count_of(resumption.places, noun)}"
    return f"killed after {places}, fit went on with the samples it would have trained"


def how_put_back(resumption: Resumption) -> str:
    """Write how the feed was put back, and how long that took."""
    ways = ", ".join(f"by {way} × {times:,}" for way, times in resumption.ways.items())
    most = resumption.passed_over
    batches = f" ({count_of(most, 'batch')} at most)" if most else ""
    epoch = resumption.epoch_seconds
    beside = "" if epoch is None else f"; an epoch takes {duration(epoch)}"
    return f"put back {ways}{batches}, in {duration(resumption.seconds)} at most{beside}"


def duration(seconds: float) -> str:
    """Write how long something took, as far as that can be known by measuring it once."""
    if seconds < 0.001:
        return "under 1 ms"
    return f"{1000 * seconds:.0f} ms" if seconds < 1 else f"{seconds:,.1f} s"


def deviation_in_short(report: AuditResult, deviation: Deviation) -> str:
    """Write where it was first trained otherwise, what was due there, and what came."""
    several = report.judged.epochs[-1].fit > 1
    at, killed = (
        place and f"{f'fit {place.fit}, ' * several}epoch {place.epoch}, step {place.step}"
        for place in (deviation.at, deviation.killed_after)
    )
    due, came = (
        "no step" if ids is None else batch_in_short(ids, report.identified_by)
        for ids in (deviation.expected, deviation.got)
    )
    came = f"{came} with other contents" if deviation.is_of_contents else came
    after = f"killed after {killed}; " if killed else ""
    return f"{after}{at} was to train {due}; it trained {came}"


def comparison_rows(report: AuditResult) -> Iterator[tuple[str, str | Text]]:
    """Compare what was observed with what was to be expected, and write why."""
    expected, judged = report.expected, report.expected.judged
    why = f'by the rule "{expected.rule.name}": {expected.rule.why} ({expected.rule.source})'
    if judged is None:
        yield "expected", f"{in_a_word(expected)}, {why}"
    elif report.agrees is None:
        yield "expected", f"{in_a_word(expected)}, if no callback had ended the training, {why}"
    elif report.agrees:
        is_all = expected.alike in (None, report.order.alike)
        yield "expected", f"{'exactly this' if is_all else in_a_word(expected)}, {why}"
    else:
        yield "", Text("EXPECTATION AND OBSERVATION DISAGREE", WRONG)
        yield "expected", Text(compared_by(judged, exact=expected.exact), "red")
        yield "observed", Text(compared_by(report.judged, exact=expected.exact), "red")
        yield "because", f"expected {why}"
        versions = ", ".join(f"{name} {version}" for name, version in report.environment.items())
        yield "with", f"{versions}; please report it, with these lines and the feed"


def expectation_rows(expected: Expectation) -> Iterator[tuple[str, str | Text]]:
    """Lay out an expectation that nothing has been observed of yet."""
    if expected.assumed:
        yield "feed", assumed_feed(**expected.assumed)
    verdict = in_a_word(expected)
    yield "expected", Text(verdict, f"bold {COLOURS.get(expected.verdict, '')}")
    yield "because", expected.rule.why
    if expected.provided:
        yield "provided", expected.provided
    if expected.judged is not None and expected.exact:
        steps_asked = expected.judged.steps_asked
        runs = zip(expected.judged.steps_run, expected.judged.step_findings, strict=True)
        yield "steps", f"asked for {steps_asked:,} an epoch; fit will run {values_in_turn(runs)}"
    if expected.places:
        yield "batches", "\n".join(places_by_epoch(expected.places))
    yield "rule", f"{expected.rule.name} ({expected.rule.source})"


def assumed_feed(
    feed: str,
    batches: int | str,
    uncounted: bool,
    shuffles: bool,
    workers: int,
    seeded: bool,
    keras: str,
    backend: str,
) -> str:
    """Describe a feed that is not there, and the Keras that trains on it."""
    unknown = ", which Keras cannot count" if uncounted else ""
    parts = [
        "without an end" if batches == "endless" else f"{count_of(batches, 'batch')}{unknown}",
        *(["which shuffles itself"] if shuffles else []),
        *([count_of(workers, "worker")] if workers else []),
        *(["after set_random_seed"] if seeded else []),
    ]
    on = "" if backend == "tf_keras" else f", {backend}"
    return f"{feed}, {', '.join(parts)}; Keras {keras}{on}"


def places_by_epoch(places: Mapping[tuple[int, int], list[int]]) -> Iterator[str]:
    """Write which batches each of the first epochs has, by their place in the feed."""
    several = any(fit > 1 for fit, _ in places)
    for (fit, epoch), batches in places.items():
        name = f"fit {fit}, epoch {epoch}" if several else f"epoch {epoch}"
        shown = batches
        if len(batches) > MOST_PLACES:
            shown = [*batches[: MOST_PLACES - 2], "…", batches[-1]]
        yield f"{name}  {' '.join(map(str, shown)) or 'none'}"


def in_a_word(expected: Expectation) -> str:
    """Name what is expected, with words for what is no verdict."""
    if expected.judged is None:
        decides = "the feed" if expected.rule.source == "the feed" else "timing"
        return f"nothing: {decides} decides"
    verdict = expected.verdict or "no boundary to judge"
    return f"{verdict}, but alike: the same order again" if expected.alike else verdict


def compared_by(judged: Verdict, *, exact: bool) -> str:
    """Write what an expectation and an observation are compared by."""
    verdict = judged.verdict or "no verdict"
    if not exact:
        return verdict
    begins = f"first place {judged.first_places[0]:,}" if judged.first_places else "no order"
    crossed = values_in_turn((boundary.verdict, None) for boundary in judged.boundaries)
    runs = values_in_turn((steps, None) for steps in judged.steps_run)
    return f"{verdict}; steps {runs}; {begins}; boundaries {crossed or 'not judged'}"


def conclusion_row(report: AuditResult) -> tuple[str, Text]:
    """End on the findings; that nothing was looked for is not called sound."""
    if report.findings:
        return "findings", Text(", ".join(report.findings), WRONG)
    looked_for = report.gate.fail_on
    if set(FINDINGS) <= set(looked_for):
        return "sound", Text("no findings", "bold green")
    if not looked_for:
        return "findings", Text("not asked for")
    return "findings", Text(f"none of those asked for: {', '.join(looked_for)}")
