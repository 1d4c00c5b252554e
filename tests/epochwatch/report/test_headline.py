"""One sentence says what an audit found; its numbers are those of the JSON."""

import re

import pytest

from epochwatch._auditing.request import FINDINGS, Gate
from epochwatch._report.headline import headline
from tests.epochwatch.report.results import (
    FEED_SHUFFLES,
    FIT_SHUFFLES,
    IN_ORDER,
    RESHUFFLES,
    RESULTS,
    judged_places,
    result_of,
    stream,
)

SENTENCES = {
    "sound": "All 40 samples were trained; each epoch continues where the last one stopped.",
    "in part": "24 of 40 samples were trained, as many as the steps allow; each epoch continues "
    "where the last one stopped.",
    "a pass an epoch": "All 40 samples were trained; every epoch is one whole pass of the feed.",
    "one epoch": "12 of 40 samples were trained, as many as the steps allow; there was a single "
    "epoch.",
    "shuffled": "All 40 samples were trained; fit shuffles the order.",
    "no end": "24 samples were trained, out of an unknown number; each epoch continues where the "
    "last one stopped.",
    "came round": "All 24 samples were trained; each epoch continues where the last one stopped.",
    "restarts": "28 of 40 samples were never trained, although there were enough steps for 12 of "
    "them.",
    "restarts, nothing lost": "1 epoch starts again at the feed's first batch; all 40 samples "
    "were trained.",
    "workers": "56 of 208 samples were never trained, although there were enough steps for them.",
    "runs dry": "The feed ran out of data in 1 of 5 epochs; all 40 samples were trained.",
    "asked for too much": "Each epoch was asked for 12 steps, but a pass of the feed has only 10; "
    "all 40 samples were trained.",
    "empty epochs": "The feed ran out of data in 2 of 3 epochs, and 1 trained nothing at all; all "
    "40 samples were trained.",
    "replays": "1 epoch trains batches of an earlier epoch again; 24 of 40 samples were trained, "
    "as many as the steps allow.",
    "overruns": "1 of 2 epochs ran more than the 3 steps asked for; all 40 samples were trained.",
    "alike, all trained": "Two epochs in a row trained the same batches in the same order, "
    "although fit was asked to shuffle.",
    "fits alike": "Two fits in a row trained the same batches in the same order, although fit was "
    "asked to shuffle.",
    "alike by chance": "All 8 samples were trained; fit shuffles the order.",
    "no end, gated": "The coverage you asked for could not be measured; 24 samples were trained, "
    "out of an unknown number.",
    "too little": "Only 20 of 35 samples of stream 0 were trained, less than the 99.0% asked for; "
    "1 other stream falls short too.",
    "augmented": "Nobody can tell which samples were trained: the feed changes them in every "
    "pass, and they have no index.",
    "index conflict": "7 indices belong to more than one sample, so the counts mix these up.",
    "disagrees": "Keras did not do what its source code led us to expect; all 24 samples were "
    "trained.",
    "passed over": "1 epoch skips batches that the feed had delivered; 24 of 40 samples were "
    "trained, as many as the steps allow.",
    "resumed by skipping": (
        "All 40 samples were trained; each epoch continues where the last one stopped."
    ),
    "not resumed, other samples": (
        "A killed training would not go on as before; all 40 samples were trained."
    ),
}


def numbers_in(value):
    """All numbers in an object of JSON."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return {number for part in value for number in numbers_in(part)}
    return {value} if isinstance(value, (int, float)) and not isinstance(value, bool) else set()


@pytest.mark.parametrize("name", SENTENCES)
def test_every_kind_of_result_has_its_sentence(name):
    assert headline(RESULTS[name]) == SENTENCES[name]


def test_the_numbers_of_a_loss_are_those_of_the_json():
    for name in ("restarts", "workers", "alike"):
        samples = RESULTS[name].as_json()["samples"]
        numbers = [
            int(n.replace(",", "")) for n in re.findall(r"\d[\d,]*", headline(RESULTS[name]))
        ]
        assert numbers[:2] == [samples["never_trained"], samples["population"]]
        assert numbers[2:] == [samples["lost"]] * (samples["lost"] != samples["never_trained"])


@pytest.mark.parametrize("name", RESULTS)
def test_no_number_is_in_the_sentence_that_is_not_in_the_json_or_counted_from_it(name):
    told = RESULTS[name].as_json()
    boundaries = [boundary["verdict"] for boundary in told["boundaries"]]
    steps = told["steps"]["findings"]
    counted = {len(steps), len(told["below_minimum"]) - 1, told["steps"]["run"].count(0)}
    counted |= {verdicts.count(each) for verdicts in (boundaries, steps) for each in verdicts}
    known = numbers_in(told) | counted
    said = headline(RESULTS[name]).replace("99.0%", "")
    assert {int(n.replace(",", "")) for n in re.findall(r"\d[\d,]*", said)} <= known


@pytest.mark.parametrize("name", RESULTS)
def test_what_is_not_sound_never_reads_as_sound(name):
    result = RESULTS[name]
    reads_as_sound = headline(result).endswith(
        ("where the last one stopped.", "pass of the feed.", "single epoch.", "shuffles the order.")
    )
    in_all = result_of(**vars(result) | {"gate": Gate(FINDINGS, result.gate.min_coverage)})
    assert reads_as_sound == in_all.sound


@pytest.mark.parametrize(
    ("order", "said"),
    [
        (FIT_SHUFFLES, "fit shuffles the order."),
        (FEED_SHUFFLES, "the feed shuffles its order."),
        (IN_ORDER, "fit did not keep the feed's order."),
        (IN_ORDER._replace(fixed=False), "each new feed has an order of its own."),
    ],
)
def test_without_an_order_to_follow_it_says_why(order, said):
    result = result_of(RESHUFFLES, stream([1] * 40, *[1] * 10), order=order)
    assert headline(result) == f"All 40 samples were trained; {said}"


def test_what_ci_is_to_stop_for_changes_nothing_about_the_sentence():
    asked = RESULTS["only skips asked"]
    assert asked.sound
    assert headline(asked) == SENTENCES["restarts"]


@pytest.mark.parametrize(
    ("samples", "lost", "said"),
    [
        (200, 1, "1 of 200 samples was never trained, although there were enough steps for it."),
        (1, 1, "1 of 1 sample was never trained, although there were enough steps for it."),
        (60_000, 53_258, "53,258 of 60,000 samples were never trained, although there were enough"),
    ],
)
def test_one_sample_is_told_as_one(samples, lost, said):
    judged = judged_places([[0, 1, 2], [0, 1, 2]])
    whole = stream([1] * (samples - lost) + [0] * lost, 0.3, 0.3)
    assert headline(result_of(judged, whole, lost=lost)).startswith(said)
