"""What is packed comes back the same, type by type and bit by bit, or is refused by its place."""

import enum
import io
import struct
from collections import OrderedDict, defaultdict, deque, namedtuple

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from epochwatch._resuming.plain_values import (
    CannotKeep,
    pack,
    unpack,
)
from epochwatch._resuming.state_files import write_arrays

EXTRA_DTYPES = [
    np.dtype(getattr(ml_dtypes, name))
    for name in ("bfloat16", "float8_e4m3fn", "float8_e5m2", "float4_e2m1fn", "int4", "uint2")
]


def anatomy(value):
    """Describe a value so that two descriptions are equal only if nothing differs."""
    kind = type(value)
    if kind is float:
        return kind, struct.pack(">d", value)
    if kind in (list, tuple):
        return kind, [anatomy(item) for item in value]
    if kind in (set, frozenset):
        return kind, sorted(repr(anatomy(item)) for item in value)
    if kind is deque:
        return kind, value.maxlen, [anatomy(item) for item in value]
    if kind is dict:  # its order too
        return kind, [(anatomy(key), anatomy(item)) for key, item in value.items()]
    if isinstance(value, (np.ndarray, np.generic)):
        array = np.asarray(value)
        return kind, array.dtype, array.dtype.name, array.shape, array.tobytes()
    return kind, value


def through_file(arrays):
    """Give what NumPy, which is told to unpickle nothing, reads of a file of the arrays."""
    file = io.BytesIO()
    write_arrays(file, arrays)
    return dict(np.load(io.BytesIO(file.getvalue()), allow_pickle=False))


def of_bits(dtype):
    """Make arrays of a dtype of ml_dtypes of any bits, NaN and infinities among them."""
    most = 255 if dtype.itemsize == 1 and "float8" in dtype.name else 3
    bits = st.lists(st.integers(0, 2**16 - 1 if dtype.itemsize == 2 else most), max_size=4)
    return bits.map(lambda values: np.array(values, f"u{dtype.itemsize}").view(dtype))


plain_dtypes = st.one_of(
    st_numpy.scalar_dtypes(),
    st_numpy.byte_string_dtypes(),
    st_numpy.unicode_string_dtypes(),
)
arrays = st.one_of(
    st_numpy.arrays(
        st.one_of(plain_dtypes, st_numpy.array_dtypes(allow_subarrays=True)),
        st_numpy.array_shapes(min_dims=0, min_side=0, max_dims=3, max_side=3),
    ),
    st.sampled_from(EXTRA_DTYPES).flatmap(of_bits),
)
scalars = st.one_of(
    st_numpy.arrays(plain_dtypes, ()).map(lambda array: array[()]),
    st.sampled_from(EXTRA_DTYPES).flatmap(of_bits).filter(len).map(lambda array: array[0]),
)
hashables = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**80), 2**80),
        st.floats(),
        st.text(st.characters(), max_size=5),  # half characters too
        st.text("\ud83d\ude00", max_size=3),  # two halves that are not one character
        st.binary(max_size=5),
        st.sampled_from(["dict", "array", "scalar", "state", "array-0"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3).map(tuple), st.frozensets(inner)),
    max_leaves=4,
)
values = st.recursive(
    st.one_of(hashables, st.sets(hashables, max_size=3), arrays, scalars),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(hashables, inner, max_size=4),
        st.builds(deque, st.lists(inner, max_size=4), st.none() | st.integers(0, 5)),
    ),
    max_leaves=12,
)


@pytest.mark.filterwarnings("ignore:Stored array in format 3.0:UserWarning")
@given(values)
def test_every_value_comes_back_with_its_types_its_order_and_its_bits(value):
    before = anatomy(value)
    packed = pack(value)
    assert anatomy(unpack(through_file(packed))) == before
    assert anatomy(value) == before
    assert not any(array.dtype.hasobject for array in packed.values())


LOOK_ALIKES = [
    ["array", [0, None]],
    ["dict", []],
    {"array": 0, "float": "7ff8000000000000"},
    {"__class__": "os.system", "py/object": "x"},
    [["list", []], ("tuple", [])],
]


@pytest.mark.parametrize("value", LOOK_ALIKES, ids=repr)
def test_what_looks_like_a_node_is_kept_as_it_is(value):
    assert anatomy(unpack(pack(value))) == anatomy(value)


def test_integers_of_any_size():
    edges = [0, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 10**5000, -(10**5000)]
    assert unpack(pack(edges)) == edges


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("step", [1, 2, -1])
def test_arrays_in_any_layout(order, step):
    array = np.arange(24).reshape(4, 6).copy(order)[::step, ::step]
    back = unpack(through_file(pack(array)))
    np.testing.assert_array_equal(back, array)
    assert back.flags.writeable


def test_what_comes_back_is_not_what_was_packed():
    kept = {"inner": [1]}
    packed = pack(kept)
    kept["inner"].append(2)
    assert unpack(packed) == {"inner": [1]}


class Colour(enum.IntEnum):
    RED = 1


class Text(str):
    pass


class Masked(np.ndarray):
    pass


Pair = namedtuple("Pair", "a b")
CYCLE: list = []
CYCLE.append(CYCLE)
BROKEN_STRUCTURE = np.dtype([("a", "f4"), ("b", ml_dtypes.float8_e5m2)])
REFUSED = [
    ({"a": [0, {1: Colour.RED}]}, "['a'][1][1]", "Colour"),
    ((None, Pair(1, 2)), "[1]", "Pair"),
    ({"a": OrderedDict()}, "['a']", "collections.OrderedDict"),
    ([defaultdict(list)], "[0]", "collections.defaultdict"),
    ([[], Text("a")], "[1]", "Text"),
    ({Colour.RED: 1}, "[<Colour.RED: 1>] (its key)", "Colour"),
    (np.zeros(2).view(Masked), "", "Masked"),
    (np.ma.zeros(2), "", "MaskedArray"),
    ([np.array([None])], "[0]", "an array of object"),
    (np.zeros(2, [("a", "f4"), ("b", "O")]), "", "an array of "),
    (np.array(["a"], np.dtypes.StringDType()), "", "an array of StringDType"),
    (np.zeros(2, BROKEN_STRUCTURE), "", "an array of "),
    ([np.zeros(1, [("a", "f4")])[0]], "[0]", "a scalar of "),
    (print, "", "builtins.builtin_function_or_method"),
    (deque([1j]), "[0]", "builtins.complex"),
    ({"rng": np.random.default_rng(0)}, "['rng']", "numpy.random._generator.Generator"),
    (CYCLE, "[0]" * 20 + "…", "a value nested deeper than 100"),
]


@pytest.mark.parametrize(("value", "where", "kind"), REFUSED)
def test_what_cannot_be_kept_is_named_by_its_place_and_its_type(value, where, kind):
    with pytest.raises(CannotKeep) as refused:
        pack(value)
    assert refused.value.where == where
    assert kind in refused.value.kind
    assert str(refused.value).startswith(f"value{where}: got {refused.value.kind}, ")
    assert "\n" not in str(refused.value)


def test_as_deep_as_is_allowed_comes_back():
    value = ()
    for _ in range(100):
        value = {"below": value}
    assert unpack(through_file(pack(value))) == value
