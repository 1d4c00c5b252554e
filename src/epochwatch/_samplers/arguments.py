"""The arguments of a sampler, checked: streams and shares."""

import math
import numbers
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from epochwatch._checks import whole_number
from epochwatch._samplers.permutation import LARGEST
from epochwatch.errors import BadInput

STREAMS = (
    "a sequence of int64 index arrays, the streams of one_vs_rest, a sequence of counts of "
    "samples, or a dictionary from names to one of these"
)
SHARES = "whole-number weights such as [1, 1, 2], or fractions that sum to 1, one per stream"

REMEDY = " samples; if you have labels, one_vs_rest makes streams of them"

# Beyond this a step may not fit into the int64 with which feeds count.
LARGEST_STEP = 2**62

# Fractions with larger denominators are taken for rounding: 0.333… is a third.
LARGEST_DENOMINATOR = 10**6


class Members(NamedTuple):
    """The samples of one stream.

    Attributes:
        samples: how many there are.
        index: int64 (samples,), the index of each; None where only their count was given.
        first: index of the first of them where only their count was given.
    """

    samples: int
    index: np.ndarray | None
    first: int = 0

    @property
    def highest(self) -> int:
        return self.first + self.samples - 1 if self.index is None else int(self.index.max())

    def at(self, position: np.ndarray) -> np.ndarray:
        """Return the indices at some positions, int64."""
        return position + self.first if self.index is None else self.index[position]


def members_of(streams: Any) -> dict[str, Members]:
    """Read streams in any of their forms, by name.

    Args:
        streams: as of `BalancedSampler`.

    Returns:
        The members of each stream; a stream without a name is called by its number.

    Raises:
        BadInput: they cannot be used.
    """
    named = _streams_by_name(streams)
    are_counts = [isinstance(stream, numbers.Integral) for stream in named.values()]
    if any(are_counts) and not all(are_counts):
        raise BadInput(f"streams: got counts and index arrays together, allowed: {STREAMS}")
    return _members_from_counts(named) if all(are_counts) else _members_from_arrays(named)


def _streams_by_name(streams: Any) -> dict[str, Any]:
    is_sequence = isinstance(streams, Sequence) and not isinstance(streams, (str, bytes))
    if not isinstance(streams, Mapping) and not is_sequence:
        raise BadInput(f"streams: got {type(streams).__name__}, allowed: {STREAMS}")
    if not len(streams):
        raise BadInput(f"streams: got none, allowed: {STREAMS}")
    if isinstance(streams, Mapping):
        return {str(name): stream for name, stream in streams.items()}
    # `Streams` of one_vs_rest is a named tuple: its sides keep their names.
    names = getattr(streams, "_fields", range(len(streams)))
    return dict(zip(map(str, names), streams, strict=True))


def _members_from_counts(counts: dict[str, Any]) -> dict[str, Members]:
    members, first = {}, 0
    for name, count in counts.items():
        samples = whole_number(f"streams: {name}", count, 1, LARGEST, REMEDY)
        members[name] = Members(samples, None, first)
        first += samples
    if first > LARGEST:
        raise BadInput(f"streams: got {first:,} samples together, allowed: up to {LARGEST:,}")
    return members


def _members_from_arrays(streams: dict[str, Any]) -> dict[str, Members]:
    arrays = {name: _checked_index_array(name, stream) for name, stream in streams.items()}
    for name, array in arrays.items():
        _check_unique(array, f"twice in {name}", "give each sample once")
    everything = next(iter(arrays.values()))
    if len(arrays) > 1:  # one alone needs no copy
        everything = np.concatenate(list(arrays.values()))
    _check_unique(everything, "in two of them", "give each sample to one stream")
    return {name: Members(len(array), array) for name, array in arrays.items()}


