"""Notebook 04: does it hurt a model never to see most of the majority?

What one run has measured is told for itself; what many seeds can tell comes from a published
sweep, and only where that sweep was made with the parameters of the run.
"""

from collections.abc import Mapping

from epochwatch._text import percent
from epochwatch_lab.answers import Answer
from epochwatch_lab.strategies import (
    BASELINE,
    SCORES,
    ErrorRates,
    Evidence,
    Interval,
    excluding_zero,
)
from epochwatch_lab.tables import Table

# Parameters that a run must share with a sweep, for the sweep's answer to be the run's.
SHARED = ("positive_digit", "batch_size", "updates", "precision")
RESTART = "restart"
TENTH = "restart at a tenth"
NONE_THERE = "none there"
Differences = Mapping[int, Mapping[str, Interval]]


def unlike(parameters: Mapping, evidence: Evidence) -> dict[str, tuple]:
    """List the parameters by which a run differs from the runs of a sweep.

    Args:
        parameters: of the run.
        evidence: the sweep's runs.

    Returns:
        By name the value here and the value there; empty where the sweep can answer for the run.
    """
    return {
        name: (parameters[name], evidence.parameters.get(name))
        for name in SHARED
        if parameters[name] != evidence.parameters.get(name)
    }


def answer(measured: Mapping, pr_auc: Differences | None, others: Mapping[str, tuple]) -> Answer:
    """Say whether it hurts.

    Args:
        measured: of the run: its `ratio`, and by strategy what was `trained` and its `test` scores.
        pr_auc: the sweep's differences from the baseline, by ratio and strategy; None without one.
        others: parameters by which the run differs from the sweep.

    Returns:
        The answer. It is the sweep's where one was made with the parameters of the run.
    """
    if pr_auc is None or others:
        return _of_one_run(measured, others)
    return _of_the_sweep(measured, pr_auc)


def _of_one_run(measured: Mapping, others: Mapping[str, tuple]) -> Answer:
    seen, majority = _majority_seen(measured)
    first = (
        f"**The model whose feed restarted saw {seen:,} of {majority:,} majority samples; this run "
        "alone cannot tell whether that hurts.**"
    )
    if others:
        second = f"The published sweep cannot answer for it: {_compared(others)}."
    else:
        restart, resume = (
            measured["strategies"][name]["test"]["pr_auc"] for name in (RESTART, BASELINE)
        )
        second = (
            f"Its PR-AUC, 1 at best, is {restart:.3f}, and {resume:.3f} where the feed resumed: "
            "with one seed, chance could make that difference too."
        )
    advice = (
        "Run it with several seeds before you believe a difference: copy "
        "`sweeps/never_saw.yaml`, put these parameters under `fixed`, and start it with "
        "`make sweep SWEEP=…`."
    )
    return Answer("one run alone cannot tell", f"{first} {second}", advice)


def _of_the_sweep(measured: Mapping, pr_auc: Differences) -> Answer:
    worse = [ratio for ratio, rows in pr_auc.items() if _is_worse(rows[RESTART])]
    if worse:
        short = f"yes, at {len(worse)} of {len(pr_auc)} imbalances"
        first = (
            "**Yes, if it sees almost none of it: in our published sweep, a feed that restarted "
            "with each minority epoch made the model rank test images worse, at "
            f"{len(worse)} of {len(pr_auc)} imbalances.**"
        )
    else:
        short = "no difference was found"
        first = (
            "**No difference was found: in our published sweep, a model that never saw most of the "
            f"majority was not measurably worse at any of {len(pr_auc)} imbalances.**"
        )
    seen, majority = _majority_seen(measured)
    which = _at_this_ratio(measured["ratio"], worse, pr_auc)
    second = f"{which} {seen:,} of {majority:,} majority samples."
    return Answer(short, f"{first} {second}", _advice(pr_auc))


def _at_this_ratio(ratio: int, worse: list[int], pr_auc: Differences) -> str:
    if ratio in worse:
        return f"At 1 : {ratio:,}, one of them, that model saw"
    if ratio in pr_auc:
        return "At the imbalance of this run it was not, though the model whose feed restarted saw"
    return "The sweep has no runs at the imbalance of this one, where a feed that restarted showed"


