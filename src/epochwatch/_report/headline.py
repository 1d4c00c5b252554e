"""What an audit found, in one sentence that a stranger understands.

The same sentence leads the table, titles the figure and stands in the posts. It states what
happened, whatever the user wants CI to stop for.
"""

from collections.abc import Callable

from epochwatch._auditing.request import ORDER_FINDINGS
from epochwatch._auditing.result import AuditResult
from epochwatch._auditing.variety import same_again
from epochwatch._text import percent


def headline(result: AuditResult) -> str:
    """Write what an audit found, in one sentence.

    Args:
        result: what the audit found.

    Returns:
        The sentence: the worst that was found, or that all is well. Its numbers are those of
        the JSON.
    """
    sentence = next(filter(None, (told(result) for told in _WORST_FIRST)))
    return f"{sentence[0].upper()}{sentence[1:]}."


def what_was_trained(result: AuditResult) -> str:
    """Write how many of all samples were trained, in a clause."""
    whole = result.whole
    if whole.samples is None:
        return f"{whole.trained:,} samples were trained, out of an unknown number"
    if whole.never_trained == 0:
        return f"all {whole.samples:,} samples were trained"
    trained = f"{whole.trained:,} of {whole.samples:,} samples were trained"
    if result.reachable is None or result.lost:
        return trained
    as_many = "as many" if whole.trained == result.reachable else "about as many"
    return f"{trained}, {as_many} as the steps allow"


def why_reshuffled(result: AuditResult) -> str:
    """Write why there is no order to follow, in a clause."""
    order = result.order
    if order.shuffled_by is None:
        own = "fit did not keep the feed's order"
        return own if order.fixed else "each new feed has an order of its own"
    return {"fit": "fit shuffles the order", "feed": "the feed shuffles its order"}[
        order.shuffled_by
    ]


def what_came_again(result: AuditResult) -> str | None:
    """Name what had the same order as the one before it: an epoch, or else a fit."""
    return next((name for name, _ in same_again(result.judged.epochs)), None)


def _samples_unknown(result: AuditResult) -> str | None:
    if not result.contents_vary:
        return None
    return (
        "nobody can tell which samples were trained: the feed changes them in every pass, and "
        "they have no index"
    )


def _lost(result: AuditResult) -> str | None:
    lost, whole = result.lost, result.whole
    if not lost:
        return None
    never = whole.never_trained
    enough = "although there were enough steps for"
    reach = f"{enough} {'it' if lost == 1 else 'them'}"
    if never is None or never < lost:  # passes of the feed differ in what they hold
        return f"{_counted(lost, 'sample was', 'samples were')} never trained, {reach}"
    if never != lost:
        reach = f"{enough} {lost:,} of them"
    was = "sample was" if whole.samples == 1 else "samples was" if never == 1 else "samples were"
    return f"{never:,} of {whole.samples:,} {was} never trained, {reach}"


def _indices_shared(result: AuditResult) -> str | None:
    if not result.conflicts:
        return None
    index = _counted(result.conflicts, "index belongs", "indices belong")
    return f"{index} to more than one sample, so the counts mix these up"


def _too_little_covered(result: AuditResult) -> str | None:
    streams = {name: result.streams.get(name, result.whole) for name in result.below_minimum}
    if not streams:
        return None
    name = min(streams, key=lambda name: streams[name].coverage[-1])
    counts, others = streams[name], len(streams) - 1
    named = f" of stream {name}" if name in result.streams else ""
    too = _counted(others, "other stream falls", "other streams fall")
    more = f"; {too} short too" if others else ""
    return (
        f"only {counts.trained:,} of {counts.samples:,} samples{named} were trained, less than "
        f"the {percent(result.gate.min_coverage)} asked for{more}"
    )


def _same_order(result: AuditResult) -> str | None:
    if not result.order.alike:
        return None
    who = "fit" if result.order.shuffled_by == "fit" else "the feed"
    return (
        f"two {what_came_again(result)}s in a row trained the same batches in the same order, "
        f"although {who} was asked to shuffle"
    )


def _order(result: AuditResult) -> str | None:
    clauses = [_ORDER_CLAUSES[name](result) for name in (result.verdict,) if name in _ORDER_CLAUSES]
    return f"{clauses[0]}; {what_was_trained(result)}" if clauses else None


def _restarts(result: AuditResult) -> str:
    count = _boundaries(result, "restarts")
    return f"{_counted(count, 'epoch starts', 'epochs start')} again at the feed's first batch"


def _skips(result: AuditResult) -> str:
    count = _boundaries(result, "skips")
    return f"{_counted(count, 'epoch skips', 'epochs skip')} batches that the feed had delivered"


def _replays(result: AuditResult) -> str:
    count = _boundaries(result, "replays")
    return f"{_counted(count, 'epoch trains', 'epochs train')} batches of an earlier epoch again"


def _runs_dry(result: AuditResult) -> str:
    judged, length = result.judged, result.length
    dry, epochs = judged.step_findings.count("runs dry"), len(judged.steps_run)
    if length is not None and judged.steps_asked > length and dry == epochs:
        return (
            f"each epoch was asked for {judged.steps_asked:,} steps, but a pass of the feed has "
            f"only {length:,}"
        )
    empty = judged.steps_run.count(0)
    none_at_all = f", and {empty:,} trained nothing at all" if empty else ""
    return f"the feed ran out of data in {dry:,} of {epochs:,} epochs{none_at_all}"


def _overruns(result: AuditResult) -> str:
    judged = result.judged
    long, epochs = judged.step_findings.count("overruns"), len(judged.steps_run)
    return f"{long:,} of {epochs:,} epochs ran more than the {judged.steps_asked:,} steps asked for"


_ORDER_CLAUSES: dict[str, Callable[[AuditResult], str]] = dict(
    zip(ORDER_FINDINGS, (_restarts, _skips, _replays, _runs_dry, _overruns), strict=True)
)


def _passed_over(result: AuditResult) -> str | None:
    if not result.passed_over:
        return None
    batches = _counted(result.passed_over, "batch", "batches")
    return f"the feed delivered {batches} that fit did not train; {what_was_trained(result)}"


def _surprise(result: AuditResult) -> str | None:
    if result.agrees is not False:
        return None
    return f"Keras did not do what its source code led us to expect; {what_was_trained(result)}"


def _unmeasured(result: AuditResult) -> str | None:
    if not result.unmeasured:
        return None
    return f"the coverage you asked for could not be measured; {what_was_trained(result)}"


def _not_resumable(result: AuditResult) -> str | None:
    if result.resumption is None or result.resumption.is_exact:
        return None
    return f"a killed training would not go on as before; {what_was_trained(result)}"


def _sound(result: AuditResult) -> str:
    return f"{what_was_trained(result)}; {_sound_order(result)}"


def _sound_order(result: AuditResult) -> str:
    epochs = result.judged.steps_run
    if len(epochs) == 1:
        return "there was a single epoch"
    if result.verdict == "reshuffles":
        return why_reshuffled(result)
    if result.length is not None and set(epochs) == {result.length}:
        return "every epoch is one whole pass of the feed"
    return "each epoch continues where the last one stopped"


def _boundaries(result: AuditResult, verdict: str) -> int:
    return sum(boundary["verdict"] == verdict for boundary in result.boundaries)


def _counted(count: int, one: str, more: str) -> str:
    return f"{count:,} {one if count == 1 else more}"


_WORST_FIRST = (
    _samples_unknown,
    _lost,
    _indices_shared,
    _too_little_covered,
    _order,
    _same_order,
    _passed_over,
    _surprise,
    _unmeasured,
    _not_resumable,
    _sound,
)
