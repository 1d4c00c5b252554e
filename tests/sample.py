"""With SAMPLE=some, as in CI, each of some cases is tried on one of the backends only.

All of them on each backend take half an hour more.
"""

import os
from collections.abc import Sequence

BACKEND = os.environ.get("EPOCHWATCH_BACKEND", "tensorflow")
IS_WHOLE = os.environ.get("SAMPLE") != "some"
THREE = ("tensorflow", "jax", "torch")


def shared_out(cases: Sequence, backends: Sequence[str] = THREE, backend: str = BACKEND) -> list:
    """Return all cases, or those of this backend.

    Each is of one backend. Of as many in a row as there are backends, such as the steps of an
    epoch, each time other ones are of this backend.
    """
    if IS_WHOLE:
        return list(cases)
    count, place = len(backends), backends.index(backend)
    return [case for rank, case in enumerate(cases) if (rank + rank // count) % count == place]
