"""How much of some streams has been trained so far, for the logs that Keras shows."""

import zlib
from collections.abc import Mapping

import numpy as np

from epochwatch._exposures.counts import StreamCoverage
from epochwatch.errors import BadInput

KEY = "coverage"


class StreamCoverages:
    """Streams, and which of their samples have been trained since.

    Args:
        streams: int64 array of a stream's indices, or a dictionary of such arrays.

    Example:
        >>> coverages = StreamCoverages({"even": np.array([4, 6])})
        >>> coverages.mark(np.array([4, 5]))
        >>> logs = {"loss": 0.1}
        >>> coverages.put_into(logs)
        >>> logs
        {'loss': 0.1, 'even_coverage': 0.5}
    """

    def __init__(self, streams):
        named = streams if isinstance(streams, Mapping) else {None: streams}
        self.by_key = {
            key_of(name): StreamCoverage(name or "given", array_of(name, stream))
            for name, stream in named.items()
        }

    def mark(self, index: np.ndarray) -> None:
        """Note that samples have been trained: int64 (samples,)."""
        for stream in self.by_key.values():
            stream.mark(index)

    def state(self) -> dict:
        """Return which samples have been trained: arrays that never change, by the logs' keys."""
        return {
            key: {"samples": zlib.crc32(stream.index), "trained": stream.trained.copy()}
            for key, stream in self.by_key.items()
        }

    def put_back(self, state: dict) -> None:
        """Go on from what `state` returned."""
        got, kept = self.state(), state
        if {k: v["samples"] for k, v in got.items()} != {k: v["samples"] for k, v in kept.items()}:
            raise BadInput(
                f"coverage_of: got streams for {', '.join(got) or 'none'}, but the checkpoint has "
                f"{', '.join(kept) or 'none'}, or other samples in them; give the same streams"
            )
        for key, stream in self.by_key.items():
            stream.trained[:] = kept[key]["trained"]

    def put_into(self, logs: dict | None) -> None:
        """Put the coverage of each stream, from 0 to 1, into the logs of an epoch."""
        for key, stream in self.by_key.items() if logs is not None else ():
            if key in logs:
                raise BadInput(
                    f"coverage_of: got a stream whose coverage would be {key!r}, a name that the "
                    "model's logs already have; give the stream another name"
                )
            logs[key] = float(stream.share())


def key_of(name) -> str:
    """Name the coverage of a stream, as Keras names the metric of an output."""
    if name is None:
        return KEY
    # TensorBoard takes what begins with "val_" for the validation's.
    if not isinstance(name, str) or not name or name.startswith("val_"):
        raise BadInput(
            f"coverage_of: got a stream named {name!r:.40}, allowed: a text that does not begin "
            "with 'val_'"
        )
    return f"{name}_{KEY}"


def array_of(name: str | None, stream) -> np.ndarray:
    try:
        return np.asarray(stream)
    except ValueError as error:  # rows of several lengths
        raise BadInput(
            f"coverage_of: got a stream{f' {name!r}' if name else ''} that is not an array "
            f"({error}), allowed: the integers that are its samples' indices"
        ) from error
