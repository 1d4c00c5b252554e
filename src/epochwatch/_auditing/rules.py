"""Why `fit` does what it does to a feed, each rule with where in Keras it is written."""

from typing import NamedTuple

from epochwatch._auditing.epoch_loop import Loop
from epochwatch._exposures.verdict import Verdict

KERAS_3 = "keras/src/trainers/epoch_iterator.py"
KERAS_2 = "tf_keras/src/engine/data_adapter.py"
ADAPTERS = "keras/src/trainers/data_adapters"


class Rule(NamedTuple):
    """Why something happens.

    Attributes:
        name: of the rule.
        why: one sentence.
        source: where in Keras it is written.
    """

    name: str
    why: str
    source: str


RULES = {
    rule.name: rule
    for rule in (
        Rule(
            "iterator kept",
            "with steps_per_epoch, fit keeps one iterator for all its epochs, so each epoch "
            "continues where the last one stopped",
            f"{KERAS_3}: EpochIterator._enumerate_iterator",
        ),
        Rule(
            "a pass an epoch",
            "without steps_per_epoch, every epoch is one complete pass of the feed",
            f"{KERAS_3}: EpochIterator._enumerate_iterator",
        ),
        Rule(
            "fit begins anew",
            "each call of fit makes a new iterator, so a feed that can be iterated again starts "
            "at its first batch",
            f"{KERAS_3}: EpochIterator.__init__",
        ),
        Rule(
            "ends inside an epoch",
            "the feed ends before an epoch has all its steps; that epoch stops there, and the "
            "next one starts a new pass",
            f"{KERAS_3}: EpochIterator.catch_stop_iteration",
        ),
        Rule(
            "whole executions",
            "Keras runs steps_per_execution steps at a time, and does not shorten the last "
            "execution of an epoch",
            f"{KERAS_3}: EpochIterator._enumerate_iterator",
        ),
        Rule(
            "generator read ahead",
            "fit takes batches from a generator ahead of training, and the next fit does not get "
            "those that were not trained",
            f"{ADAPTERS}/generator_data_adapter.py: GeneratorDataAdapter.get_tf_dataset",
        ),
        Rule(
            "peeked batches again",
            "once a generator has ended, Keras repeats the two batches that it had looked at to "
            "learn their shapes, and trains no others",
            f"{ADAPTERS}/generator_data_adapter.py: peek_and_restore",
        ),
        Rule(
            "fit shuffles",
            "shuffle=True, the default of fit, draws a new order for arrays and for a PyDataset "
            "that has a length",
            f"{ADAPTERS}/array_data_adapter.py, py_dataset_adapter.py",
        ),
        Rule(
            "drawn by a seed",
            "shuffle=True, the default of fit, draws the order of arrays inside a tf.data map; "
            "with a global seed, the drawing starts over with each iterator, so the order is the "
            "same each time",
            f"{ADAPTERS}/array_data_adapter.py: ArrayDataAdapter.get_tf_dataset",
        ),
        Rule(
            "traced once",
            "from Keras 3.16 on, shuffle=True, the default of fit, draws the order of arrays from "
            "the number of the epoch, which TensorFlow reads once: every epoch and every fit has "
            "the same order, with any seed",
            f"{ADAPTERS}/array_data_adapter.py: ArrayDataAdapter._tf_shuffle",
        ),
        Rule(
            "drawn by the epoch",
            "from Keras 3.16 on, shuffle=True, the default of fit, draws the order from the number "
            "of the epoch alone: every fit begins with the same orders again, with any seed",
            f"{ADAPTERS}/array_data_adapter.py, py_dataset_adapter.py: _epoch",
        ),
        Rule(
            "execution lost",
            "from Keras 3.16 on torch builds a model with the batches of a whole execution, and a "
            "generator does not give them again, but for the two that Keras looked at",
            f"{KERAS_3}: EpochIterator.__next__",
        ),
        Rule(
            "may shuffle itself",
            "the feed may change its order by itself, in a hook or by random numbers; an audit "
            "sees whether it does",
            "the feed",
        ),
        Rule("own order varies", "the feed itself changes its order in every pass", "the feed"),
        Rule(
            "worker queue",
            "workers fill a queue, which Keras empties at each epoch's end and fills from the "
            "first item again; timing decides what is trained",
            f"{ADAPTERS}/py_dataset_adapter.py: OrderedEnqueuer",
        ),
        Rule(
            "Sequence recreated",
            "Keras 2 makes a new iterator of a Sequence for every epoch",
            f"{KERAS_2}: KerasSequenceAdapter.should_recreate_iterator",
        ),
        Rule(
            "training ends with the data",
            "Keras 2 ends the whole fit when the data end",
            f"{KERAS_2}: DataHandler.catch_stop_iteration",
        ),
        Rule(
            "Keras 2 keeps its iterator",
            "with steps_per_epoch, Keras 2 keeps one iterator for all epochs of a fit, and "
            "repeats arrays as often as there are epochs",
            f"{KERAS_2}: DataHandler.enumerate_epochs",
        ),
        Rule(
            "one epoch",
            "there is only one epoch, so there is no boundary",
            f"{KERAS_3}: EpochIterator.__iter__",
        ),
    )
}


def rule_of(judged: Verdict, loop: Loop, backend: str) -> Rule:
    if backend == "tf_keras":
        return RULES[rule_of_keras_2(judged, loop)]
    kept = "iterator kept" if loop.call.steps_per_epoch else "a pass an epoch"
    names = {
        "restarts": "fit begins anew",
        "skips": "generator read ahead",
        "replays": "peeked batches again",
        "reshuffles": "execution lost",
        "runs dry": "ends inside an epoch",
        "overruns": "whole executions",
        "resumes": kept,
    }
    return RULES[names.get(judged.verdict, "one epoch")]


def rule_of_keras_2(judged: Verdict, loop: Loop) -> str:
    if judged.verdict == "restarts":
        return (
            "Sequence recreated"
            if loop.recreated and loop.call.epochs_begun > 1
            else "fit begins anew"
        )
    names = {
        "skips": "generator read ahead",
        "runs dry": "training ends with the data",
        "replays": "training ends with the data",
        "resumes": "a pass an epoch" if loop.asks_for_a_pass() else "Keras 2 keeps its iterator",
    }
    return names.get(judged.verdict, "one epoch")
