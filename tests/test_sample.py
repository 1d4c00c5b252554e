"""What is tried where there is less time: each case on one of the backends that have it."""

import itertools

import pytest

from tests import sample
from tests.sample import SHARING, shared_calls, shared_out


@pytest.fixture
def _less_time(monkeypatch):
    monkeypatch.setattr(sample, "IS_WHOLE", False)


@pytest.mark.usefixtures("_less_time")
@pytest.mark.parametrize("count", [1, 2, 3, 9, 15, 34])
def test_each_case_is_of_one_of_the_backends(count):
    shares = [shared_out(range(count), backend) for backend in SHARING]
    assert sorted(itertools.chain(*shares)) == list(range(count))
    assert all(shares) == (count >= 3)


@pytest.mark.usefixtures("_less_time")
def test_of_as_many_steps_an_epoch_as_there_are_backends_each_epoch_has_another():
    for backend in SHARING:
        places = [divmod(step, 3) for step in shared_out(range(9), backend)]
        assert sorted(epoch for epoch, _ in places) == [0, 1, 2]
        assert sorted(step for _, step in places) == [0, 1, 2]


@pytest.mark.usefixtures("_less_time")
def test_another_keras_tries_all():
    assert shared_out("abc", "tf_keras") == ["a", "b", "c"]


@pytest.mark.usefixtures("_less_time")
def test_what_not_every_backend_has_is_tried_by_each_that_has_it(monkeypatch):
    own = {"torch": ["loader"], "jax": ["grain"], "tensorflow": []}
    tried = {}
    for backend in SHARING:
        monkeypatch.setattr(sample, "BACKEND", backend)
        pairs = list(itertools.product(["rows", *own[backend], "arrays"], ["once", "twice"]))
        tried[backend] = shared_calls(pairs, lambda feed, _: feed in ("rows", "arrays"))
        assert {pair for pair in pairs if pair[0] in own[backend]} <= set(tried[backend])
    everywhere = [pair for pairs in tried.values() for pair in pairs if pair[0][-1] == "s"]
    assert sorted(everywhere) == sorted(itertools.product(["rows", "arrays"], ["once", "twice"]))


def test_by_hand_all_is_tried(monkeypatch):
    monkeypatch.setattr(sample, "IS_WHOLE", True)
    assert all(shared_out("abcd", backend) == list("abcd") for backend in SHARING)
