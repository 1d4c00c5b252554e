"""The findings of an audit on each backend, and the input that it refuses in one line."""

import pytest

from epochwatch import assert_sound, audit
from epochwatch.errors import BadInput
from tests.backends import small_feeds
from tests.backends.audits import ON, audited, called, refusal_of, small
from tests.backends.conftest import BACKEND, HAS_STEPS_PER_EXECUTION, backend_only
from tests.backends.small_feeds import BATCHES, SIZE


def test_findings_come_worst_first_and_only_those_asked_for():
    restarts = called(3, 2, fits=2)
    assert audited("tf_data", restarts).findings == ["restarts", "loses"]
    assert audited("tf_data", restarts, fail_on=("never trained",)).findings == ["never trained"]
    assert audited("tf_data", restarts, fail_on=()).sound
    both = audited("tf_data", restarts, fail_on=("never trained", "restarts"))
    assert both.findings == ["restarts", "never trained"]
    assert audited("arrays", called(None, 2), shuffle=True, fail_on=("reshuffles",)).findings == [
        "reshuffles"
    ]


def test_the_coverage_that_is_asked_for_is_of_every_stream():
    call = called(3, 2)
    assert audited("tf_data", call, min_coverage=0.6).sound
    report = audited("tf_data", call, min_coverage=0.61)
    assert (report.findings, report.below_minimum) == (["coverage"], ("0", "1"))
    named = audited("tf_data", call, min_coverage=0.6, streams={"end": [39], "begin": [0]})
    assert (named.findings, named.below_minimum) == (["coverage"], ("end",))


def test_a_coverage_that_nobody_knows_is_unmeasured_until_a_population_is_given():
    call = called(3, 2)
    endless = audited("generator_endless", call, min_coverage=0.0)
    assert (endless.findings, len(endless.unmeasured)) == (["unmeasured"], 2)
    assert endless.unmeasured[0].startswith("the coverage of 0: ")
    given = audited("generator_endless", call, min_coverage=0.001, population={0: 6000, 1: 12000})
    assert (given.findings, given.population_by) == ([], "given")
    assert given.whole.coverage.tolist() == [12 / 18_000, 24 / 18_000]
    less = audited("generator_endless", call, min_coverage=0.002, population={0: 6000, "1": 12000})
    assert (less.findings, less.below_minimum) == (["coverage"], ("1",))


def test_a_sound_feed_passes_and_another_fails_with_the_report_as_text():
    sound = {"steps_per_epoch": 5, "epochs": 2, "min_coverage": 1.0, **ON}
    assert assert_sound(lambda: small("tf_data"), **sound).sound
    with pytest.raises(AssertionError) as told:
        assert_sound(lambda: small("tf_data"), steps_per_epoch=3, epochs=2, fits=2, **ON)
    assert "restarts" in str(told.value)
    assert str(told.value) == f"\n{audited('tf_data', called(3, 2, fits=2))}"


# Bad input.


def used_up():
    """Make a generator that has nothing left."""
    feed = small("generator")
    list(feed)
    return feed


def changing():
    """Make a feed that drops its indices on the way."""
    for place in range(BATCHES):
        yield small_feeds.batch(place, indexed=place < 4)


def raising():
    """Fail."""
    raise OSError("no such file\nand more")


def in_a_graph():
    """Fail as TensorFlow does in a map."""
    raise TypeError("in user code:\n\n    File feeds.py, line 3\n\n    nothing to add\n")


def with_float_index():
    """Make arrays whose index lost its digits."""
    x, y = small("arrays")
    return x, {**y, "index": y["index"].astype("float32")}


ONE = small("tf_data")
NO_END = "allowed: 1 or more; `fit` would never end its first epoch"

