"""What is explained of a feed before it is trained on: it comes to pass, or nothing was told."""

import itertools

import numpy as np
import pytest

import epochwatch
from epochwatch import audit, feeds
from epochwatch._auditing.request import FitCall
from epochwatch_lab._atlas.toy_feeds import toy_feeds
from tests.backends.audits import ON, arguments_of, by_epoch
from tests.backends.conftest import BACKEND, HAS_STEPS_PER_EXECUTION, keras
from tests.sample import shared_calls

# Processes take long to begin, and deliver what threads do.
FEEDS = {feed.name: feed for feed in toy_feeds(keras) if "use_multiprocessing" not in feed.options}
IN_FITS = "3 steps in 2 fits"
CALLS = {
    "passes": FitCall(None, epochs=3),
    "3 steps": FitCall(3, epochs=5),
    "15 steps": FitCall(15, epochs=2),
    IN_FITS: FitCall(3, epochs=2, fits=2),
    **({"12 steps, 3 at once": FitCall(12, 3, epochs=2)} if HAS_STEPS_PER_EXECUTION else {}),
}


def is_possible(feed, call):
    """Say whether there is such a fit, and something to tell of it beforehand."""
    ends = feed.name == "generator(endless=False)"
    used_up = ends and call.fits > 1  # the first fit may have read all of it
    # Keras 3.16 raises a TypeError: it takes a batch from an iterator that it has let go.
    let_go = ends and BACKEND == "torch" and call.steps_per_execution > 1
    is_counted = feed.ends and not ends and "from_generator" not in feed.name
    return (is_counted or call.steps_per_epoch) and not (used_up or let_go)


def is_everywhere(name, call):
    """Say whether each backend has such a feed, and such a call of it."""
    is_of_some = FEEDS[name].kind in ("torch_loader", "grain_loader")
    return not is_of_some and CALLS[call].steps_per_execution == 1


PAIRS = shared_calls(itertools.product(FEEDS, CALLS), is_everywhere)
CASES = [(feed, call) for feed, call in PAIRS if is_possible(FEEDS[feed], CALLS[call])]


def ids_of(batches, at_most):
    """List the rows of batches, by the index that they carry."""
    return [np.asarray(y["index"]).tolist() for _, y, _ in itertools.islice(batches, at_most)]


def repeats(trained):
    """Say whether epochs in a row, or fits, trained the same batches in the same order."""
    fits = itertools.groupby(trained, key=lambda epoch: epoch[0])
    by_fit = [[trained[epoch] for epoch in epochs] for _, epochs in fits]
    in_turn = itertools.chain.from_iterable(by_fit)
    pairs = [*itertools.pairwise(in_turn), *itertools.pairwise(by_fit)]
    return any(before == after for before, after in pairs)


def check(feed, call, log, **seeded):
    """Explain a feed, audit it, and hold what was told to what the log has."""
    options = {**arguments_of(call), **feed.fit_options, **ON}
    before = epochwatch.explain(feed.make(), **options)
    report = audit(feed.make, log=log, **options, **seeded)
    assert report.agrees is not False, str(report)
    if before.provided and report.length and sum(report.judged.steps_run) >= report.length:
        return
    assert before.agrees_with(report.judged) is not False, f"{before}\n{report}"
    trained = by_epoch(log)
    # Of few batches an audit takes a repeated order for chance.
    assert before.alike is None or before.alike >= report.order.alike, f"{before}\n{report}"
    assert not before.alike or repeats(trained), f"{before}\n{report}"
    far = 1 + max(itertools.chain.from_iterable(before.places.values()), default=-1)
    size = feed.fit_options.get("batch_size")
    plain = ids_of(feeds.batches(feed.make(), size), far)
    for epoch, places in before.places.items():
        assert trained.get(epoch, []) == [plain[place % len(plain)] for place in places], epoch


@pytest.mark.parametrize(("name", "call"), CASES)
def test_what_is_told_of_a_feed_comes_to_pass(name, call, tmp_path):
    if BACKEND == "tf_keras" and name == "py_dataset(workers=0)":
        pytest.skip("tf_keras refuses it: atlas/reproductions/workers_0_is_refused.md")
    check(FEEDS[name], CALLS[call], tmp_path / "log")


SHUFFLED = [name for name, feed in FEEDS.items() if feed.is_shuffled]


@pytest.mark.parametrize(
    ("name", "call"),
    [(name, call) for name, call in CASES if name in SHUFFLED and call in ("passes", IN_FITS)],
)
def test_it_comes_to_pass_under_a_seed_too(name, call, tmp_path):
    keras.utils.set_random_seed(1)
    check(FEEDS[name], CALLS[call], tmp_path / "log", seed=1)


def test_what_shuffles_is_seen_to_or_not_told():
    """Grain's shuffle is the same in each pass; of code of a feed's own nothing can be seen."""
    seen = {name: feeds.describe(FEEDS[name].make()).shuffles for name in SHUFFLED}
    in_the_open = [name for name in SHUFFLED if "shuffle" in name and "tf_data" in name]
    assert all(seen[name] for name in in_the_open if "reshuffle" not in name)
    assert not any(
        feeds.describe(feed.make()).shuffles for feed in FEEDS.values() if not feed.is_shuffled
    )
    hooked = [name for name in SHUFFLED if "shuffled_in" in name]
    assert [seen[name] for name in hooked] == [None] * len(hooked)


def augmented(indexed=True, seed=None):
    """A dataset whose samples are drawn in every pass; their order stays."""
    import tensorflow as tf

    index = np.arange(40)
    targets = {"label": index % 2, "index": index} if indexed else index % 2
    rows = tf.data.Dataset.from_tensor_slices((index[:, None].astype("float32"), targets))
    return rows.map(lambda x, y: (x + tf.random.uniform([1], seed=seed), y)).batch(4)


@pytest.mark.parametrize("seed", [None, 1])
def test_random_numbers_in_a_map_change_no_order(seed):
    if seed is not None:
        keras.utils.set_random_seed(seed)
    call = {"steps_per_epoch": 3, "fits": 2, **ON}
    before = epochwatch.explain(augmented(), **call)
    report = audit(augmented, seed=seed, **call)
    assert before.verdict == report.verdict == "restarts"
    assert before.agrees_with(report.judged)
    assert report.agrees
    assert "index conflict" not in report.findings


def test_augmented_samples_without_an_index_are_not_measured_but_where_a_seed_repeats_them():
    """A seed has every pass draw the same numbers again: that is no augmentation."""
    anew = audit(lambda: augmented(indexed=False), epochs=2, **ON)
    assert anew.findings == ["unmeasured"]
    by_operation = audit(lambda: augmented(indexed=False, seed=1), epochs=2, **ON)
    by_script = audit(lambda: augmented(indexed=False), epochs=2, seed=1, **ON)
    assert by_operation.findings == by_script.findings == []
    assert by_operation.whole.samples == by_script.whole.samples == 40
