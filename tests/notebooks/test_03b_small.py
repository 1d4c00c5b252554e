"""Notebook 03b with few epochs: with a seed, without one, and with bad parameters."""

import pytest

from epochwatch import ExposureLog
from epochwatch_lab.shuffling import epoch_orders
from tests.notebooks.conftest import run_cells

NAME = "03b_your_shuffle_may_not_shuffle"
SMALL = {"data": "spirals", "epochs": 3, "seed": 5}


@pytest.fixture(scope="module", params=[True, False], ids=["seeded", "unseeded"])
def made(request, tmp_path_factory):
    """Run the notebook once, with a seed and without, and say which it was."""
    import tensorflow as tf

    folder = tmp_path_factory.mktemp("small")
    with pytest.MonkeyPatch.context() as patched:
        # It can be set but once in a process, and other tests have run in this one.
        patched.setattr(tf.config.threading, "set_intra_op_parallelism_threads", lambda n: None)
        patched.delenv("EPOCHWATCH_ATTEMPT", raising=False)
        return request.param, run_cells(NAME, folder, seeded=request.param, **SMALL)


@pytest.mark.slow
def test_eight_rows_are_trained_once_an_epoch_in_one_order_or_in_three(made):
    seeded, written = made
    orders = epoch_orders(ExposureLog.read(written.folder / "eight_rows"))
    assert [sorted(order) for order in orders.tolist()] == [list(range(8))] * 3
    assert (orders[0].tolist() == orders[1].tolist() == orders[2].tolist()) == seeded


@pytest.mark.slow
def test_the_seed_decides_for_fit_and_not_for_the_sampler(made):
    seeded, written = made
    orders = {name: one["orders"] for name, one in written.findings["trainings"].items()}
    assert orders == {"fit": 1 if seeded else 3, "sampler": 3}
    audits = {name: one["findings"] for name, one in written.findings["audits"].items()}
    assert audits.pop("fit(shuffle=True)") == (["alike"] if seeded else [])
    assert list(audits.values()) == [[], []]


@pytest.mark.slow
def test_the_answer_is_about_this_run(made):
    seeded, written = made
    given = "With a seed set" if seeded else "Without TensorFlow's seed"
    told = "the same order in all 3 epochs" if seeded else "another order in each of 3 epochs"
    how = f"**{given}, Keras' `fit` on TensorFlow trained on arrays in {told}"
    assert written.answer.startswith(how)
    assert (written.folder / "figures" / "repeated_order.svg").stat().st_size > 1_000
    assert written.record["parameters"]["data"] == "spirals"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("data=cifar", "data: got 'cifar', allowed: one of mnist, spirals"),
        ("epochs=1", "epochs: got '1', allowed: an integer from 2 to 100"),
        ("seeded=perhaps", "seeded: got 'perhaps', allowed: True or False"),
        ("seeds=3", "did you mean seed?"),
    ],
)
def test_a_bad_parameter_is_one_line(given, told, refused):
    assert told in refused(NAME, given)
