"""Which reproduction shows what the audit found in a cell.

A reproduction is a script of atlas/reproductions, with a page that says why. Whether there is
anything to show is the audit's to say; which one shows it is decided from the cell alone: of
several, the one that is the hardest to see.
"""

from collections.abc import Callable

from epochwatch._auditing.request import LOSES


def finding_of(cell: dict, release: str) -> str | None:
    """Name the reproduction of what was found in a cell; None where nothing was.

    Args:
        cell: as in a file of the atlas, without its finding.
        release: of Keras, as `files.known_as` names it.
    """
    if not findings_of(cell):
        return None
    elsewhere = NOT_OF.get(release, NOT_OF["tf_keras"] if release.startswith("tf") else ())
    return next(
        (name for name, shows in DEFECTS.items() if name not in elsewhere and shows(cell)), None
    )


def findings_of(cell: dict) -> list[str]:
    """List what the audit found; nothing of a cell that raised, which nobody overlooks."""
    return cell["observed"]["findings"] if cell["observed"] else []


def is_costly(cell: dict) -> bool:
    """Whether the audit found more than steps not made because the data had ended."""
    return bool(set(findings_of(cell)) - {"runs dry"})


def has_boundary(cell: dict, *verdicts: str, of_fits: bool | None = None) -> bool:
    """Whether a boundary has one of some verdicts: any, between two fits, or within one."""
    following = {
        (fit, epoch): epoch == len(epochs)
        for fit, epochs in enumerate(cell["trained"], start=1)
        for epoch in range(1, len(epochs) + 1)
    }
    return any(
        boundary["verdict"] in verdicts
        and of_fits in (None, following[boundary["after"]["fit"], boundary["after"]["epoch"]])
        for boundary in cell["observed"]["boundaries"]
    )


def starts_late(cell: dict) -> bool:
    """Whether the first batch trained is not the feed's first, where the feed has an order."""
    trained = next((batch for fit in cell["trained"] for epoch in fit for batch in epoch), None)
    return bool(trained) and trained[0] != 0 and not is_shuffled(cell)


def is_shuffled(cell: dict) -> bool:
    """Whether the order is drawn, by `fit` or by the feed."""
    drawn = ("shuffle", "sample_from_datasets", "rejection_resample")
    pipeline = cell["options"].get("pipeline", "")
    return bool(cell["options"].get("shuffle")) or pipeline.startswith(drawn)


def skips_first(cell: dict) -> bool:
    """Whether batches were passed over at no boundary: before the first one trained."""
    return bool(cell["observed"]["batches"]["passed_over"]) and not has_boundary(cell, "skips")


def trains_nothing(cell: dict) -> bool:
    """Whether an epoch made no step."""
    return 0 in cell["observed"]["steps"]["run"]


def overruns(cell: dict) -> bool:
    """Whether an epoch made more steps than asked."""
    return "overruns" in cell["observed"]["steps"]["findings"]


def has_workers(cell: dict) -> bool:
    """Whether a PyDataset's items are made by workers."""
    options = cell["options"]
    many = options.get("workers", 0) > 1 or options.get("use_multiprocessing", False)
    return cell["feed"] == "py_dataset" and many


def late_by_workers(cell: dict) -> bool:
    """Whether workers' first item is not trained, or later than others."""
    return has_workers(cell) and starts_late(cell)


DEFECTS: dict[str, Callable[[dict], bool]] = {
    "py_dataset_workers_never_train_first_batch": lambda cell: (
        late_by_workers(cell) and "endless" in cell["options"]
    ),
    "py_dataset_workers_train_one_batch_twice_another_never": late_by_workers,
    "first_batch_is_taken_to_build_the_model": lambda cell: starts_late(cell) or skips_first(cell),
    "sequence_starts_over_every_epoch": lambda cell: (
        cell["expected"]["rule"] == "Sequence recreated"
    ),
    "py_dataset_workers_start_over_at_epoch_ends": lambda cell: (
        has_workers(cell) and has_boundary(cell, "restarts", "skips", "replays", of_fits=False)
    ),
    "generator_replays_its_first_two_batches": lambda cell: (
        cell["feed"] == "generator" and has_boundary(cell, "replays")
    ),
    "generator_skips_between_fits": lambda cell: (
        cell["feed"] == "generator" and has_boundary(cell, "skips", of_fits=True)
    ),
    "every_other_epoch_trains_nothing": trains_nothing,
    "each_fit_starts_over": lambda cell: (
        has_boundary(cell, "restarts", of_fits=True) or LOSES in findings_of(cell)
    ),
    "steps_per_execution_overruns_the_epoch": overruns,
    "rounded_down_steps_cut_every_other_epoch": lambda cell: (
        "runs dry" in findings_of(cell) and cell["expected"]["rule"] in RAN_OUT
    ),
}
RAN_OUT = ("ends inside an epoch", "fit shuffles", "own order varies")
# Keras 2 ends the training where the data end, and says so; and in Keras 3.6 it is the building of
# the model that makes workers begin late.
NOT_OF = {
    "tf_keras": ("rounded_down_steps_cut_every_other_epoch", "every_other_epoch_trains_nothing"),
    "keras-3.6": ("py_dataset_workers_train_one_batch_twice_another_never",),
}
