"""A watched training ends as its unwatched twin, to the bit, however it is trained."""

import pytest

from tests.backends.conftest import backend_only
from tests.fuzz import twins
from tests.fuzz.twins import Twins, differences, random_twins

pytestmark = backend_only("tensorflow", "jax", "torch")
SMALL, MORE = 3, 9


@pytest.mark.parametrize("number", range(SMALL))
def test_watched_and_unwatched_twins_are_the_same_to_the_bit(number, tmp_path):
    assert differences(random_twins(number), tmp_path / "log") == [], random_twins(number)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(SMALL, MORE))
def test_more_watched_and_unwatched_twins_are_the_same_to_the_bit(number, tmp_path):
    assert differences(random_twins(number), tmp_path / "log") == [], random_twins(number)


def test_twins_that_differ_are_told_apart(tmp_path, monkeypatch):
    two = iter([Twins(seed=1), Twins(seed=2)])
    train = twins.trained
    monkeypatch.setattr(twins, "trained", lambda _, *log: train(next(two), *log))
    assert differences(Twins(seed=1), tmp_path / "log")


def test_twins_are_written_so_that_they_can_be_made_again():
    for number in range(300):
        made = random_twins(number)
        assert eval(repr(made), {"Twins": Twins}) == made
