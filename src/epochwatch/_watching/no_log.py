"""What stands in the place of a log where none is kept."""

from epochwatch.errors import BadInput


class NoLog:
    """Takes what a `ResumableWriter` takes, and keeps none of it."""

    folder = None
    batches = 0

    def __init__(self):
        self.metadata = {}

    def open(self) -> None:
        """Begin nothing."""

    def append(self, *exposures) -> None:
        """Keep nothing."""

    def flush(self) -> None:
        """Write nothing."""

    def fail(self, reason: str) -> None:
        """Note nothing."""

    def close(self, interruption: str | None = None) -> None:
        """End nothing."""

    def claim(self, owner: str) -> None:
        """Belong to nobody."""

    def cut_back(self, state: dict | None) -> None:
        """Refuse a checkpoint of a training that kept a log."""
        if state is not None:
            raise BadInput(
                f"log: got none, but the checkpoint goes on with the log {state['folder']!r}; "
                "give that one, or another folder of checkpoints"
            )

    def state(self) -> None:
        """Return that there is none."""

    def sync(self, state: None) -> bool:
        """Wait for nothing."""
        return True

    def go_on(self, batches: int) -> None:
        """Go on with nothing."""
