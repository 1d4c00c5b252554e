"""The report of several workers: one sentence, 80 columns, and a picture."""

import numpy as np
import pytest

from epochwatch._auditing.counting import StreamCounts
from epochwatch._auditing.request import FINDINGS, Gate
from epochwatch._auditing.shared_counts import EpochCounter
from epochwatch._auditing.workers import DIED, ENDED, FINISHED, WAITED, Stand, WorkerEnd
from epochwatch._exposures.batches import TrainedBatch
from epochwatch._exposures.counts import Counts
from epochwatch._report import shared_figure, style
from epochwatch._report.shared import SharedReport
from tests.epochwatch.report.areas import filled


def report_of(epochs, rows=34, workers=2, ends=None, a_pass=True, **fields):
    """Report epochs, each by worker the rows of its batches."""
    everything = np.arange(rows)
    once = Counts(everything, everything * 0 + 1)
    counter = EpochCounter(workers, everything, once if a_pass else None)
    trained, steps = np.zeros(rows, int), [{} for _ in range(workers)]
    coverage = []
    for number, of_workers in enumerate(epochs, start=1):
        batches = []
        for worker, own in enumerate(of_workers):
            steps[worker][1, number] = len(own)
            batches += [TrainedBatch(1, number, s, np.array(b), worker) for s, b in enumerate(own)]
        made = [len(own) for own in of_workers]
        counter.add((1, number), batches, [max(made)] if fields.get("strategy") else made)
        for batch in batches:
            np.add.at(trained, batch.index, 1)
        coverage.append(np.count_nonzero(trained) / rows)
    whole = StreamCounts(rows, int(np.count_nonzero(trained)), trained, np.array(coverage))
    if ends is None:
        last = len(epochs)
        stands = [Stand(1, last, made[1, last]) for made in steps]
        ends = [WorkerEnd(FINISHED, *each) for each in zip(stands, steps, strict=True)]
    given = {
        "strategy": "jax",
        "workers": workers,
        "patience": 120.0,
        "ends": tuple(ends),
        "epochs": tuple(counter.epochs),
        "pictures": tuple(counter.pictures),
        "whole": whole,
        "streams": {},
        "lost": int(np.count_nonzero(trained == 0)),
        "doubled": int(np.count_nonzero(trained > len(epochs))),
        "identified_by": "index",
        "population_by": "pass",
        "rows": rows,
        "conflicts": 0,
        "not_in_pass": 0,
        "contents_vary": False,
        "environment": {"backend": "jax"},
        "gate": Gate(),
    }
    return SharedReport(**given | fields)


def dealt(rows, workers=2, size=8):
    """Deal rows in batches to each worker in turn."""
    batches = [range(start, min(start + size, rows)) for start in range(0, rows, size)]
    return [[list(b) for b in batches[worker::workers]] for worker in range(workers)]


def stood(*stands):
    return [WorkerEnd(outcome, Stand(*at), {}, why) for outcome, at, why in stands]


