"""A made-up satellite scene, of which any patch can be had without the others.

A pixel is a function of seed, row, column and band, so patches that overlap agree where they do,
and an export of any size is made a few patches at a time.
"""

import math
from typing import NamedTuple

import numpy as np

from epochwatch._splitmix import INCREMENT, MIXING

LABEL_BAND = "landcover"
BRIGHT, RELIEF, NOISE = 0.3, 0.08, 0.1  # reflectance: mean, swing of the terrain, noise to ±
SIGNATURE = 0.03  # by which the rare class is brighter or darker, half a standard deviation of it
TERRAIN = (40.0, 55.0)  # pixels to a radian, down and across
VALUES_AT_ONCE = 2**21


class Scene(NamedTuple):
    """Patches side by side, in rows; a few of them hold a blob of the rare class.

    Attributes:
        patches: how many.
        minority: int64, the numbers of those with the rare class, ascending.
        bands: spectral bands; the label is one more.
        patch: pixels along an edge of a patch, without its margin.
        kernel: pixels by which a patch overlaps its neighbours, half of them on each side.
        seed: of everything.
    """

    patches: int
    minority: np.ndarray
    bands: int
    patch: int
    kernel: int
    seed: int

    @classmethod
    def from_sizes(cls, patches: int, ratio: int, bands: int, patch: int, kernel: int, seed: int):
        """Choose the patches with the rare class: one to `ratio` others, and at least one.

        Example:
            >>> Scene.from_sizes(31, ratio=9, bands=2, patch=8, kernel=2, seed=0).minority
            array([1, 3, 9])
        """
        rare = max(1, round(patches / (ratio + 1)))
        random = np.random.default_rng([seed, patches])
        minority = np.sort(random.choice(patches, rare, replace=False)).astype(np.int64)
        return cls(patches, minority, bands, patch, kernel, seed)

    @property
    def columns(self) -> int:
        """Patches in a row."""
        return math.isqrt(self.patches - 1) + 1

    @property
    def size(self) -> int:
        """Pixels along an edge of a patch, with its margin."""
        return self.patch + self.kernel

    @property
    def at_once(self) -> int:
        """Patches to make at a time, so that memory is bounded whatever their size."""
        return max(1, VALUES_AT_ONCE // (self.bands * self.size**2))

    def pixels(self, numbers: np.ndarray) -> np.ndarray:
        """Make some patches.

        Args:
            numbers: int64 (n,), which.

        Returns:
            float32 (n, bands + 1, size, size): the bands, and the label, 1 for the rare class.
        """
        reach = np.arange(self.size) - self.kernel // 2
        rows, columns = (
            (place * self.patch)[:, None] + reach for place in np.divmod(numbers, self.columns)
        )
        label = self._label(numbers)
        made = np.empty((len(numbers), self.bands + 1, self.size, self.size), np.float32)
        made[:, :-1] = self._noise(rows, columns)
        made[:, :-1] += self._terrain(rows, columns)
        made[:, :-1] += label[:, None] * self._signature()[:, None, None]
        made[:, -1] = label
        return made

    def _label(self, numbers: np.ndarray) -> np.ndarray:
        """Draw a disc in each patch that has one, clear of its neighbours' margins."""
        label = np.zeros((len(numbers), self.size, self.size), np.float32)
        most = max(1, (self.patch - self.kernel) // 8)
        for place in np.flatnonzero(np.isin(numbers, self.minority)):
            random = np.random.default_rng([self.seed, 1, numbers[place]])
            radius = random.integers(1, most, endpoint=True)
            clear = self.kernel + radius  # half a kernel is the margin, half the neighbour's
            middle = random.integers(clear, self.size - clear, size=2)
            row, column = (np.arange(self.size) - at for at in middle)
            label[place] = row[:, None] ** 2 + column**2 <= radius**2
        return label

    def _noise(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Draw from -NOISE to NOISE for every pixel and band: float32 (n, bands, size, size)."""
        place = (rows[:, :, None] << 24) + columns[:, None, :]
        place = place[:, None].astype(np.uint64) * np.uint64(self.bands)
        mixed = place + np.arange(self.bands, dtype=np.uint64)[:, None, None]
        mixed += np.uint64(self.seed + 1)  # and not 0, of which the hash is 0
        mixed *= np.uint64(INCREMENT)
        for shift, multiplier in MIXING:
            mixed ^= mixed >> np.uint64(shift)
            mixed *= np.uint64(multiplier)
        high = (mixed >> np.uint64(40)).astype(np.float32)
        high *= np.float32(2 * NOISE / 2**24)
        high -= np.float32(NOISE)
        return high

    def _terrain(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        phase = np.arange(self.bands)[:, None]
        down = np.sin(rows[:, None] / TERRAIN[0] + phase)
        across = np.cos(columns[:, None] / TERRAIN[1] - phase)
        relief = down[..., None].astype(np.float32) * across[:, :, None].astype(np.float32)
        relief *= np.float32(RELIEF)
        relief += np.float32(BRIGHT)
        return relief

    def _signature(self) -> np.ndarray:
        """By how much the rare class differs in each band, the same in all scenes."""
        signs = np.random.default_rng(self.bands).choice([-1, 1], self.bands)
        return (SIGNATURE * signs).astype(np.float32)
