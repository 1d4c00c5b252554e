"""The fingerprint once more: slowly, in whole numbers, without any array arithmetic."""

import struct

import numpy as np

WHOLE = 2**64


def splitmix64(state):
    """Return the output of splitmix64 for a state that has been stepped."""
    z = state % WHOLE
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % WHOLE
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % WHOLE
    return z ^ (z >> 31)


def multiplier(place, which, column):
    """Make the odd number of a word."""
    return splitmix64((2 * (place + 2**32 * column) + which + 1) * 0x9E3779B97F4A7C15) | 1


def words_of(values):
    """Write numbers as words: wide integers a word each, all else as packed little-endian bytes."""
    if values.dtype.kind in "iu" and values.dtype.itemsize > 1:
        return [int(value) % WHOLE for value in values]
    if values.dtype.itemsize == 1:
        packed = bytes(int(value) % 256 for value in values)
    else:
        packed = b"".join(struct.pack("<f", value) for value in values.astype(np.float32))
    packed += bytes(-len(packed) % 8)
    return [int.from_bytes(packed[at : at + 8], "little") for at in range(0, len(packed), 8)]


def fingerprint(*columns):
    """Identify one sample: `columns` are what it is made of."""
    total = 0
    for number, column in enumerate(columns):
        for place, word in enumerate(words_of(np.ravel(column))):
            folded = word * multiplier(place, 0, number) % WHOLE
            total += (folded ^ (folded >> 32)) * multiplier(place, 1, number)
    return (total + 2**63) % WHOLE - 2**63


def label_of(y):
    """Read the class of one sample; None for none."""
    numbers = [float(np.float32(v)) if y.dtype.kind not in "biu" else int(v) for v in np.ravel(y)]
    if y.ndim > 1 or not numbers:
        return None
    if len(numbers) > 1:
        ones = [place for place, number in enumerate(numbers) if number == 1]
        return ones[0] if len(ones) == 1 and numbers.count(0) == len(numbers) - 1 else None
    [number] = numbers
    if isinstance(number, int):
        return (number + 2**63) % WHOLE - 2**63
    return int(number) if number.is_integer() and abs(number) < 2**62 else None