def _checked_index_array(name: str, stream: Any) -> np.ndarray:
    own = getattr(stream, "index", None)  # a list has a method of that name
    array = np.asarray(own if isinstance(own, np.ndarray) else stream)
    if not array.size:
        raise BadInput(
            f"streams: {name}: got no samples, allowed: one or more; leave this stream out"
        )
    if not (array.dtype.kind in "iu" and np.can_cast(array.dtype, np.int64) and array.ndim == 1):
        raise BadInput(
            f"streams: {name}: got {array.dtype} {array.shape}, allowed: int64 (samples,), the "
            "index of each sample; numpy.flatnonzero turns a mask into indices"
        )
    if array.min() < 0:
        raise BadInput(
            f"streams: {name}: got the index {array.min()}, allowed: 0 or more; give the row of "
            "each sample"
        )
    return array.astype(np.int64, copy=False)  # of int64 no copy: it may be gigabytes


def _check_unique(index: np.ndarray, where: str, remedy: str) -> None:
    # Ascending, as of most data: then there is nothing to sort.
    if (np.diff(index) > 0).all():
        return
    ordered = np.sort(index)
    again = ordered[1:][ordered[1:] == ordered[:-1]]
    if again.size:
        raise BadInput(
            f"streams: got index {again[0]} {where}, allowed: no index more than once; {remedy}"
        )


def slots_of(shares: Any, names: Sequence[str], batch_size: Any) -> list[int]:
    """Split a batch among the streams.

    Args:
        shares: as of `BalancedSampler`.
        names: of the streams.
        batch_size: samples in a batch.

    Returns:
        Samples of each stream, in the order of the streams; their sum is the batch size.

    Raises:
        BadInput: the shares cannot be used, or do not split the batch exactly.

    Example:
        >>> slots_of([1, 1, 2], "abc", 8), slots_of([0.75, 0.25], "ab", 8)
        ([2, 2, 4], [6, 2])
    """
    batch_size = whole_number("batch_size", batch_size, 1, LARGEST, " samples")
    weights = _weights_of(shares, names)
    least = sum(weights)
    if batch_size % least:
        below, above = batch_size - batch_size % least, batch_size - batch_size % least + least
        nearest = f"{below} or {above}" if below else f"{above}"
        ratio = ":".join(map(str, weights))
        raise BadInput(
            f"batch_size: got {batch_size}, which does not split exactly into {ratio}, allowed: "
            f"multiples of {least}; the nearest: {nearest}"
        )
    return [weight * batch_size // least for weight in weights]


def _weights_of(shares: Any, names: Sequence[str]) -> list[int]:
    """Return the shares as whole numbers without a common divisor."""
    if shares is None:
        return [1] * len(names)
    in_order = _shares_in_order(shares, names)
    fractions = [_as_fraction(share) for share in in_order]
    are_weights = all(isinstance(share, numbers.Integral) for share in in_order)
    if not are_weights and sum(fractions) != 1:
        raise BadInput(f"shares: got {in_order}, which sum to {float(sum(fractions)):g}; {SHARES}")
    # In whole numbers from here on: no batch size fails for a rounding error.
    common = math.lcm(*(fraction.denominator for fraction in fractions))
    weights = [int(fraction * common) for fraction in fractions]
    divisor = math.gcd(*weights)
    return [weight // divisor for weight in weights]


def _shares_in_order(shares: Any, names: Sequence[str]) -> list:
    if isinstance(shares, Mapping):
        shares = {str(name): share for name, share in shares.items()}
        if set(shares) != set(names):
            raise BadInput(
                f"shares: got {', '.join(shares)}, allowed: one for each of {', '.join(names)}"
            )
        return [shares[name] for name in names]
    if isinstance(shares, (str, bytes)) or not hasattr(shares, "__len__"):
        raise BadInput(f"shares: got {shares!r:.60}, allowed: {SHARES}")
    # NumPy's numbers become Python's, which `Fraction` takes.
    values = [getattr(share, "item", lambda share=share: share)() for share in shares]
    if len(values) != len(names):
        raise BadInput(f"shares: got {len(values)} for {len(names)} streams, allowed: {SHARES}")
    return values


def _as_fraction(share: Any) -> Fraction:
    is_number = isinstance(share, numbers.Real) and not isinstance(share, bool)
    if not is_number or not math.isfinite(share) or share <= 0:
        raise BadInput(f"shares: got {share!r:.60}, allowed: numbers above 0; {SHARES}")
    return Fraction(share).limit_denominator(LARGEST_DENOMINATOR)