def _advice(pr_auc: Differences) -> str:
    advice = (
        "Let the feed go on where the last epoch stopped, or give each pass a new order with "
        "`epochwatch.BalancedSampler`."
    )
    better = {name for rows in pr_auc.values() for name, one in rows.items() if _is_better(one)}
    tenth = [rows[TENTH] for rows in pr_auc.values() if TENTH in rows]
    if tenth and not any(map(_is_worse, tenth)):
        advice += " A feed that restarted only after a tenth of it was nowhere measurably worse."
    if better:
        return f"{advice} At some imbalance {_listed(sorted(better))} did better still."
    return f"{advice} Nothing else that we tried did measurably better."


def _majority_seen(measured: Mapping) -> tuple[int, int]:
    return tuple(measured["strategies"][RESTART]["trained"]["majority"])


def _compared(others: Mapping[str, tuple]) -> str:
    parts = [
        f"`{name}` is {_plain(here)} here and was {_plain(there)} there"
        for name, (here, there) in others.items()
    ]
    return "; ".join(parts)


def _plain(value) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _is_worse(difference: Interval) -> bool:
    return difference.excludes_zero and difference.mean < 0


def _is_better(difference: Interval) -> bool:
    return difference.excludes_zero and difference.mean > 0


def _listed(names) -> str:
    return ", ".join(f"*{name}*" for name in names)


def provenance(sweep: str, evidence: Evidence, others: Mapping[str, tuple]) -> str:
    """Say whose runs the rest of the page is about.

    Args:
        sweep: its name; `none` for the run alone.
        evidence: the runs.
        others: parameters by which the run differs from the sweep.

    Returns:
        A paragraph of Markdown.
    """
    if sweep == "none":
        return (
            'No sweep was asked for (`sweep="none"`). **What follows is this one run**, and one '
            "run cannot tell an effect from chance."
        )
    text = (
        f"**What follows comes from the published sweep `{sweep}`**: {evidence.trainings:,} models "
        f"at {len(evidence.ratios)} imbalances, with {len(evidence.seeds)} seeds each. Training "
        f"them took {evidence.seconds / 60:.0f} minutes."
    )
    if others:
        return f"{text} It is not about this run: {_compared(others)}."
    return f"{text} It was made with the parameters of this run."


def measured(streams, counts: Mapping, tested: Mapping, errors: Mapping) -> dict:
    """Write what one run has measured, as sweeps compare it.

    Args:
        streams: both streams, as a named tuple.
        counts: by strategy, of the exposures.
        tested: by strategy, the scores on test samples.
        errors: by strategy, `[wrong, samples]` among the majority `seen` and `never_seen`.

    Returns:
        The `samples` of both streams, and what was measured by strategy.
    """
    sides = streams._asdict()
    return {
        "samples": {side: stream.samples for side, stream in sides.items()},
        "strategies": {
            name: {
                "trained": {
                    side: [counts[name].trained_of(stream.index), stream.samples]
                    for side, stream in sides.items()
                },
                "test": scores,
                "errors": errors[name],
            }
            for name, scores in tested.items()
        },
    }


def coverage_table(
    coverage: Mapping[str, Mapping], exposures: Mapping[str, int], majority: int
) -> Table:
    """Set what each strategy saw of the majority beside what its order predicts.

    Args:
        coverage: by strategy, the share by `theory` and the samples `counted`.
        exposures: by strategy, how often any one sample of the majority was trained on, at most.
        majority: its samples.
    """
    return Table(
        ["strategy", "predicted", "counted", "never seen", "most often trained sample"],
        [
            [
                name,
                percent(one["theory"]),
                percent(one["counted"] / majority),
                majority - int(one["counted"]),
                f"{exposures[name]:,} times",
            ]
            for name, one in coverage.items()
        ],
    )


def scores_table(measured: Mapping, as_it_is: Mapping[str, float], precision: float) -> Table:
    """List the test scores of one run.

    Args:
        measured: of the run.
        as_it_is: by strategy, the calibration error before the prior is corrected.
        precision: at which recall was measured.
    """
    words = SCORES | {"recall": f"recall at precision {precision:g}"}
    return Table(
        ["strategy", *words.values(), "calibration error, uncorrected"],
        [
            [name, *(f"{one['test'][key]:.4f}" for key in words), f"{as_it_is[name]:.4f}"]
            for name, one in measured["strategies"].items()
        ],
    )


