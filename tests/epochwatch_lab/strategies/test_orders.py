"""Orders of training, against what their names promise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochwatch_lab.strategies import STRATEGIES
from epochwatch_lab.strategies import _orders as orders

BALANCED = [name for name, strategy in STRATEGIES.items() if strategy.balanced]
SETTINGS = st.tuples(
    st.tuples(st.integers(1, 9), st.integers(1, 60)),  # sizes
    st.integers(1, 8).map(lambda half: 2 * half),  # batch
    st.integers(1, 40),  # steps
    st.integers(0, 99),  # seed
)


@given(SETTINGS, st.sampled_from(sorted(STRATEGIES)))
def test_an_order_is_rows_of_the_table_and_the_same_when_asked_again(setting, name):
    sizes, batch, steps, _ = setting
    rows = STRATEGIES[name].order(*setting)
    assert rows.shape == (steps, batch)
    assert rows.dtype == np.int64
    assert 0 <= rows.min() <= rows.max() < sum(sizes)
    assert np.array_equal(rows, STRATEGIES[name].order(*setting))


@given(SETTINGS, st.sampled_from(BALANCED))
def test_half_of_each_batch_is_of_the_minority(setting, name):
    sizes, batch, *_ = setting
    rows = STRATEGIES[name].order(*setting)
    assert ((rows < sizes[0]).sum(axis=1) == batch // 2).all()


@given(SETTINGS, st.sampled_from(["resume", "majority epoch"]))
def test_each_stream_is_gone_through_before_any_sample_comes_again(setting, name):
    sizes, *_ = setting
    rows = STRATEGIES[name].order(*setting).ravel()
    for size, of_stream in ((sizes[0], rows[rows < sizes[0]]), (sizes[1], rows[rows >= sizes[0]])):
        for begin in range(0, len(of_stream), size):
            a_pass = of_stream[begin : begin + size]
            assert len(set(a_pass.tolist())) == len(a_pass)


@given(SETTINGS)
def test_resuming_goes_through_a_stream_in_the_same_order_again(setting):
    sizes, *_ = setting
    rows = orders.resumed_order(*setting).ravel()
    for size, of_stream in ((sizes[0], rows[rows < sizes[0]]), (sizes[1], rows[rows >= sizes[0]])):
        assert np.array_equal(of_stream[size:], of_stream[:-size][: len(of_stream) - size])


@given(SETTINGS, st.integers(1, 20))
def test_restarting_is_the_beginning_of_resuming_again_and_again(setting, epoch):
    sizes, batch, steps, seed = setting
    begun = orders.resumed_order(sizes, batch, epoch, seed)
    rows = orders.restarted_order(sizes, batch, steps, seed, epoch)
    for step in range(steps):
        assert np.array_equal(rows[step], begun[step % epoch])


def test_34_rows_in_batches_of_16_restart_after_the_minority():
    """Ten of the minority take two steps of eight; 16 of the 24 others are ever seen."""
    rows = orders.restarted_order((10, 24), 16, steps=9, seed=0)
    assert len(set(rows[rows >= 10].tolist())) == 16
    assert len(set(rows[rows < 10].tolist())) == 10
    assert len(set(orders.resumed_order((10, 24), 16, 9, 0).ravel().tolist())) == 34


def test_a_tenth_is_a_tenth():
    rows = orders.tenth_restarted_order((10, 1_600), 16, steps=500, seed=0)
    assert len(set(rows[rows >= 10].tolist())) == 160


def test_drawing_leaves_out_what_theory_says_and_repeats():
    rows = orders.drawn_order((10, 5_000), 20, steps=500, seed=0)
    of_majority = rows[rows >= 10]
    assert len(of_majority) == 5_000
    assert len(set(of_majority.tolist())) / 5_000 == pytest.approx(1 - 1 / np.e, abs=0.02)


@given(SETTINGS)
def test_shuffling_takes_every_row_once_in_each_pass(setting):
    sizes, *_ = setting
    rows = orders.shuffled_order(*setting).ravel()
    for begin in range(0, len(rows), sum(sizes)):
        a_pass = rows[begin : begin + sum(sizes)]
        assert len(set(a_pass.tolist())) == len(a_pass)


@given(st.tuples(st.integers(1, 99), st.integers(1, 999)))
def test_weights_make_both_classes_weigh_the_same_and_a_sample_one_on_average(sizes):
    weight = STRATEGIES["class weights"].class_weight(sizes)
    assert sizes[0] * weight[1] == pytest.approx(sizes[1] * weight[0])
    assert sizes[0] * weight[1] + sizes[1] * weight[0] == pytest.approx(sum(sizes))
    assert STRATEGIES["resume"].class_weight(sizes) is None


def test_what_a_loss_takes_the_minority_to_be():
    shares = {name: one.trained_share((10, 90)) for name, one in STRATEGIES.items()}
    assert {name for name, share in shares.items() if share == 0.1} == {
        "plain shuffling",
        "focal loss",
    }
    assert set(shares.values()) == {0.1, 0.5}
