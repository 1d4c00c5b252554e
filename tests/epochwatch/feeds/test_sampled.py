"""What a sampler chooses is what the feeds deliver, and what `fit` trains on, resumed or not."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from epochwatch import BalancedSampler, assert_sound, feeds
from epochwatch.errors import BadInput

ROWS, BATCH_SIZE = 34, 16
STREAMS = {"minority": np.arange(29, 34), "majority": np.arange(29)}
# To go once through the majority, 8 of it a step, as 2 epochs.
STEPS_PER_EPOCH, EPOCHS = 2, 2

x = np.arange(ROWS, dtype=np.float32)[:, None]
y = (np.arange(ROWS) >= 29).astype(np.int64)
weight = np.arange(ROWS) / 2


@pytest.fixture
def sampler():
    return BalancedSampler(STREAMS, BATCH_SIZE, seed=3)


@pytest.fixture(params=[name for name in feeds.SAMPLED if name != "torch_loader"])
def feed(request):
    """The name of each way to feed fit that needs no extra package."""
    return request.param


def indices(feed, count):
    """The indices of the first batches, and whether everything else is theirs."""
    delivered = list(itertools.islice(feeds.batches(feed), count))
    for images, targets, weights in delivered:
        assert (images[:, 0] == targets["index"]).all()
        assert (targets["label"] == (targets["index"] >= 29)).all()
        assert weights is None or (weights == targets["index"] / 2).all()
    return [targets["index"].tolist() for _, targets, _ in delivered]


@pytest.mark.parametrize("start", [0, 7, 10**12])
def test_a_feed_delivers_the_batches_of_the_sampler(feed, sampler, start):
    delivered = feeds.sampled(feed, sampler, (x, y), start=start)
    assert indices(delivered, 300) == sampler[start : start + 300].tolist()
    assert indices(delivered, 2) == sampler[start : start + 2].tolist()  # and once more
    assert sampler.step == 0


def test_a_feed_begins_where_a_loaded_state_says(feed, sampler):
    sampler.load_state_dict(sampler.state_dict(step=5))
    assert indices(feeds.sampled(feed, sampler, (x, y)), 3) == sampler[5:8].tolist()


def test_a_batch_is_the_readers_own(sampler):
    feed = feeds.sampled("py_dataset", sampler, (x, y))
    for _ in range(2):
        _, targets = feed[0]
        assert targets["index"].tolist() == sampler[0].tolist()
        targets["index"][:] = -1


def test_weights_and_several_inputs_are_looked_up_too(feed, sampler):
    weighted = feeds.sampled(feed, sampler, (x, y, weight))
    assert indices(weighted, 3) == sampler[0:3].tolist()
    assert next(feeds.batches(weighted))[2].tolist() == (sampler[0] / 2).tolist()
    named = feeds.sampled(feed, sampler, ({"a": x, "b": (x, y)}, {"mask": y}))
    inputs, targets, _ = next(feeds.batches(named))
    assert sorted(targets) == ["index", "mask"]
    assert inputs["b"][0][:, 0].tolist() == inputs["a"][:, 0].tolist() == sampler[0].tolist()


def test_a_function_looks_samples_up(feed, sampler):
    def look_up(index):
        cast = tf.cast(index, tf.float32) if feed == "tf_data" else index.astype("float32")
        return cast[:, None], index >= 29

    assert indices(feeds.sampled(feed, sampler, look_up), 4) == sampler[0:4].tolist()


def test_shards_deliver_the_batches_of_one_sequence(feed, sampler):
    shards = [BalancedSampler(STREAMS, BATCH_SIZE, seed=3, shard=(i, 2)) for i in range(2)]
    delivered = [indices(feeds.sampled(feed, shard, (x, y)), 5) for shard in shards]
    assert [batch for pair in zip(*delivered, strict=True) for batch in pair] == (
        sampler[0:10].tolist()
    )


def test_fit_trains_on_every_sample_in_one_pass_of_the_majority(feed, sampler):
    report = assert_sound(
        lambda: feeds.sampled(feed, sampler, (x, y)),
        steps_per_epoch=STEPS_PER_EPOCH,
        epochs=EPOCHS,
        streams=STREAMS,
        min_coverage=1.0,
    )
    assert (report.verdict, report.agrees) == ("resumes", True)
    majority = report.streams["majority"]
    assert (majority.exposures.min(), majority.exposures.max()) == (1, 2)  # 32 of 29
    assert majority.epochs_until_all == 2


def test_a_second_fit_resumes_by_the_number_of_steps_trained(feed, sampler, tmp_path):
    """Two runs of one epoch each, begun where the one before ended, are one run of two."""
    logs = []
    for start in (0, STEPS_PER_EPOCH):
        report = assert_sound(
            lambda start=start: feeds.sampled(feed, sampler, (x, y), start=start),
            steps_per_epoch=STEPS_PER_EPOCH,
            streams=STREAMS,
            log=tmp_path / str(start),
        )
        logs.append(report.streams["majority"].exposures)
    both = logs[0] + logs[1]
    assert (both.min(), both.sum()) == (1, 32)
    assert (logs[0].sum(), logs[0].max()) == (16, 1)


def test_a_model_knows_where_to_resume(feed, sampler):
    """Its optimizer has counted the steps trained, whatever was read ahead."""
    import keras

    import epochwatch

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    watched, trained = epochwatch.watch(model), []
    for _ in range(3):
        start = int(model.optimizer.iterations)
        resumed = feeds.sampled(feed, sampler, (x * 0, y), start=start)
        watched.fit(resumed, steps_per_epoch=STEPS_PER_EPOCH, verbose=0)
        trained.append(start)
    assert trained == [0, 2, 4]
    assert int(model.optimizer.iterations) == 6


@pytest.mark.parametrize("workers", [1, 3])
def test_workers_of_a_py_dataset_change_nothing(sampler, workers):
    trained = assert_sound(
        lambda: feeds.sampled("py_dataset", sampler, (x, y), workers=workers),
        steps_per_epoch=4,
        streams=STREAMS,
        min_coverage=1.0,
    )
    steps = sampler[0:4].ravel()
    counted = np.bincount(steps[steps < 29], minlength=29)
    assert (trained.streams["majority"].exposures == counted).all()


def test_a_py_dataset_says_that_it_has_no_end(sampler):
    facts = feeds.describe(feeds.sampled("py_dataset", sampler, (x, y), workers=2))
    assert facts[:3] == ("py_dataset", None, True)
    assert facts.workers == 2


def test_a_tf_data_says_that_it_has_no_end_and_its_shapes(sampler):
    dataset = feeds.sampled("tf_data", sampler, (x, y))
    assert dataset.cardinality() == tf.data.INFINITE_CARDINALITY
    assert dataset.element_spec[0].shape == (BATCH_SIZE, 1)
    assert dataset.element_spec[1]["index"] == tf.TensorSpec((BATCH_SIZE,), tf.int64)


@pytest.mark.parametrize("taken", [1, 3, 300])
def test_an_iterator_of_tf_data_is_kept_in_a_checkpoint(sampler, tmp_path, taken):
    dataset = feeds.sampled("tf_data", sampler, (x, y))
    iterator = iter(dataset)
    for _ in range(taken):
        next(iterator)
    path = tf.train.Checkpoint(iterator=iterator).save(tmp_path / "checkpoint")
    restored = iter(feeds.sampled("tf_data", sampler, (x, y)))
    tf.train.Checkpoint(iterator=restored).restore(path)
    assert next(restored)[1]["index"].numpy().tolist() == sampler[taken].tolist()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("generator", (x, y)), "feed: got 'generator', allowed: one of tf_data, py_dataset"),
        (
            ("py_dataset", (x[:30], y[:30])),
            "samples: got 30 rows, allowed: a row for every index of the sampler, up to 33",
        ),
        (("py_dataset", (x, y[:30])), "samples: got 34 and 30 rows"),
        (("py_dataset", x), "samples: got ndarray, allowed: (x, y[, sample_weight]) of arrays"),
        (("tf_data", (x,)), "samples: got tuple, allowed"),
        (("py_dataset", (x, y), -1), "start: got -1, allowed: a whole number, 0 to"),
        (("tf_data", (x, y), 2**63), "start: got 9223372036854775808"),
        (("py_dataset", (x, {"index": y})), 'with_index: got targets that already have an "index"'),
    ],
)
def test_bad_input_is_told_in_one_line(sampler, arguments, told):
    feed, *rest = arguments
    with pytest.raises(BadInput) as caught:
        next(feeds.batches(feeds.sampled(feed, sampler, *rest)))
    assert str(caught.value).startswith(told)
    assert "\n" not in str(caught.value)


def test_what_is_no_sampler_is_refused():
    with pytest.raises(BadInput, match="sampler: got list, allowed: a BalancedSampler"):
        feeds.sampled("py_dataset", [[1]], (x, y))


def test_a_function_must_return_targets(feed, sampler):
    with pytest.raises(BadInput, match="samples: got a batch without targets"):
        next(feeds.batches(feeds.sampled(feed, sampler, lambda index: (index,))))
