"""How a script is trained."""

from typing import NamedTuple


class How(NamedTuple):
    """How a script is trained.

    Attributes:
        kind: "plain", "resumable", or "backup" for Keras' own BackupAndRestore.
        save_freq: of what keeps it.
        first: which of "watch" and "resumable" comes first; "alone" where nothing is watched.
        untried: of `resumable`.
    """

    kind: str = "resumable"
    save_freq: int | str = 1
    first: str = "watch"
    untried: bool = False

    @property
    def is_watched(self) -> bool:
        """Whether there is a log."""
        return self.first != "alone"


PLAIN, RESUMABLE, BACKUP = How("plain"), How(), How("backup")
