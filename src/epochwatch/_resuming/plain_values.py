"""Python values as named arrays and JSON, and back: nothing is ever pickled or unpickled.

Kept are None, bool, int, float, str, bytes, list, tuple, set, frozenset, dict, deque, arrays and
scalars of NumPy, each of exactly this type, nested at will. What stands at two places is kept
twice: after `unpack` they are two objects.
"""

import json
import math
import struct
from collections import deque

import ml_dtypes
import numpy as np

SCALARS = (type(None), bool, int, float, str)  # what most settings are
STATE = "state"  # the array that holds the JSON
_DEEPEST = 100  # Python's JSON gives up at some 300; a value that contains itself has no end
_COLLECTIONS = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}


class CannotKeep(TypeError):
    """A value of a type that is not kept.

    Attributes:
        where: the place in the value that was packed, as Python writes it: `['log'][2]`.
        kind: the full name of its type, or what is wrong with it.
    """

    def __init__(self, where: str, kind: str):
        super().__init__(
            f"value{where}: got {kind}, which no checkpoint can keep; allowed: None, numbers, "
            "text, bytes, arrays, and lists, tuples, sets, deques and dictionaries of them"
        )
        self.where, self.kind = where, kind


def pack(value) -> dict[str, np.ndarray]:
    """Turn a value into named arrays. Those inside it are not copied.

    Raises:
        CannotKeep: something in it is of another type.

    Example:
        >>> sorted(pack({"best": 0.5, "weights": [np.zeros(3)]}))
        ['array-0', 'state']
    """
    arrays: list[np.ndarray] = []
    node = _Packer(arrays).node(value, "")
    # "surrogatepass": half a character, as in the name of a file that is no UTF-8, is kept too.
    text = json.dumps(node, ensure_ascii=False, allow_nan=False).encode("utf-8", "surrogatepass")
    named = {f"array-{number}": array for number, array in enumerate(arrays)}
    return {STATE: np.frombuffer(text, np.uint8), **named}


def unpack(arrays: dict[str, np.ndarray]):
    """Turn what `pack` made into the value again."""
    text = arrays[STATE].tobytes().decode("utf-8", "surrogatepass")
    return _Unpacker(arrays).value(json.loads(text))


class _Packer:
    """Makes a node of JSON of a value: a scalar of JSON, or a pair of its kind and content.

    As each list is such a pair, nothing in a user's value can look like one.
    """

    def __init__(self, arrays: list[np.ndarray]):
        self.arrays = arrays

    def node(self, value, where: str, depth: int = 0):
        if depth > _DEEPEST:
            raise CannotKeep(where[:60] + "…", f"a value nested deeper than {_DEEPEST}")
        kind = type(value)  # exactly: a namedtuple or an IntEnum would come back as something else
        if value is None or kind in (bool, str):
            return value
        if kind is float:  # NaN has payloads, which text has not
            return value if math.isfinite(value) else ["float", struct.pack(">d", value).hex()]
        if kind is int:  # JSON reads 4,300 digits
            return value if abs(value) < 2**63 else ["int", hex(value)]
        if kind is bytes:
            return ["bytes", self._number_of(np.frombuffer(value, np.uint8))]
        if kind in _COLLECTIONS.values():
            return [kind.__name__, self._items(value, where, depth)]
        if kind is deque:
            return ["deque", [value.maxlen, self._items(value, where, depth)]]
        if kind is dict:
            return ["dict", [self._pair(*pair, where, depth) for pair in value.items()]]
        if kind is np.ndarray:
            return ["array", self._array(value, where)]
        if isinstance(value, np.generic) and kind is np.asarray(value).dtype.type:
            return ["scalar", self._scalar(np.asarray(value), where)]
        raise CannotKeep(where, f"{kind.__module__}.{kind.__qualname__}")

    def _items(self, values, where: str, depth: int) -> list:
        return [self.node(v, f"{where}[{place}]", depth + 1) for place, v in enumerate(values)]

    def _pair(self, key, value, where: str, depth: int) -> list:
        below = f"{where}[{_short(key)}]"
        return [self.node(key, f"{below} (its key)", depth + 1), self.node(value, below, depth + 1)]

    def _number_of(self, array: np.ndarray) -> int:
        self.arrays.append(array)
        return len(self.arrays) - 1

    def _array(self, array: np.ndarray, where: str) -> list:
        name = _extra_name(array.dtype)
        if name is None:
            _check_dtype(array.dtype, where)
        else:  # .npy has no name for it
            array = array.view(f"u{array.dtype.itemsize}")
        return [self._number_of(array), name]

    def _scalar(self, scalar: np.ndarray, where: str) -> list:
        # Not an array of its own: a history may hold thousands.
        name = _extra_name(scalar.dtype)
        if name is None:
            _check_dtype(scalar.dtype, where)
            if scalar.dtype.names:
                raise CannotKeep(where, f"a scalar of {scalar.dtype}")
        return [name or scalar.dtype.str, scalar.tobytes().hex()]


class _Unpacker:
    """Makes the value of a node."""

    def __init__(self, arrays: dict[str, np.ndarray]):
        self.arrays = arrays

    def value(self, node):
        if not isinstance(node, list):
            return node
        kind, content = node
        if kind in _COLLECTIONS:
            return _COLLECTIONS[kind](self.value(item) for item in content)
        return getattr(self, f"_{kind}")(content)

    def _float(self, content: str) -> float:
        return struct.unpack(">d", bytes.fromhex(content))[0]

    def _int(self, content: str) -> int:
        return int(content, 16)

    def _bytes(self, number: int) -> bytes:
        return self.arrays[f"array-{number}"].tobytes()

    def _deque(self, content: list) -> deque:
        longest, items = content
        return deque((self.value(item) for item in items), longest)

    def _dict(self, content: list) -> dict:
        return {self.value(key): self.value(value) for key, value in content}

    def _array(self, content: list) -> np.ndarray:
        number, name = content
        array = self.arrays[f"array-{number}"]
        return array if name is None else array.view(_extra_dtype(name))

    def _scalar(self, content: list) -> np.generic:
        name, text = content
        dtype = _extra_dtype(name) if hasattr(ml_dtypes, name) else np.dtype(name)
        return np.ndarray((), dtype, bytes.fromhex(text))[()]


def _short(key) -> str:
    text = repr(key)
    return text if len(text) <= 40 else text[:39] + "…"


def _extra_name(dtype: np.dtype) -> str | None:
    """Name a dtype of ml_dtypes (bfloat16, float8_e5m2, …); None for NumPy's own."""
    return dtype.name if dtype.type.__module__ == "ml_dtypes" else None


def _extra_dtype(name: str) -> np.dtype:
    return np.dtype(getattr(ml_dtypes, name))


def _check_dtype(dtype: np.dtype, where: str) -> None:
    """Refuse what .npy would pickle, or bring back as another dtype."""
    forms = np.lib.format
    try:
        if not dtype.hasobject and forms.descr_to_dtype(forms.dtype_to_descr(dtype)) == dtype:
            return
    except TypeError:  # a dtype of ml_dtypes within a structured one
        pass
    raise CannotKeep(where, f"an array of {dtype}")
