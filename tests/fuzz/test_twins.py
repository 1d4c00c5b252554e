"""A watched training ends as its unwatched twin, to the bit, however it is trained."""

import pytest

from tests.fuzz.twins import Twins, differences, random_twins

SMALL = 8


@pytest.mark.parametrize("number", range(SMALL))
def test_watched_and_unwatched_twins_are_the_same_to_the_bit(number, tmp_path):
    twins = random_twins(number)
    assert differences(twins, tmp_path / "log") == [], twins


def test_twins_are_told_apart_where_they_differ(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.fuzz.twins.EPOCHS", 1)
    one, other = Twins(seed=1), Twins(seed=2)
    made = iter([one, other])
    monkeypatch.setattr(
        "tests.fuzz.twins.data_of", lambda _, real=__import__("tests.fuzz.twins", fromlist=["x"]).data_of: real(next(made))
    )
    assert differences(one, tmp_path / "log")
