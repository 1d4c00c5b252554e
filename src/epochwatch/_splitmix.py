"""The numbers and the mixing of SplitMix64, of which samplers and fingerprints are made.

Source:
    Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
"""

import numpy as np

INCREMENT = 0x9E3779B97F4A7C15
# A shift and the multiplier behind it, twice; then a last shift.
MIXING = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))
LAST_SHIFT = 31


def mix_in_place(value: np.ndarray) -> np.ndarray:
    """Mix the bits of each value, uint64, without another array; return the same array."""
    for shift, multiplier in MIXING:
        value ^= value >> np.uint64(shift)
        value *= np.uint64(multiplier)
    value ^= value >> np.uint64(LAST_SHIFT)
    return value
