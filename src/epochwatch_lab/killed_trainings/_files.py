"""Where the processes of a training write, so that others find it."""

from pathlib import Path

from epochwatch_lab.killed_trainings._plan import BACKUP, UNDISTURBED

WEIGHTS, ENDED = "weights.npz", "ended.json"  # in the folder of a way


def log_folder(folder: Path, way: str, number: int) -> Path:
    """Name the exposure log of a process; a resumable training has one log for all of its own."""
    if way == UNDISTURBED:
        return folder / "exposures"
    # Within the folder of its way: of a run's own logs none may be cut off.
    return folder / way / (f"exposures_{number}" if way == BACKUP else "exposures")
