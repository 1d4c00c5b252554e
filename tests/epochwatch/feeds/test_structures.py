"""Nested structures keep their nesting, whatever is done to their leaves."""

from collections import namedtuple

import numpy as np
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

from epochwatch.feeds._structures import as_numpy, leaves, map_leaves, outline

Pair = namedtuple("Pair", "first second")

nestings = st.recursive(
    st.none() | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.builds(Pair, inner, inner)
        | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(nestings)
def test_mapping_changes_leaves_only(structure):
    assert map_leaves(lambda leaf: leaf, structure) == structure
    doubled = map_leaves(lambda leaf: 2 * leaf, structure)
    assert list(leaves(doubled)) == [2 * leaf for leaf in leaves(structure)]
    assert outline(doubled) == outline(structure)


def test_a_named_tuple_stays_one():
    assert map_leaves(str, Pair(1, (2, None))) == Pair("1", ("2", None))


def test_lists_and_tuples_have_one_outline_and_so_have_keys_in_any_order():
    assert outline([1, {"b": 2, "a": 3}]) == outline((1, {"a": 2, "b": 3}))
    assert outline((1, None)) != outline((1,))


def test_numbers_and_texts_become_arrays_and_sparse_matrices_stay():
    assert as_numpy(3).dtype == np.int64
    assert as_numpy("a").shape == ()
    sparse = scipy.sparse.csr_array(np.eye(2))
    assert as_numpy(sparse) is sparse
