"""What an audit costs: the notebook's balanced feed, 10 × 625 steps, three things by turns.

- the audit: `fit` with the probe, and the plain passes that show the feed's own order;
- the audited fit alone: what the first of these takes, making and tracing the probe included;
- the feed alone: as many batches taken in a graph, 125 a call, as training takes them. Of each
  batch every tensor is used, or the graph would leave out what makes it.

Each makes its feed anew within its time, as the audit must.
"""

import functools
import tempfile
import time
from pathlib import Path

import keras
import tensorflow as tf
from measure import all_by_turns, report, untuned

import epochwatch
import epochwatch_lab
from epochwatch import feeds
from epochwatch._auditing.feed import AuditedFeed, size_and_facts
from epochwatch._auditing.observe import AuditPlan, observe_training
from epochwatch._auditing.request import FitCall

ROUNDS = 11
BATCH_SIZE = 16
EPOCHS = 10
STEPS_PER_EPOCH = 625
STEPS_PER_EXECUTION = 125


def audit(make_feed) -> None:
    """Audit the feed."""
    result = epochwatch.audit(
        make_feed,
        epochs=EPOCHS,
        steps_per_epoch=STEPS_PER_EPOCH,
        steps_per_execution=STEPS_PER_EXECUTION,
    )
    assert result.verdict == "resumes"


def audited_fit(make_feed) -> None:
    """Run the fit of the audit alone."""
    call = FitCall(STEPS_PER_EPOCH, STEPS_PER_EXECUTION, EPOCHS)
    feed = make_feed()
    _, facts = size_and_facts(feed, call)
    plan = AuditPlan(
        keras=keras,
        feed=AuditedFeed(make_feed, {}),
        trained_feed=feed,
        call=call,
        batch_size=None,
        facts=facts,
        steps_asked=STEPS_PER_EPOCH,
        is_indexed=True,
        rows=BATCH_SIZE,
    )
    with tempfile.TemporaryDirectory() as folder:
        observe_training(plan, Path(folder) / "exposures", lambda steps: None)


@functools.cache
def taking(spec) -> tf.types.experimental.PolymorphicFunction:
    """Trace taking batches from an iterator."""

    @tf.function(input_signature=[spec])
    def take(iterator) -> tf.Tensor:
        total = tf.constant(0, tf.int64)
        for _ in tf.range(STEPS_PER_EXECUTION):
            images, targets = next(iterator)
            total += tf.cast(images[0, 0, 0], tf.int64) + targets["label"][0] + targets["index"][0]
        return total

    return take


def alone(make_feed) -> None:
    """Take the batches in a graph, and nothing else."""
    iterator = iter(make_feed())
    take = taking(iterator._type_spec)
    for _ in range(EPOCHS * STEPS_PER_EPOCH // STEPS_PER_EXECUTION):
        take(iterator).numpy()


def seconds_of(thing, make_feed) -> float:
    """Do one of the things."""
    begin = time.perf_counter()
    thing(make_feed)
    return time.perf_counter() - begin


def main():
    """Measure and report."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    streams = epochwatch_lab.one_vs_rest(*epochwatch_lab.load_mnist().train, positive=1)

    def make_feed() -> tf.data.Dataset:
        return untuned(feeds.balanced("tf_data", streams, BATCH_SIZE))

    things = {
        "the whole audit": audit,
        "the audited fit": audited_fit,
        "the feed alone, in a graph": alone,
    }
    turns = [functools.partial(seconds_of, thing, make_feed) for thing in things.values()]
    for turn in turns:
        turn()  # traces what is traced once
    whole, fit, feed = zip(things, all_by_turns(turns, ROUNDS), strict=True)
    report("audit_to_feed_alone", 3, whole, feed)
    report("audited_fit_to_feed_alone", 1.2, fit, feed)


if __name__ == "__main__":
    main()
