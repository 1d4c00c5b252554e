"""Which reproduction shows what a cell shows.

A reproduction is a script of atlas/reproductions, with a page that says why. A cell is linked to
the page whose `actual` it shows: of several, to the one that is the hardest to see.
"""

from collections.abc import Callable

from packaging.version import Version

from epochwatch._auditing.request import ALIKE, LOSES
from epochwatch_lab._atlas.cells import FIT
from epochwatch_lab._atlas.outcomes import DRAWN_AGAIN, NOTED, is_repeated, verdict_of
from epochwatch_lab._atlas.rows import DRAWN, HANGS
from epochwatch_lab._atlas.toy_feeds import BATCHES, ROWS

KERAS_2 = ("tf_keras", "tf-2")
SHUFFLED_HELPER = "image_dataset_from_directory"  # which does by default
WHERE_BUILT_FIRST = "keras-3.6"  # release
DRAWN_BY_EPOCH_SINCE = Version("3.16")


def finding_of(cell: dict, release: str) -> str | None:
    """Name the reproduction of what a cell shows; None where there is nothing to show.

    Args:
        cell: as in a file of the atlas, without its finding.
        release: of Keras, as `files.known_as` names it.
    """
    if cell["raised"]:
        defects = FAILURES
    elif cell["act"] != FIT:
        defects = OF_ACTS[cell["act"]]
    else:
        defects = UNJUDGED | (DEFECTS if findings_of(cell) else {})
    return next((name for name, shows in defects.items() if shows(cell, release)), None)


def findings_of(cell: dict) -> list[str]:
    """List what the audit found; nothing of a cell that raised, or that was not audited."""
    return cell["observed"]["findings"] if cell["observed"] else []


def is_keras_2(release: str) -> bool:
    return release.startswith(KERAS_2)


def draws_by_epoch(release: str) -> bool:
    """Whether the order of a shuffle follows from the epoch's number, as from Keras 3.16 on."""
    return not is_keras_2(release) and Version(release.partition("-")[2]) >= DRAWN_BY_EPOCH_SINCE


def boundaries_of_fits(cell: dict) -> list[str]:
    """List the verdicts of the boundaries between two fits."""
    return verdicts(cell, at_end=True)


def boundaries_of_epochs(cell: dict) -> list[str]:
    """List the verdicts of the boundaries between two epochs of a fit."""
    return verdicts(cell, at_end=False)


def verdicts(cell: dict, at_end: bool) -> list[str]:
    last = [len(epochs) for epochs in cell["trained"]]
    return [
        boundary["verdict"]
        for boundary in cell["observed"]["boundaries"]
        if (boundary["after"]["epoch"] >= last[boundary["after"]["fit"] - 1]) == at_end
    ]


def is_drawn(cell: dict) -> bool:
    """Whether the order is drawn, by `fit` or by the feed."""
    pipeline = cell["options"].get("pipeline", "")
    by_feed = pipeline.startswith(("shuffle", *DRAWN)) or pipeline == SHUFFLED_HELPER
    return bool(cell["options"].get("shuffle")) or by_feed


def begins_late(cell: dict, release: str) -> bool:
    """Whether the first row trained is not the feed's first, or batches before it were skipped."""
    trained = [batch for fit in cell["trained"] for epoch in fit for batch in epoch]
    is_late = bool(trained) and trained[0][0] != 0 and not is_drawn(cell)
    passed_over = cell["observed"]["batches"]["passed_over"]
    return is_late or (bool(passed_over) and "skips" not in verdicts_of(cell))


def verdicts_of(cell: dict) -> list[str]:
    return [boundary["verdict"] for boundary in cell["observed"]["boundaries"]]


def has_workers(cell: dict) -> bool:
    """Whether the items of a PyDataset come from a queue that workers fill."""
    options = cell["options"]
    many = options.get("workers", 0) > 1 or options.get("use_multiprocessing", False)
    return cell["feed"] == "py_dataset" and many


def lacks_the_batch_of_the_build(cell: dict, release: str) -> bool:
    """Whether workers' first batch was taken to build the model, and is trained late or never."""
    return has_workers(cell) and release != WHERE_BUILT_FIRST and begins_late(cell, release)


