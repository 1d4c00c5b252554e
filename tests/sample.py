"""With SAMPLE=some, as in CI, what Keras 3's backends have in common is tried on one of them each.

And pages are looked at in two of four ways. For all of it CI has no time on a slow machine.
"""

import os
from collections.abc import Callable, Iterable, Sequence

BACKEND = os.environ.get("EPOCHWATCH_BACKEND", "tensorflow")
IS_WHOLE = os.environ.get("SAMPLE") != "some"
# Not tf_keras, which is another Keras. Torch, which compiles nothing, is given what is left over.
SHARING = ("torch", "tensorflow", "jax")


def shared_out(cases: Sequence, backend: str | None = None) -> list:
    """Return all cases, or those of this backend: each is of one of the backends.

    Of three in a row, such as the steps of an epoch, each time another one is of this backend.
    """
    backend = backend or BACKEND
    if IS_WHOLE or backend not in SHARING:
        return list(cases)
    count, place = len(SHARING), SHARING.index(backend)
    return [case for rank, case in enumerate(cases) if (rank + rank // count) % count == place]


def shared_calls(pairs: Iterable[tuple], is_everywhere: Callable) -> list[tuple]:
    """Return pairs of a feed and a call of `fit`, or those of this backend.

    Args:
        pairs: of this backend.
        is_everywhere: whether each backend has such a feed, and such a call of it; what not all of
            them have is of each that has it.
    """
    pairs = list(pairs)
    shared = shared_out([pair for pair in pairs if is_everywhere(*pair)])
    return [pair for pair in pairs if not is_everywhere(*pair) or pair in shared]
