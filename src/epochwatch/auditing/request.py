"""What `fit` is asked for in an audit."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Request:
    """What `fit` is asked for.

    Attributes:
        epochs: of each call.
        steps_per_epoch: None for one pass of the feed.
        steps_per_execution: as of `compile`.
        fits: how often `fit` is called, with the same feed object.
        batch_size: of arrays.
        options: further arguments of `fit`.
    """

    epochs: int = 1
    steps_per_epoch: int | None = None
    steps_per_execution: int = 1
    fits: int = 1
    batch_size: int | None = None
    options: dict = dataclasses.field(default_factory=dict)
