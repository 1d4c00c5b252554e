"""Where feeds of a sampler come from, so that the same feed can be made again from another step.

The feed itself is the key, and is not kept alive: what is made of it afterwards, `feed.map(…)` of
a tf.data.Dataset for one, has no origin, for nobody knows what it delivers at which step.
"""

import copy
import dataclasses
import weakref
from collections.abc import Callable
from typing import Any

from epochwatch._checks import whole_number
from epochwatch._samplers import BalancedSampler
from epochwatch._samplers.arguments import LARGEST_STEP

_ORIGINS = weakref.WeakKeyDictionary()


@dataclasses.dataclass(frozen=True)
class SampledOrigin:
    """What a feed of `feeds.sampled` was made from.

    Attributes:
        sampler: says which samples.
        start: step of the sampler that comes first in the feed.
        make_feed: makes the feed that begins at a step, at the same cost for any step. It must not
            hold a feed, which would then live as long as its origin: for ever.
    """

    sampler: BalancedSampler
    start: int
    make_feed: Callable[[int], Any]

    def at(self, step: int) -> Any:
        """Make the same feed beginning at another step of the sampler."""
        step = whole_number("start", step, 0, LARGEST_STEP)
        feed = self.make_feed(step)
        _ORIGINS[feed] = dataclasses.replace(self, start=step)
        return feed

    def state(self, trained: int) -> dict[str, int]:
        """Return the sampler's state after so many batches of the feed have been trained."""
        return self.sampler.state_dict(step=self.start + trained)

    def step_of(self, state: dict[str, int]) -> int:
        """Check that a state is of this sampler, whatever its shard, and return its step."""
        reader = copy.copy(self.sampler)
        reader.load_state_dict(state)
        return reader.step


def origin_of(feed: Any) -> SampledOrigin | None:
    """Return where a feed of `feeds.sampled` comes from; None for any other."""
    try:
        return _ORIGINS.get(feed)
    except TypeError:  # unhashable, or nothing can refer to it weakly, such as a tuple of arrays
        return None