def errors_table(measured: Mapping) -> Table:
    """List what one run took for the rare class, of strategies that left majority samples out.

    Args:
        measured: of the run.
    """
    rows = [
        [name, *(_rate(*one["errors"][part]) for part in ("seen", "never_seen"))]
        for name, one in measured["strategies"].items()
        if one["errors"]["never_seen"][1]
    ]
    return Table(["strategy", "wrong, of those seen", "wrong, of those never seen"], rows)


def _rate(wrong: int, samples: int) -> str:
    return f"{wrong:,} of {samples:,} ({percent(wrong / samples)})" if samples else NONE_THERE


def strictness(pr_auc: Differences, at_once: Differences) -> str:
    """Say how many differences chance does not explain, by the two ways to ask.

    Args:
        pr_auc: with intervals that hold for each strategy alone.
        at_once: with intervals that hold for all strategies at once.

    Returns:
        A sentence of Markdown or two.
    """
    comparisons = sum(map(len, pr_auc.values()))
    strict = excluding_zero(at_once)
    named = ", ".join(f"*{name}* at 1 : {ratio:,}" for ratio, name in strict) or "none"
    return (
        f"Of {comparisons:,} differences in PR-AUC, {len(excluding_zero(pr_auc)):,} exclude zero. "
        f"If one asks about all strategies at once, {len(strict):,} still do: {named}."
    )


def apart_table(differences: Mapping[str, Differences]) -> Table:
    """Count at how many imbalances each strategy differs from the baseline, score by score.

    Args:
        differences: by score.
    """
    by_ratio = next(iter(differences.values()))

    def at(key: str, name: str) -> str:
        apart = sum(rows[name].excludes_zero for rows in differences[key].values())
        return f"{apart} of {len(by_ratio)}"

    return Table(
        ["differs from resume at", *(SCORES[key] for key in differences)],
        [[name, *(at(key, name) for key in differences)] for name in next(iter(by_ratio.values()))],
    )


def error_rates_table(evidence: Evidence, rates: Mapping[int, Mapping[str, ErrorRates]]) -> Table:
    """List by imbalance what the strategy that restarts takes for the rare class.

    Args:
        evidence: the runs.
        rates: as `evidence.error_rates` gives them.
    """
    return Table(
        ["imbalance", "wrong, of those seen", "wrong, of those never seen", "difference"],
        [
            [
                f"1 : {ratio:,}",
                _mean_rate(by_name[RESTART].seen, evidence.errors_in_all(ratio, RESTART, "seen")),
                _mean_rate(
                    by_name[RESTART].never_seen,
                    evidence.errors_in_all(ratio, RESTART, "never_seen"),
                ),
                _in_percent(by_name[RESTART].differ, least=-100),
            ]
            for ratio, by_name in rates.items()
            if RESTART in by_name
        ],
    )


def _mean_rate(rate: Interval, counted: tuple[int, int]) -> str:
    wrong, samples = counted
    return _in_percent(rate) if wrong else f"none of {samples:,}"


def _in_percent(rate: Interval, least: float = 0) -> str:
    low = max(least, 100 * rate.low)
    bounds = f" ({low:.2f} to {100 * rate.high:.2f})" if rate.sample_size > 1 else ""
    return f"{100 * rate.mean:.2f}%{bounds}"


def found_in_sweep(
    differences: Mapping[str, Differences],
    at_once: Differences,
    rates: Mapping[int, Mapping[str, ErrorRates]],
) -> dict:
    """Write what the runs have found, as `findings.json` holds it.

    Args:
        differences: by score, from the baseline.
        at_once: those in PR-AUC, with intervals that hold for all strategies at once.
        rates: of errors in the majority.

    Returns:
        `differences`, `error_rates` and `told_apart`.
    """
    return {
        "differences": {
            key: [
                {"ratio": ratio, "strategy": name, "differs": one.excludes_zero} | one._asdict()
                for ratio, rows in by_ratio.items()
                for name, one in rows.items()
            ]
            for key, by_ratio in differences.items()
        },
        "error_rates": [
            {"ratio": ratio, "strategy": name}
            | {part: rate._asdict() for part, rate in one._asdict().items()}
            for ratio, by_name in rates.items()
            for name, one in by_name.items()
        ],
        "told_apart": {
            "each strategy alone": len(excluding_zero(differences["pr_auc"])),
            "all at once": len(excluding_zero(at_once)),
            "of": sum(map(len, at_once.values())),
        },
    }
