"""Results of audits, put together from counts: one of every kind, by name."""

import numpy as np

from epochwatch._auditing.counting import StreamCounts
from epochwatch._auditing.expectation import Expectation
from epochwatch._auditing.loss import Loss
from epochwatch._auditing.request import Gate
from epochwatch._auditing.resumption import Deviation, PutBack, Resumption, StepPlace
from epochwatch._auditing.rules import RULES
from epochwatch._auditing.variety import Order
from epochwatch._exposures.batches import TrainedBatch
from epochwatch._exposures.verdict import TrainedEpoch, Verdict, judge
from epochwatch._report.report import Report

IN_ORDER = Order(fixed=True, alike=False, shuffled_by=None)
FIT_SHUFFLES = Order(fixed=False, alike=False, shuffled_by="fit")
FEED_SHUFFLES = Order(fixed=False, alike=False, shuffled_by="feed")


def judged_places(epochs, length=10, asked=None, begun=()):
    """Judge a run whose epochs train the batches at these places; each batch is its place."""
    trained = [
        TrainedBatch(1, number, step, np.array([place]))
        for number, places in enumerate(epochs, start=1)
        for step, place in enumerate(places)
    ]
    own = [np.array([place]) for place in range(length)]
    return judge(
        trained, lambda: own, asked or len(epochs[0]), can_be_iterated_again=True, begun=begun
    )


def trained_in_order(order, steps, fit, epoch):
    """Make an epoch whose batches are those of an order, each reduced to the same number."""
    first, last = (np.arange(4) + 4 * (order + step) % 40 for step in (0, steps - 1))
    return TrainedEpoch(fit + 1, epoch + 1, first, last, [order] * steps)


def judged_without_order(epochs, steps, orders=(), fits=1):
    """Judge a run that has no fixed order to follow.

    `orders` names the order of each epoch of each fit: the same letter is the same order.
    """
    in_a_fit = len(orders) // fits
    trained = [
        trained_in_order(ord(name), steps, *divmod(rank, in_a_fit))
        for rank, name in enumerate(orders)
    ]
    return Verdict(tuple(trained), (), None, (steps,) * epochs, steps, fixed_order=False)


def by_a_seed(epochs, steps):
    """Expect the same order in each epoch."""
    judged = judged_without_order(epochs, steps)
    return Expectation("reshuffles", RULES["drawn by a seed"], judged, alike=True)


RESTARTS = judged_places([[0, 1, 2], [0, 1, 2]])
RESUMES = judged_places([[0, 1, 2], [3, 4, 5]])
RUNS_DRY = judged_places([[0, 1, 2], [3, 4, 5], [6, 7, 8], [9], [0, 1, 2]])
RESHUFFLES = judged_without_order(10, 25)


def stream(exposures, *coverage):
    """Count a stream, all of whose samples are known."""
    exposures = np.array(exposures)
    trained = int(np.count_nonzero(exposures))
    return StreamCounts(len(exposures), trained, exposures, np.array(coverage))


def met(exposures):
    """Count a stream of which only the trained samples are known."""
    return StreamCounts(None, len(exposures), np.array(exposures), None)


HALVES = judged_places([[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]])


def resumed(**fields):
    """Put a sound result together whose training was killed and resumed.

    `fields` are those of the resumption, beside ten steps.
    """
    resumption = Resumption(**{"steps": 10, "places": 10, "kills": 10} | fields)
    return result_of(HALVES, stream([1] * 40, 0.5, 1.0), resumption=resumption)


def result_of(judged, whole, *, reachable=None, lost=0, **fields):
    """Put a result together; the steps reach all samples and the pass is known, if nothing else.

    Args:
        judged: the verdict.
        whole: counts over all samples.
        reachable: samples that the steps reach; None for what was trained or lost.
        lost: of them, never trained.
        fields: of the result, where they are to be others.
    """
    known = whole.samples is not None
    defaults = {
        "streams": {},
        "loss": Loss(whole.trained + lost if reachable is None else reachable, lost),
        "order": IN_ORDER if judged.ordered else FEED_SHUFFLES,
        "identified_by": "index",
        "population_by": "pass" if known else None,
        "rows": whole.samples,
        "not_in_pass": 0,
        "conflicts": 0,
        "passed_over": 0,
        "expected": Expectation(judged.verdict, RULES["iterator kept"], judged),
        "environment": {"keras": "3.15.1", "backend": "torch"},
        "length": 10 if known else None,
    }
    return Report(judged=judged, whole=whole, **(defaults | fields))


SKIPPED = [PutBack("passing over", 0.0123, 4)] * 6 + [PutBack(None)] * 4
KILLED, AT = StepPlace(1, 1, 3), StepPlace(1, 2, 0)

CLASSES = {
    "0": stream([1] * 144 + [0] * 56, *np.linspace(0.1, 0.72, 10)),
    "1": stream([9] * 8, *[1] * 10),
}