def lacks_the_first_batch(cell: dict, release: str) -> bool:
    """Whether any feed's first batch was taken to build the model, as up to Keras 3.6."""
    return release == WHERE_BUILT_FIRST and begins_late(cell, release)


def starts_over_every_epoch(cell: dict, release: str) -> bool:
    """Whether each epoch of a Sequence begins at its first item, or draws anew, as in Keras 2."""
    restarts = "restarts" in boundaries_of_epochs(cell)
    draws_anew = LOSES in findings_of(cell) and cell["fits"] == 1
    return is_keras_2(release) and cell["feed"] == "py_dataset" and (restarts or draws_anew)


def turns_back_at_epoch_ends(cell: dict, release: str) -> bool:
    """Whether an epoch goes on with what the workers' queue held, and not where it stopped."""
    turned = {"restarts", "skips", "replays"} & {*boundaries_of_epochs(cell)}
    # A queue that runs out within an epoch turns back there, and no boundary shows it.
    is_lost = cell["fits"] == 1 and LOSES in findings_of(cell)
    return has_workers(cell) and (bool(turned) or is_lost)


def replays_a_generator(cell: dict, release: str) -> bool:
    """Whether an epoch after a generator's end trains its first batches again, as since 3.7."""
    is_older = is_keras_2(release) or release == WHERE_BUILT_FIRST
    return cell["feed"] == "generator" and "replays" in verdicts_of(cell) and not is_older


def skips_between_fits(cell: dict, release: str) -> bool:
    """Whether a fit on a generator begins after batches that were read and not trained."""
    return cell["feed"] == "generator" and "skips" in boundaries_of_fits(cell)


def is_shuffled_by_fit(cell: dict) -> bool:
    """Whether `fit` was told to shuffle, and heeds it."""
    return cell["feed"] in ("arrays", "py_dataset") and bool(cell["options"].get("shuffle"))


def has_one_order(cell: dict, release: str) -> bool:
    """Whether all epochs of arrays have one order, seed or none, as from Keras 3.16 on."""
    epochs = [epoch for fit in cell["trained"] for epoch in fit]
    same = all(epoch == epochs[0] for epoch in epochs)
    return ignores_the_seed(cell, release) and cell["feed"] == "arrays" and same


def ignores_the_seed(cell: dict, release: str) -> bool:
    """Whether two fits have the same orders, as from Keras 3.16 on."""
    alike = ALIKE in findings_of(cell) and is_shuffled_by_fit(cell)
    return alike and draws_by_epoch(release)


def has_one_order_by_seed(cell: dict, release: str) -> bool:
    """Whether a seed gives arrays the same order twice."""
    return ALIKE in findings_of(cell) and bool(cell["seeded"]) and cell["feed"] == "arrays"


def has_one_order_by_grain(cell: dict, release: str) -> bool:
    """Whether a shuffled Grain dataset has the same order twice."""
    return ALIKE in findings_of(cell) and cell["feed"] == "grain_loader"


def starts_over_every_fit(cell: dict, release: str) -> bool:
    """Whether a second fit begins at the first batch, or leaves out what it would have reached."""
    is_lost = cell["fits"] > 1 and LOSES in findings_of(cell)
    return "restarts" in boundaries_of_fits(cell) or is_lost or has_equal_fits(cell)


def has_equal_fits(cell: dict) -> bool:
    """Whether a second fit trains what the first did, and the audit took its beginning for more."""
    first, *others = cell["trained"]
    return first in others and "replays" in verdicts_of(cell)


def trains_nothing(cell: dict, release: str) -> bool:
    """Whether an epoch made no step."""
    return 0 in cell["observed"]["steps"]["run"] and not is_keras_2(release)


def overruns(cell: dict, release: str) -> bool:
    """Whether an epoch made more steps than asked."""
    steps = cell["observed"]["steps"]
    return any(run > steps["asked"] for run in steps["run"])


def runs_dry(cell: dict, release: str) -> bool:
    """Whether an epoch made fewer steps than asked."""
    return "runs dry" in findings_of(cell)


def ends_with_the_data(cell: dict, release: str) -> bool:
    """Whether the training ended where the data did, as in Keras 2."""
    return is_keras_2(release) and runs_dry(cell, release)


