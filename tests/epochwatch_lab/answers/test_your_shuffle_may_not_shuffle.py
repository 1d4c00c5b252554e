"""What notebook 03b answers, whichever way it came out."""

import pytest

from epochwatch_lab.answers import your_shuffle_may_not_shuffle as words
from epochwatch_lab.shuffling import Evidence
from epochwatch_lab.strategies import Interval

EQUAL = {"MNIST": Interval(0.001, -0.003, 0.005, 40), "spirals": Interval(-0.001, -0.002, 0.0, 60)}
BETTER = {"MNIST": Interval(0.0123, 0.01, 0.02, 40), "spirals": Interval(0.001, -0.002, 0.004, 60)}
WORSE = {"MNIST": Interval(-0.02, -0.03, -0.01, 40), "spirals": Interval(0.01, 0.005, 0.015, 60)}
ONE = {"epochs": 4, "orders": 1, "never_trained": 0, "findings": ["alike"]}
NEW = {"epochs": 4, "orders": 4, "never_trained": 0, "findings": []}
LOSSY = {"epochs": 4, "orders": 4, "never_trained": 28, "findings": ["loses"]}


@pytest.mark.parametrize(
    ("orders", "epochs", "seeded", "given", "what", "short"),
    [
        (
            1,
            10,
            True,
            "With a seed set",
            "the same order in all 10",
            "1 order",
        ),
        (
            10,
            10,
            False,
            "Without TensorFlow's seed",
            "another order",
            "10 orders",
        ),
        (
            10,
            10,
            True,
            "With a seed set",
            "another order in each of 10",
            "10 orders",
        ),
        (
            3,
            5,
            True,
            "With a seed set",
            "only 3 different orders in 5",
            "3 orders",
        ),
    ],
)
def test_the_answer_begins_with_the_orders_of_this_run(orders, epochs, seeded, given, what, short):
    answer = words.answer(orders, epochs, seeded, EQUAL, {"fit": ONE})
    first = f"**{given}, Keras' `fit` on TensorFlow trained on arrays in {what}"
    assert answer.text.startswith(first)
    assert answer.text.count("**") == 2
    assert answer.short == f"{short} in {epochs} epochs"


@pytest.mark.parametrize(
    ("gains", "told"),
    [
        (
            EQUAL,
            "In 100 pairs of trainings that we made beforehand, on MNIST and spirals, repeating "
            "one order made no measurable difference in accuracy.",
        ),
        (
            BETTER,
            "In trainings that we made beforehand, a new order each epoch was 1.23 percentage "
            "points better on MNIST, and made no measurable difference on spirals.",
        ),
        (
            WORSE,
            "In trainings that we made beforehand, a new order each epoch was 2.00 percentage "
            "points worse on MNIST and 1.00 percentage points better on spirals.",
        ),
    ],
)
def test_the_cost_is_told_only_where_the_interval_excludes_zero(gains, told):
    assert words.cost(gains) == told


def test_the_advice_names_the_feeds_that_shuffled_and_lost_nothing():
    audits = {"fit": ONE, "Dataset.shuffle": NEW, "short": LOSSY, "BalancedSampler": NEW}
    advice = words.advice(audits)
    assert "a new order each epoch: `Dataset.shuffle` and `BalancedSampler`." in advice
    assert "`fit`" not in advice
    assert words.advice({"fit": ONE}).startswith("None of the feeds")


def test_tables_have_a_row_to_each_feed_and_each_training():
    audits = words.audits_table({"fit": ONE, "short": LOSSY})
    assert audits.rows == [
        ["`fit`", "1 in 4 epochs", 0, "alike"],
        ["`short`", "4 in 4 epochs", 28, "loses"],
    ]
    training = {"orders": 2, "epochs": 9, "accuracy": 0.5, "loss": 1.5}
    assert words.trainings_table({"fit": training}).rows == [["`fit`", "2 in 9 epochs", 0.5, 1.5]]


def test_the_cost_stands_beside_the_means_it_comes_from():
    runs = [
        {
            "task": "mnist",
            "seed": seed,
            "fit": {"accuracy": 0.5 + seed / 10, "loss": 1.0},
            "sampler": {"accuracy": 0.6 + seed / 10, "loss": 1.0},
        }
        for seed in range(3)
    ]
    table = words.cost_table(Evidence(runs), {"mnist": "MNIST"})
    assert [row[:4] for row in table.rows] == [
        ["MNIST, 3 seeds", "test accuracy", "0.6000", "0.7000"],
        ["MNIST, 3 seeds", "test loss", "1.0000", "1.0000"],
    ]
    assert [row[4].partition(" ")[0] for row in table.rows] == ["+0.1000", "+0.0000"]
    assert len(table.header) == 5


def measured(keras, backend, unseeded, same, **otherwise):
    """What `scripts/measure_orders.py` prints."""
    return {
        "keras": keras,
        "backend": backend,
        "measured": "2026-11-29",
        "alike": {"unseeded": unseeded, "seeded": True},
        "alike_otherwise": otherwise,
        "same_for_two_seeds": same,
    }


def test_a_version_says_what_it_does_without_a_seed_and_with_one_and_whether_it_heeds_it():
    old = measured("3.15.1", "tensorflow", False, False, py_dataset=True)
    new = measured("4.0", "jax", True, True, py_dataset=False)
    assert words.versions_table([old, new]).rows == [
        ["3.15.1", "tensorflow", "new each epoch", "**one order**", "used"],
        ["4.0", "jax", "**one order**", "**one order**", "ignored"],
    ]


def test_of_other_feeds_the_newest_version_is_told():
    old = measured("3.15.1", "tensorflow", False, False, py_dataset=True)
    on_jax = measured("4.0", "jax", True, True, py_dataset=False)
    on_tensorflow = measured("4.0", "tensorflow", True, True, py_dataset=False, tf_data=True)
    assert words.other_feeds([old, on_tensorflow, on_jax]) == (
        "On Keras 4.0, measured on 2026-11-29 with a seed, a `PyDataset` with `fit(shuffle=True)` "
        "had a new order in each epoch, and `Dataset.shuffle` repeated one order."
    )
    assert "repeated" not in words.other_feeds([old, on_jax])