RESULTS = {
    "sound": result_of(
        judged_places([[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]), stream([1] * 40, 0.5, 1.0)
    ),
    "in part": result_of(RESUMES, stream([1] * 24 + [0] * 16, 0.3, 0.6)),
    "restarts": result_of(RESTARTS, stream([2] * 12 + [0] * 28, 0.3, 0.3), lost=12),
    "runs dry": result_of(RUNS_DRY, stream([2] * 12 + [1] * 28, 0.3, 0.6, 0.9, 1, 1)),
    "workers": result_of(
        RESHUFFLES,
        stream([1] * 144 + [0] * 56 + [9] * 8, *np.linspace(0.1, 0.73, 10)),
        lost=56,
        streams=CLASSES,
    ),
    "alike": result_of(
        judged_without_order(4, 3, "aaaa"),
        stream([4] * 12 + [0] * 28, 0.3, 0.3, 0.3, 0.3),
        lost=28,
        order=FIT_SHUFFLES._replace(alike=True),
        expected=by_a_seed(4, 3),
    ),
    "alike, all trained": result_of(
        judged_without_order(4, 10, "aaaa"),
        stream([4] * 40, 1, 1, 1, 1),
        order=FIT_SHUFFLES._replace(alike=True),
        expected=by_a_seed(4, 10),
    ),
    "fits alike": result_of(
        judged_without_order(4, 10, "abab", fits=2),
        stream([4] * 40, 1, 1, 1, 1),
        order=FIT_SHUFFLES._replace(alike=True),
        expected=by_a_seed(4, 10),
    ),
    "alike by chance": result_of(
        judged_without_order(4, 2, "abba"), stream([4] * 8, 1, 1, 1, 1), order=FIT_SHUFFLES
    ),
    "shuffled": result_of(
        judged_without_order(4, 10, "abca"), stream([4] * 40, 1, 1, 1, 1), order=FIT_SHUFFLES
    ),
    "no end": result_of(RESUMES, met([1] * 24)),
    "no end, gated": result_of(RESUMES, met([1] * 24), gate=Gate(min_coverage=0.99)),
    "came round": result_of(
        RESUMES, stream([1] * 24, 0.5, 1), population_by="came round", length=None, rows=None
    ),
    "too little": result_of(
        RESUMES,
        stream([1] * 24 + [0] * 16, 0.3, 0.6),
        gate=Gate(min_coverage=0.99),
        streams={
            "0": stream([1] * 20 + [0] * 15, 0.3, 0.571),
            "1": stream([1] * 4 + [0], 0.4, 0.8),
        },
    ),
    "augmented": result_of(
        RESHUFFLES,
        met([1] * 240),
        loss=None,
        identified_by="content",
        contents_vary=True,
        not_in_pass=240,
        length=10,
    ),
    "index conflict": result_of(RESUMES, stream([1] * 24, 0.5, 1), conflicts=7),
    "disagrees": result_of(
        RESUMES,
        stream([1] * 24, 0.5, 1),
        expected=Expectation("restarts", RULES["fit begins anew"], RESTARTS),
    ),
    "passed over": result_of(
        judged_places([[0, 1, 2], [5, 6, 7]]), stream([1] * 24 + [0] * 16, 0.3, 0.6), passed_over=2
    ),
    "a pass an epoch": result_of(
        judged_places([[*range(10)], [*range(10)]]), stream([2] * 40, 1, 1)
    ),
    "restarts, nothing lost": result_of(
        judged_places([[*range(10), 0, 1], [*range(10), 0, 1]]), stream([2] * 40, 1, 1)
    ),
    "asked for too much": result_of(
        judged_places([[*range(10)], [*range(10)]], asked=12), stream([2] * 40, 1, 1)
    ),
    "empty epochs": result_of(
        judged_places(
            [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9]], begun=[(1, epoch) for epoch in (1, 2, 3)]
        ),
        stream([1] * 40, 0.6, 1, 1),
    ),
    "replays": result_of(
        judged_places([[0, 1, 2, 3], [2, 3, 4, 5]]), stream([1] * 24 + [0] * 16, 0.5, 0.6)
    ),
    "overruns": result_of(
        judged_places([[0, 1, 2], [3, 4, 5, 6, 7, 8, 9]]), stream([1] * 40, 0.3, 1)
    ),
    "one epoch": result_of(judged_places([[0, 1, 2]]), stream([1] * 12 + [0] * 28, 0.3)),
    "only skips asked": result_of(
        RESTARTS,
        stream([2] * 12 + [0] * 28, 0.3, 0.3),
        lost=12,
        gate=Gate(fail_on=("skips", "replays")),
    ),
    "unmeasured, not asked": result_of(
        RESHUFFLES,
        met([1] * 240),
        loss=None,
        identified_by="content",
        contents_vary=True,
        gate=Gate(fail_on=("restarts",)),
    ),
    "resumed exactly": resumed(put_back=[PutBack("item", 0.001)] * 8, epoch_seconds=0.25),
    "resumed by skipping": resumed(put_back=SKIPPED, places=900, steps=900, epoch_seconds=1234.5),
    "resumed executions": resumed(put_back=SKIPPED, places=5, kills=5),
    "not resumed, refused": resumed(
        kills=1,
        failed=1,
        refused="fit: got a tf.data.Dataset that shuffles without a seed; set one",
    ),
    "not resumed, other samples": resumed(
        failed=3, deviation=Deviation(KILLED, AT, [20, 21, 22, 23], [1_281_167, 5, 8, 2])
    ),
    "not resumed, other contents": resumed(
        failed=1, deviation=Deviation(KILLED, AT, [20, 21], [20, 21])
    ),
    "not resumed, never the same": resumed(
        failed=1, deviation=Deviation(None, AT, [20, 21, 22, 23], None)
    ),
}