BAD_FEEDS = {
    "raises": (raising, {}, "make_feed raised OSError: no such file; fix it and audit again"),
    "raises in a graph": (
        in_a_graph,
        {},
        "make_feed raised TypeError: nothing to add; fix it and audit again",
    ),
    "None": (
        lambda: None,
        {},
        "feed: got None: make_feed returned None; return the feed it builds",
    ),
    "single samples": (
        lambda: small("tf_data").unbatch(),
        {},
        "make_feed returned a feed of single samples (a target is array(0)), allowed: batches, "
        "with one row per sample; end a tf.data.Dataset with .batch(32)",
    ),
    "the same": (
        lambda: ONE,
        {},
        "make_feed returned the same object twice, allowed: a new feed at each call; build the "
        "feed inside of make_feed",
    ),
    "used up": (
        used_up,
        {},
        "make_feed returned a feed that holds no batch (a generator that is used up?); build "
        "the feed inside of make_feed",
    ),
    "a function": (
        lambda: used_up,
        {},
        "feed: got the function 'used_up', allowed: a feed; call it and give what it returns",
    ),
    "changing": (
        changing,
        {},
        "batch 4 of the feed: got (x, y, sample_weight) nested as (array, array, None), allowed: "
        "as in batch 0, (array, {index: array, label: array}, None); give every batch the same "
        "parts and keys",
    ),
    "endless tf.data": (
        lambda: small("tf_data_endless"),
        {},
        f"steps_per_epoch: got None for a tf_data without an end, {NO_END}",
    ),
    "endless generator": (
        lambda: small("generator_endless"),
        {},
        f"steps_per_epoch: got None for a generator of more than 10,000 batches, {NO_END}",
    ),
    "float index": (
        with_float_index,
        {"batch_size": SIZE},
        'the target "index": got float32, allowed: integers that int64 can hold; a float would '
        "lose digits (float32 cannot hold 16,777,217)",
    ),
    "used up by the first fit": (
        lambda: small("generator"),
        {"fits": 2},
        "fits: got 2, but the generator was used up before fit 2; give a feed that can be iterated "
        "again, or one without an end",
    ),
}
if BACKEND != "tf_keras":
    BAD_FEEDS["endless items"] = (
        lambda: small("py_dataset_endless"),
        {},
        f"steps_per_epoch: got None for a py_dataset without an end, {NO_END}",
    )


@pytest.mark.parametrize(("make_feed", "options", "told"), BAD_FEEDS.values(), ids=BAD_FEEDS)
def test_a_feed_that_cannot_be_audited_is_refused_in_one_line(make_feed, options, told):
    assert refusal_of(make_feed, **options) == told


def test_a_feed_where_a_function_is_wanted_is_refused():
    with pytest.raises(BadInput) as refused:
        audit(small("tf_data"), **ON)
    assert str(refused.value) == (
        "make_feed: got a _BatchDataset, allowed: a function that makes a new feed at each "
        "call, such as `lambda: …`"
    )


# What needs no feed to be refused is in tests/epochwatch/auditing/test_request.py.
BAD_ARGUMENTS = [
    ({"epochs": 0}, "epochs: got 0, allowed: a whole number, 1 or more"),
    (
        {"population": 41},
        "population: got 41, but a pass of the feed has 40 samples; leave it out: epochwatch "
        "counted them",
    ),
    (
        {"population": {"0": 0}},
        "population of 0: got 0, allowed: a whole number, 1 or more",
    ),
    ({"seed": -1}, "seed: got -1, allowed: a whole number, 0 or more"),
    ({"fail_on": "skips"}, "fail_on: got the text 'skips', allowed: a tuple, ('skips',)"),
    (
        {"streams": [1, 2]},
        "streams: got list, allowed: a dictionary from each stream's name to the int64 indices of "
        "its samples",
    ),
    (
        {"backend": "theano"},
        "backend: got 'theano', allowed: one of tensorflow, jax, torch, tf_keras",
    ),
]


@pytest.mark.parametrize(("arguments", "told"), BAD_ARGUMENTS, ids=str)
def test_a_bad_argument_is_refused_in_one_line(arguments, told):
    assert refusal_of(lambda: small("tf_data"), **arguments) == told


def test_an_unknown_option_of_fit_is_refused_with_those_there_are():
    told = refusal_of(lambda: small("tf_data"), shufle=True)
    assert told.startswith("fit option: got 'shufle', allowed: callbacks, validation_split, ")
    told = refusal_of(lambda: small("tf_data"), verbose=1)
    assert told.startswith("fit option: got 'verbose', allowed: callbacks, ")
    assert told.endswith("; the audit sets it itself")


def test_another_backend_than_the_one_in_use_is_refused():
    used = BACKEND.replace("tf_keras", "tensorflow")
    other = "jax" if used != "jax" else "torch"
    assert refusal_of(lambda: small("tf_data"), backend=other) == (
        f"backend: got {other!r}, but Keras runs on {used!r} in this process already; set "
        f"KERAS_BACKEND={other} before Keras is imported"
    )


@pytest.mark.skipif(HAS_STEPS_PER_EXECUTION, reason="Keras has several here")
def test_more_than_a_step_at_once_is_refused_where_keras_has_none():
    assert refusal_of(lambda: small("tf_data"), steps_per_execution=2) == (
        "steps_per_execution: got 2, allowed on torch: 1; Keras runs single steps there up to 3.15"
    )


@backend_only("tf_keras")
def test_more_than_a_step_at_once_is_refused_where_keras_2_has_no_length():
    assert refusal_of(lambda: small("generator"), steps_per_execution=2) == (
        "steps_per_execution: got 2 for a generator whose length Keras 2 does not know, allowed: "
        "1, or give steps_per_epoch"
    )