def asks_for_more_than_a_pass(cell: dict, release: str) -> bool:
    """Whether more steps were asked for than a pass has."""
    batches = cell["options"].get("batches", BATCHES)
    return runs_dry(cell, release) and cell["observed"]["steps"]["asked"] > batches


def is_shuffled_in_mid_pass(cell: dict, release: str) -> bool:
    """Whether the hooks of a PyDataset shuffle it within a pass: a batch comes twice in it."""
    steps = [tuple(batch) for epoch in cell["trained"][0] for batch in epoch]
    first_pass = steps[:BATCHES]
    is_twice = len({*first_pass}) < len(first_pass)
    return "shuffled_in" in cell["options"] and not is_keras_2(release) and is_twice


Predicate = Callable[[dict, str], bool]

# An audit takes a drawn order as it comes, so that these have no finding.
UNJUDGED: dict[str, Predicate] = {"py_dataset_is_shuffled_in_mid_pass": is_shuffled_in_mid_pass}

DEFECTS: dict[str, Predicate] = {
    "py_dataset_workers_lose_the_batch_of_the_build": lacks_the_batch_of_the_build,
    "first_batch_is_taken_to_build_the_model": lacks_the_first_batch,
    "sequence_starts_over_every_epoch": starts_over_every_epoch,
    "py_dataset_workers_start_over_at_epoch_ends": turns_back_at_epoch_ends,
    "generator_replays_its_first_two_batches": replays_a_generator,
    "generator_skips_between_fits": skips_between_fits,
    "arrays_have_one_order_on_tensorflow": has_one_order,
    "order_ignores_the_seed": ignores_the_seed,
    "seeded_fit_shuffles_the_same_way_every_epoch": has_one_order_by_seed,
    "grain_shuffles_the_same_way_every_epoch": has_one_order_by_grain,
    "each_fit_starts_over": starts_over_every_fit,
    "every_other_epoch_trains_nothing": trains_nothing,
    "steps_per_execution_overruns_the_epoch": overruns,
    "keras_2_ends_the_training_with_the_data": ends_with_the_data,
    "more_steps_than_a_pass": asks_for_more_than_a_pass,
    "rounded_down_steps_cut_every_other_epoch": runs_dry,
}


def starts_over_when_restored(cell: dict, release: str) -> bool:
    """Whether a restored training begins at the first batch, or leaves rows out by its order."""
    is_by_seed = bool(cell["seeded"]) and not draws_by_epoch(release)
    is_repeated_in_a_fit = any(map(is_repeated, cell["trained"]))
    draws_again = ALIKE in findings_of(cell) and is_by_seed and not is_repeated_in_a_fit
    return "restarts" in boundaries_of_fits(cell) or LOSES in findings_of(cell) or draws_again


def rows_of_calls(cell: dict) -> list[list[int]]:
    """List the rows of each validation, or of each call of `evaluate` or `predict`, in order."""
    calls = next(cell[name] for name in NOTED if name in cell)
    return [[row for batch in call for row in batch] for call in calls]


def validates_on_the_first_two_again(cell: dict, release: str) -> bool:
    """Whether a later validation on a generator begins with its first two batches, then differs."""
    first, *others = rows_of_calls(cell)
    two = first[: 2 * ROWS]
    again = any(other[: 2 * ROWS] == two and other != first for other in others)
    return cell["feed"] == "generator" and again


def takes_what_the_queue_held(cell: dict, release: str) -> bool:
    """Whether validations or calls on a PyDataset with workers are of different batches."""
    first, *others = rows_of_calls(cell)
    return has_workers(cell) and any(other != first for other in others)


def takes_the_first_batch_late(cell: dict, release: str) -> bool:
    """Whether a call on a PyDataset with workers does not begin with the batch of the build."""
    return has_workers(cell) and rows_of_calls(cell)[0][:1] != [0]


def goes_on_to_validate(cell: dict, release: str) -> bool:
    """Whether a validation begins where the one before has stopped, as in Keras 3.6."""
    return release == WHERE_BUILT_FIRST and has_other_rows(rows_of_calls(cell), sorted)


