"""What an epoch trained is the same after it was written and read."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from epochwatch_lab._atlas.batches_text import batches_of, text_of

WHOLE = st.integers(0, 99).map(lambda number: [2 * number, 2 * number + 1])
BATCHES = st.lists(WHOLE | st.lists(st.integers(0, 40), max_size=3), max_size=12)


@given(BATCHES)
@example([])
@example([[]])
@example([[2, 3], [0, 1], [2, 3], [4, 5], [4, 5]])
@example([[1, 2], [3, 4]])
def test_batches_are_read_as_they_were_written(batches):
    assert batches_of(text_of(batches)) == batches


def test_a_pass_in_order_is_one_range_however_long():
    in_order = [[2 * number, 2 * number + 1] for number in range(100)]
    assert text_of(in_order) == "0-99"
    assert text_of(in_order[7:8]) == "7"
    assert text_of(reversed(in_order[:3])) == "2 1 0"


@pytest.mark.parametrize("text", ["1-", "a", "(1", "1,2", "--", "0-4,5"])
def test_what_is_no_such_text_is_refused(text):
    with pytest.raises(ValueError, match="allowed"):
        batches_of(text)