SAME = [[[*range(8)], [*range(8, 16)], [*range(16, 24)]]] * 2  # each worker the same 24 rows
HALF = dealt(32)
REPORTS = {
    "sound": (
        report_of([HALF, HALF], rows=32),
        "All 32 samples were trained, each once an epoch by one of 2 workers.",
        [],
    ),
    "lost": (
        report_of([SAME] * 3),
        "10 of 34 samples were never trained, and 24 were trained by both workers in every epoch.",
        ["loses", "doubles"],
    ),
    "doubled": (
        report_of([[dealt(34)[0], [*dealt(34)[1], [0, 1]]]] * 2),
        "2 of 34 samples were trained by both workers in every epoch.",
        ["doubles"],
    ),
    "uneven": (
        report_of([SAME, dealt(34, size=9)]),
        "0 to 24 of 34 samples were trained by both workers in an epoch, and up to 10 by none.",
        ["doubles"],
    ),
    "unequal": (
        report_of([dealt(34)] * 2),
        "In epoch 1 and in 1 more epoch the workers made unequal numbers of steps, 3 and 2: where "
        "each step is one of all, some wait for ever.",
        ["unequal steps"],
    ),
    "hangs": (
        report_of(
            [HALF],
            ends=stood((WAITED, (1, 1, 2), None), (FINISHED, (1, 1, 2), None)),
            lost=None,
            doubled=None,
        ),
        "Fit never ended: worker 0 stood in epoch 1 after 2 steps, and nobody made a step in 120 "
        "s, while worker 1 had finished.",
        ["hangs"],
    ),
    "dies": (
        report_of(
            [HALF],
            ends=stood((DIED, (1, 1, 1), "signal SIGKILL: none"), (ENDED, (1, 1, 2), None)),
            lost=None,
            doubled=None,
        ),
        "Worker 0 died in epoch 1 after 1 step; the others were ended; 32 of 34 samples were "
        "trained until then.",
        ["dies"],
    ),
    "endless": (
        report_of([HALF], a_pass=False, lost=0, doubled=0),
        "The 2 workers trained 32 of 34 samples, as many as one process would in as many steps.",
        [],
    ),
    "replicas": (
        report_of(
            [dealt(34, workers=4)],
            workers=4,
            strategy="mirrored",
            ends=stood((FINISHED, (1, 1, 2), None)),
        ),
        "All 34 samples were trained, each once an epoch by one of 4 replicas.",
        [],
    ),
    "augmented": (
        report_of([HALF], rows=32, contents_vary=True, lost=None, doubled=None),
        "Nobody can tell which samples were trained: the feed changes them in every pass, and they "
        "have no index.",
        ["unmeasured"],
    ),
}


@pytest.mark.parametrize("name", REPORTS)
def test_a_sentence_says_what_was_found(name):
    report, sentence, findings = REPORTS[name]
    assert report.headline == sentence
    assert report.findings == report.as_json()["findings"] == findings
    assert report.sound == (not findings)


@pytest.mark.parametrize("name", REPORTS)
def test_the_text_has_80_columns_and_begins_with_the_sentence(name):
    report, sentence, findings = REPORTS[name]
    lines = str(report).splitlines()
    assert max(map(len, lines)) <= 80
    assert " ".join(str(report).split()).startswith(sentence)
    assert lines[-1] == (
        f"findings  {', '.join(findings)}" if findings else "sound     no findings"
    )


def test_the_table_says_by_how_many_each_was_trained():
    text = str(REPORTS["lost"][0])
    assert "\n1      3        24    0    10         24       0        0\n" in text
    assert "worker 0  waited in epoch 1 after 2 steps\n" in str(REPORTS["hangs"][0])
    assert "signal SIGKILL: none" in str(REPORTS["dies"][0])


def test_many_epochs_and_workers_fit():
    report = report_of([dealt(34, workers=16, size=2)] * 40, workers=16)
    assert max(map(len, str(report).splitlines())) <= 80
    assert "28 more" in str(report)


def test_only_what_is_asked_for_is_a_finding():
    report = report_of([SAME], gate=Gate(("ragged", "never trained")))
    assert report.findings == ["never trained"]
    assert report_of([SAME], gate=Gate((*FINDINGS, "ragged"), 0.9)).findings == [
        "loses",
        "doubles",
        "coverage",
    ]
    uneven = report_of([dealt(34, size=9)], gate=Gate(("ragged",)))
    assert uneven.findings == ["ragged"]


@pytest.mark.parametrize("name", ["uneven", "augmented"])
def test_the_picture_shows_what_the_counts_say(name):
    report = REPORTS[name][0]
    figure = report.draw()
    lines = figure.get_suptitle().split()
    assert " ".join(lines) == report.headline
    if report.contents_vary:
        return
    assert len(figure.axes) == min(3, len(report.epochs))
    for ax, epoch in zip(figure.axes, report.epochs, strict=False):
        never = filled(ax, style.NEVER) / shared_figure.LANE
        assert never == pytest.approx(report.never(epoch))