def has_other_rows(calls: list[list[int]], seen_as: Callable) -> bool:
    """Whether a later call has as many rows as the first, and others."""
    first, *others = calls
    return any(len(o) == len(first) and seen_as(o) != seen_as(first) for o in others)


def skips_between_calls(cell: dict, release: str) -> bool:
    """Whether a second call on a generator begins after batches that were read and not taken."""
    first, second = rows_of_calls(cell)
    is_given_twice = bool(first and second)
    return cell["feed"] == "generator" and is_given_twice and second[0] > first[-1] + 1


def takes_other_rows(cell: dict, release: str) -> bool:
    """Whether a feed that is drawn anew gives other rows to each validation or call."""
    # Predictions come in the order of the rows; a loss does not depend on it.
    seen_as = list if cell["act"] == "predict" else sorted
    is_drawn_anew = cell["feed"] != "generator" and not has_workers(cell)
    return is_drawn_anew and has_other_rows(rows_of_calls(cell), seen_as)


def draws_the_same_again(cell: dict, release: str) -> bool:
    """Whether a random op draws in an epoch what it has drawn before."""
    return verdict_of(cell) == DRAWN_AGAIN


OF_CALLS: dict[str, Predicate] = {
    "py_dataset_workers_lose_the_batch_of_the_build": takes_the_first_batch_late,
    "py_dataset_workers_start_over_at_epoch_ends": takes_what_the_queue_held,
    "generator_skips_between_fits": skips_between_calls,
    "shuffled_feed_validates_on_other_rows": takes_other_rows,
}
OF_ACTS: dict[str, dict[str, Predicate]] = {
    "restore": {
        "restored_training_starts_over": starts_over_when_restored,
        "arrays_have_one_order_on_tensorflow": has_one_order,
        "order_ignores_the_seed": ignores_the_seed,
        "seeded_fit_shuffles_the_same_way_every_epoch": has_one_order_by_seed,
        "generator_replays_its_first_two_batches": replays_a_generator,
    },
    "validate": {
        "validation_goes_on_in_keras_3_6": goes_on_to_validate,
        "generator_replays_its_first_two_batches": validates_on_the_first_two_again,
        "py_dataset_workers_start_over_at_epoch_ends": takes_what_the_queue_held,
        "shuffled_feed_validates_on_other_rows": takes_other_rows,
    },
    "evaluate": OF_CALLS,
    "predict": OF_CALLS,
    "augment": {"random_op_in_a_map_draws_the_same_again": draws_the_same_again},
    # A loop takes a new iterator with each `for`: it begins again as any does in Python.
    "by_hand": {},
    "auto_execution": {},
}


def raises(*texts: str) -> Predicate:
    """Make a predicate: whether what was raised says one of some texts."""
    return lambda cell, release: any(text in cell["raised"] for text in texts)


def takes_no_auto(cell: dict, release: str) -> bool:
    """Whether `steps_per_execution="auto"` raises what does not name it."""
    return cell["act"] == "auto_execution" and cell["raised"].startswith("TypeError")


def hangs_on_keras_3(cell: dict, release: str) -> bool:
    """Whether a PyDataset's workers have left `fit` waiting."""
    return cell["raised"].startswith(HANGS) and has_workers(cell) and not is_keras_2(release)


def waits_on_keras_2(cell: dict, release: str) -> bool:
    """Whether the waits after each pass over a Sequence have added up to more than a cell has."""
    return cell["raised"].startswith(HANGS) and has_workers(cell) and is_keras_2(release)


FAILURES: dict[str, Predicate] = {
    "steps_per_execution_takes_no_auto": takes_no_auto,
    "ended_generator_raises": raises(
        "IndexError: list index out of range", "must yield at least one batch", "StopIteration"
    ),
    "jax_loses_the_weights_in_an_epoch_without_a_step": raises(
        "TypeError: 'NoneType' object is not callable"
    ),
    "workers_0_is_refused": raises("Expected workers to be positive"),
    "steps_per_execution_needs_a_length": raises("whose length Keras 2 does not know"),
    "data_loader_workers_end_with_an_error": raises("exited unexpectedly with exit code 1"),
    "py_dataset_workers_hang_in_the_first_epoch": hangs_on_keras_3,
    "sequence_workers_wait_after_each_epoch": waits_on_keras_2,
}
