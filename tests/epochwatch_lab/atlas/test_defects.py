"""A cell is linked to the page whose `actual` it shows: held against what it trained.

Each page has an oracle of its own here, which reads nothing of a cell but how `fit` was called and
the batches that it trained: no verdict, no boundary and no count of the audit.
"""

import itertools

import pytest

from epochwatch_lab._atlas import acts
from epochwatch_lab._atlas.cells import EPOCHS
from epochwatch_lab._atlas.defects import (
    DEFECTS,
    FAILURES,
    OF_ACTS,
    UNJUDGED,
    finding_of,
    findings_of,
)
from epochwatch_lab._atlas.files import DEFAULTS, known_as
from tests.epochwatch_lab.atlas.reproductions import REPRODUCTIONS

ROWS = 2


def epochs_of(cell):
    return [epoch for fit in cell["trained"] for epoch in fit]


def batches_of(cell):
    return [batch for epoch in epochs_of(cell) for batch in epoch]


def pass_of(cell):
    return cell["options"].get("batches", 10)


def asked_of(cell):
    return cell["steps_per_epoch"] or pass_of(cell)


def begins_with_the_first(epoch):
    return epoch[:1] != [] and epoch[0][0] == 0


def rows_missed(cell):
    """Count rows that so many steps could have trained, each once, and did not."""
    trained = {row for batch in batches_of(cell) for row in batch}
    return min(len(batches_of(cell)), pass_of(cell)) * ROWS - len(trained)


def goes_on(before, after, cell):
    """Whether an epoch begins with the batch after another's last, or with a new pass."""
    last, first = before[-1][-1], after[0][0]
    return first == last + 1 or (first == 0 and last == pass_of(cell) * ROWS - 1)


def following(cell, within):
    """List an epoch and the next one: within the fits, or from fit to fit."""
    fits = [[epoch for epoch in fit if epoch] for fit in cell["trained"]]
    if within:
        return [pair for fit in fits for pair in itertools.pairwise(fit)]
    return [(a[-1], b[0]) for a, b in itertools.pairwise(fits) if a and b]


def has_workers(cell):
    return cell["options"].get("workers", 0) > 1 or "use_multiprocessing" in cell["options"]


def begins_late(cell, release):
    return batches_of(cell)[0][0] != 0


def starts_over_in_a_fit(cell, release):
    if cell["options"].get("shuffle"):
        return rows_missed(cell) > 0
    return any(begins_with_the_first(after) for _, after in following(cell, within=True))


def does_not_go_on(cell, release):
    steps = [[[batch] for epoch in fit for batch in epoch] for fit in cell["trained"]]
    pairs = [pair for fit in steps for pair in itertools.pairwise(fit)]
    return any(not goes_on(*pair, cell) for pair in pairs)


def begins_again_after_the_first_epoch(cell, release):
    return any(epoch[:1] == fit[0][:1] for fit in cell["trained"] for epoch in fit[1:])


def skips_from_fit_to_fit(cell, release):
    return any(b[0][0] > a[-1][-1] + 1 for a, b in following(cell, within=False))


def starts_over_from_fit_to_fit(cell, release):
    before, after = cell["trained"]
    return after[0][:1] in [epoch[:1] for epoch in before] or rows_missed(cell) > 0


def has_equal_epochs(cell, release):
    first, *others = epochs_of(cell)
    return first in others


def has_an_epoch_without_a_step(cell, release):
    steps = [len(epoch) for epoch in epochs_of(cell)]
    return 0 in steps or len(steps) < cell["fits"] * EPOCHS[cell["fits"]]


def has_more_steps_than_asked(cell, release):
    return max(map(len, epochs_of(cell))) > asked_of(cell)


def ends_early(cell, release):
    """Whether no epoch but the last of a fit is short, and the fit has not made all its steps."""
    whole = all(len(epoch) >= asked_of(cell) for fit in cell["trained"] for epoch in fit[:-1])
    return whole and len(batches_of(cell)) < asked_of(cell) * EPOCHS[cell["fits"]] * cell["fits"]


def is_short_of_a_pass(cell, release):
    return asked_of(cell) <= pass_of(cell) and min(map(len, epochs_of(cell))) < asked_of(cell)


def asks_for_more(cell, release):
    return asked_of(cell) > pass_of(cell) and min(map(len, epochs_of(cell))) < asked_of(cell)


def validates_on_the_first_two_again(cell, release):
    return any(validation[:2] == [[0, 1], [2, 3]] for validation in cell["validated"][1:])


def comes_twice_in_the_first_pass(cell, release):
    rows = [row for epoch in cell["trained"][0] for batch in epoch for row in batch]
    first = rows[: pass_of(cell) * ROWS]
    return max(map(first.count, first)) > 1


def validates_on_others(cell, release):
    return len({str(epoch) for epoch in cell["validated"]}) > 1


def rows_in(call):
    return frozenset(row for batch in call for row in batch)


def takes_other_rows(name):
    """Whether what a cell notes under a name is not each time of the same rows."""
    return lambda cell, release: len({rows_in(call) for call in cell[name]}) > 1


def predicts_in_another_order(cell, release):
    return cell["predicted"][0] != cell["predicted"][1]


def begins_with_a_later_batch(name):
    return lambda cell, release: cell[name][0][0] != [0, 1]


def leaves_rows_out_between(name):
    return lambda cell, release: cell[name][1][0][0] > max(cell[name][0][-1]) + 1


def draws_a_number_in_two_epochs(cell, release):
    numbers = [{number for batch in epoch for number in batch} for epoch in cell["drawn"]]
    return sum(map(len, numbers)) > len(set.union(*numbers))


def says(*texts):
    return lambda cell, release: any(text in cell["raised"] for text in texts)


def is_of(*releases):
    return lambda cell, release: release.startswith(releases)


def both(*oracles):
    return lambda cell, release: all(oracle(cell, release) for oracle in oracles)


ON_KERAS_2, ON_KERAS_3 = is_of("tf"), is_of("keras-3")
BY_WORKERS = lambda cell, release: cell["feed"] == "py_dataset" and has_workers(cell)  # noqa: E731
OF_A_GENERATOR = lambda cell, release: cell["feed"] == "generator"  # noqa: E731
OF_ARRAYS = lambda cell, release: cell["feed"] == "arrays"  # noqa: E731
IN_A_HOOK = lambda cell, release: "shuffled_in" in cell["options"]  # noqa: E731
ORACLES = {
    "py_dataset_is_shuffled_in_mid_pass": both(
        ON_KERAS_3, IN_A_HOOK, comes_twice_in_the_first_pass
    ),
    "py_dataset_workers_lose_the_batch_of_the_build": both(BY_WORKERS, begins_late),
    "first_batch_is_taken_to_build_the_model": both(is_of("keras-3.6"), begins_late),
    "sequence_starts_over_every_epoch": both(ON_KERAS_2, starts_over_in_a_fit),
    "py_dataset_workers_start_over_at_epoch_ends": both(BY_WORKERS, does_not_go_on),
    "generator_replays_its_first_two_batches": both(
        OF_A_GENERATOR, begins_again_after_the_first_epoch
    ),
    "generator_skips_between_fits": both(OF_A_GENERATOR, skips_from_fit_to_fit),
    "arrays_have_one_order_on_tensorflow": both(OF_ARRAYS, has_equal_epochs),
    "order_ignores_the_seed": has_equal_epochs,
    "seeded_fit_shuffles_the_same_way_every_epoch": both(OF_ARRAYS, has_equal_epochs),
    "grain_shuffles_the_same_way_every_epoch": has_equal_epochs,
    "each_fit_starts_over": starts_over_from_fit_to_fit,
    "every_other_epoch_trains_nothing": both(ON_KERAS_3, has_an_epoch_without_a_step),
    "steps_per_execution_overruns_the_epoch": has_more_steps_than_asked,
    "keras_2_ends_the_training_with_the_data": both(ON_KERAS_2, ends_early),
    "more_steps_than_a_pass": both(ON_KERAS_3, asks_for_more),
    "rounded_down_steps_cut_every_other_epoch": both(ON_KERAS_3, is_short_of_a_pass),
    "steps_per_execution_takes_no_auto": both(
        lambda cell, release: cell["act"] == "auto_execution", says("TypeError: ")
    ),
    "ended_generator_raises": both(
        OF_A_GENERATOR, says("IndexError", "the generator must yield", "StopIteration")
    ),
    "jax_loses_the_weights_in_an_epoch_without_a_step": both(
        ON_KERAS_3, says("'NoneType' object is not callable")
    ),
    "workers_0_is_refused": both(ON_KERAS_2, says("Expected workers to be positive")),
    "steps_per_execution_needs_a_length": both(ON_KERAS_2, says("got 3 for a")),
    "data_loader_workers_end_with_an_error": both(ON_KERAS_3, says("RuntimeError: DataLoader")),
    "py_dataset_workers_hang_in_the_first_epoch": both(
        is_of("keras-3.6"), BY_WORKERS, says("did not end")
    ),
    "sequence_workers_wait_after_each_epoch": both(ON_KERAS_2, BY_WORKERS, says("did not end")),
}
OF_OTHER_ACTS = {
    ("restore", "restored_training_starts_over"): starts_over_from_fit_to_fit,
    **{
        ("restore", name): ORACLES[name]
        for name in (
            "arrays_have_one_order_on_tensorflow",
            "order_ignores_the_seed",
            "seeded_fit_shuffles_the_same_way_every_epoch",
            "generator_replays_its_first_two_batches",
        )
    },
    ("validate", "validation_goes_on_in_keras_3_6"): both(is_of("keras-3.6"), validates_on_others),
    ("validate", "generator_replays_its_first_two_batches"): both(
        OF_A_GENERATOR, validates_on_the_first_two_again
    ),
    ("validate", "py_dataset_workers_start_over_at_epoch_ends"): both(
        BY_WORKERS, validates_on_others
    ),
    ("validate", "shuffled_feed_validates_on_other_rows"): takes_other_rows("validated"),
    ("evaluate", "shuffled_feed_validates_on_other_rows"): takes_other_rows("tested"),
    ("predict", "shuffled_feed_validates_on_other_rows"): predicts_in_another_order,
    ("augment", "random_op_in_a_map_draws_the_same_again"): draws_a_number_in_two_epochs,
}
for act, noted in (("evaluate", "tested"), ("predict", "predicted")):
    OF_OTHER_ACTS |= {
        (act, "py_dataset_workers_lose_the_batch_of_the_build"): both(
            BY_WORKERS, begins_with_a_later_batch(noted)
        ),
        (act, "py_dataset_workers_start_over_at_epoch_ends"): both(
            BY_WORKERS, lambda cell, release, noted=noted: len({*map(str, cell[noted])}) > 1
        ),
        (act, "generator_skips_between_fits"): both(OF_A_GENERATOR, leaves_rows_out_between(noted)),
    }


def oracle_of(cell, name):
    """Find the oracle of a page, of what an act of its own shows or of `fit` and failures."""
    return OF_OTHER_ACTS.get((cell["act"], name)) or ORACLES[name]


def test_every_linked_cell_shows_what_its_page_says(read):
    release = known_as(read["environment"])
    linked = [(cell, finding_of(cell, release)) for cell in read["cells"]]
    wrong = [
        (name, cell["act"], cell["feed"], cell["options"], cell.get("trained"))
        for cell, name in linked
        if name and not oracle_of(cell, name)(cell, release)
    ]
    assert wrong == []


def test_every_finding_and_every_failure_of_fit_has_its_page(read):
    release = known_as(read["environment"])
    for cell in read["cells"]:
        if cell["act"] == "fit" and (findings_of(cell) or cell["raised"]):
            assert finding_of(cell, release), cell


def test_a_page_was_seen_where_the_atlas_shows_it(read):
    release, backend = known_as(read["environment"]), read["environment"]["backend"]
    for name in {finding_of(cell, release) for cell in read["cells"]} - {None}:
        assert backend in REPRODUCTIONS[name].seen.get(release, []), f"{name}: {release}, {backend}"


def test_each_page_that_cells_are_linked_to_is_there_and_has_its_oracle():
    of_acts = {(act, name) for act, defects in OF_ACTS.items() for name in defects}
    assert {*DEFECTS, *UNJUDGED, *FAILURES} == {*ORACLES}
    assert {*OF_ACTS} == {*acts.ACTS}
    assert of_acts == {*OF_OTHER_ACTS}
    assert {*ORACLES, *(name for _, name in of_acts)} <= {*REPRODUCTIONS}


FIRST, NEXT = [[0, 1], [2, 3]], [[4, 5], [6, 7]]


def cell(trained, findings=(), verdicts=(), steps=5, **of):
    """A cell as in the atlas, of fits, epochs and batches; a verdict for each boundary."""
    epochs = [(f, e) for f, fit in enumerate(trained, 1) for e, _ in enumerate(fit, 1)]
    boundaries = [
        {"after": {"fit": fit, "epoch": epoch}, "verdict": verdict}
        for (fit, epoch), verdict in zip(epochs, verdicts, strict=False)
    ]
    seen = {
        "findings": list(findings),
        "boundaries": boundaries,
        "steps": {"asked": steps, "run": [len(epoch) for fit in trained for epoch in fit]},
        "batches": {"passed_over": of.pop("passed", 0)},
    }
    called = {"feed": "arrays", "options": {}, "steps_per_epoch": steps, "fits": len(trained)}
    return DEFAULTS | called | {"trained": trained, "observed": seen} | of


def raised(text, **of):
    return cell([[]], feed=of.pop("feed", "generator"), observed=None, raised=text, **of)


WORKERS = {"feed": "py_dataset", "options": {"workers": 2}}
GENERATOR = {"feed": "generator"}
SHUFFLED = {"feed": "tf_data", "options": {"pipeline": "shuffle"}}
PASS = [[2 * place, 2 * place + 1] for place in range(10)]


@pytest.mark.parametrize(
    ("seen", "release", "name"),
    [
        (cell([[FIRST, NEXT]], [], ["resumes"]), "keras-3.15", None),
        (cell([[NEXT, FIRST]]), "keras-3.15", None),  # nothing was found, so nothing is shown
        (
            cell([[FIRST], [FIRST]], ["restarts"], ["restarts"]),
            "keras-3.15",
            "each_fit_starts_over",
        ),
        (cell([[FIRST], [NEXT]], ["loses"], ["resumes"]), "keras-3.15", "each_fit_starts_over"),
        (
            cell([[FIRST, FIRST]], ["restarts"], ["restarts"], feed="py_dataset"),
            "tf-2.13",
            "sequence_starts_over_every_epoch",
        ),
        (
            cell([[FIRST, FIRST]], ["restarts"], ["restarts"], **WORKERS),
            "keras-3.15",
            "py_dataset_workers_start_over_at_epoch_ends",
        ),
        (
            cell([[NEXT]], ["passed over"], passed=2, **WORKERS),
            "keras-3.15",
            "py_dataset_workers_lose_the_batch_of_the_build",
        ),
        (
            cell([[NEXT]], ["passed over"], passed=2, **WORKERS),
            "keras-3.6",
            "first_batch_is_taken_to_build_the_model",
        ),
        (
            cell([[FIRST], [NEXT]], ["skips"], ["skips"], passed=1, **GENERATOR),
            "keras-3.15",
            "generator_skips_between_fits",
        ),
        (
            cell([[FIRST, FIRST]], ["replays"], ["replays"], **GENERATOR),
            "keras-3.15",
            "generator_replays_its_first_two_batches",
        ),
        (
            cell([[FIRST, [], FIRST]], ["runs dry"]),
            "keras-3.15",
            "every_other_epoch_trains_nothing",
        ),
        (
            cell([[FIRST, NEXT]], ["overruns"], steps=1),
            "keras-3.15",
            "steps_per_execution_overruns_the_epoch",
        ),
        (
            cell([[FIRST, NEXT[:1]]], ["runs dry"]),
            "keras-3.15",
            "rounded_down_steps_cut_every_other_epoch",
        ),
        (cell([[FIRST, FIRST]], ["runs dry"], steps=15), "keras-3.15", "more_steps_than_a_pass"),
        (cell([[FIRST]], ["runs dry"]), "tf_keras", "keras_2_ends_the_training_with_the_data"),
        (
            cell([[FIRST, FIRST]], ["alike"], seeded="global", options={"shuffle": True}),
            "keras-3.15",
            "seeded_fit_shuffles_the_same_way_every_epoch",
        ),
        (
            cell([[FIRST, FIRST]], ["alike"], options={"shuffle": True}),
            "keras-3.16",
            "arrays_have_one_order_on_tensorflow",
        ),
        *(
            (
                cell([[FIRST, NEXT], [FIRST, NEXT]], ["alike"], options={"shuffle": True}),
                release,
                name,
            )
            for release, name in [
                ("keras-3.9", None),
                ("keras-3.15", None),
                ("keras-3.16", "order_ignores_the_seed"),
                ("keras-3.17", "order_ignores_the_seed"),
                ("keras-4.0", "order_ignores_the_seed"),
            ]
        ),
        (raised("IndexError: list index out of range"), "keras-3.12", "ended_generator_raises"),
        (raised("StopIteration: "), "tf-2.15", "ended_generator_raises"),
        (
            raised("TypeError: '>' not supported between 'str' and 'int'", act="auto_execution"),
            "keras-3.15",
            "steps_per_execution_takes_no_auto",
        ),
        (
            raised("RuntimeError: DataLoader worker (pid 7) exited unexpectedly with exit code 1."),
            "keras-3.15",
            "data_loader_workers_end_with_an_error",
        ),
        (raised("MemoryError: "), "keras-3.15", None),
        (
            raised("did not end in 60 s", **WORKERS),
            "tf-2.15",
            "sequence_workers_wait_after_each_epoch",
        ),
        (
            raised("did not end in 60 s", **WORKERS),
            "keras-3.6",
            "py_dataset_workers_hang_in_the_first_epoch",
        ),
    ],
)
def test_a_finding_is_told_from_what_was_seen(seen, release, name):
    assert finding_of(seen, release) == name


@pytest.mark.parametrize(
    ("validated", "of", "name"),
    [
        ([FIRST, FIRST], GENERATOR, None),
        ([FIRST + NEXT, FIRST], GENERATOR, "generator_replays_its_first_two_batches"),
        ([FIRST, FIRST[:1] + NEXT], GENERATOR, None),  # one batch is not two
        ([FIRST, NEXT], WORKERS, "py_dataset_workers_start_over_at_epoch_ends"),
        ([FIRST, NEXT], SHUFFLED, "shuffled_feed_validates_on_other_rows"),
        ([FIRST, FIRST[::-1]], SHUFFLED, None),  # the loss is the same
        ([FIRST, NEXT], GENERATOR, None),  # it goes on
    ],
)
def test_a_validation_is_told_from_its_batches(validated, of, name):
    seen = cell([[]], act="validate", observed=None, validated=validated, **of)
    assert finding_of(seen, "keras-3.15") == name


@pytest.mark.parametrize(
    ("validated", "name"),
    [
        ([FIRST, FIRST], None),
        ([FIRST, FIRST[::-1]], None),
        ([FIRST, NEXT], "validation_goes_on_in_keras_3_6"),
        ([FIRST, []], None),  # there was nothing to go on with
    ],
)
def test_a_validation_that_goes_on_is_one_of_keras_3_6(validated, name):
    seen = cell([[]], act="validate", observed=None, validated=validated, **SHUFFLED)
    assert finding_of(seen, "keras-3.6") == name


@pytest.mark.parametrize(
    ("called", "of", "name"),
    [
        ([FIRST, FIRST], SHUFFLED, None),
        ([FIRST, FIRST[::-1]], SHUFFLED, "shuffled_feed_validates_on_other_rows"),
        ([FIRST, NEXT], GENERATOR, None),
        ([FIRST, []], GENERATOR, None),  # it has ended
        ([[], FIRST], GENERATOR, None),  # it gave the first call nothing
        ([FIRST, NEXT[1:]], GENERATOR, "generator_skips_between_fits"),
        ([FIRST, NEXT], WORKERS, "py_dataset_workers_start_over_at_epoch_ends"),
        ([NEXT, FIRST], WORKERS, "py_dataset_workers_lose_the_batch_of_the_build"),
    ],
)
def test_two_calls_are_told_apart_by_their_batches(called, of, name):
    seen = cell([[]], act="predict", observed=None, predicted=called, **of)
    assert finding_of(seen, "keras-3.15") == name


@pytest.mark.parametrize(
    ("drawn", "name"),
    [
        ([FIRST, NEXT], None),
        ([FIRST, NEXT, FIRST], "random_op_in_a_map_draws_the_same_again"),
    ],
)
def test_an_augmentation_is_told_from_what_it_draws(drawn, name):
    seen = cell([[]], act="augment", observed=None, drawn=drawn)
    assert finding_of(seen, "keras-3.15") == name


@pytest.mark.parametrize(
    ("epochs", "release", "name"),
    [
        ([FIRST, NEXT], "keras-3.15", None),
        ([FIRST, FIRST], "keras-3.15", "py_dataset_is_shuffled_in_mid_pass"),
        ([FIRST, FIRST], "tf-2.15", None),
        # The second pass may have what the first had.
        ([FIRST * 5, FIRST * 5], "keras-3.15", "py_dataset_is_shuffled_in_mid_pass"),
        ([PASS[:5], PASS[5:], PASS[:5]], "keras-3.15", None),
    ],
)
def test_a_hook_that_shuffles_is_told_from_a_batch_that_comes_twice_in_a_pass(
    epochs, release, name
):
    """An audit finds nothing in it: it takes an order that is drawn as it comes."""
    seen = cell([epochs], feed="py_dataset", options={"shuffled_in": "on_epoch_end"})
    assert finding_of(seen, release) == name


@pytest.mark.parametrize("act", ["by_hand", "auto_execution"])
def test_what_python_does_in_a_loop_and_what_keras_does_right_has_no_page(act):
    seen = cell([[FIRST, FIRST]], ["restarts", "loses"], ["restarts"], act=act)
    assert finding_of(seen, "keras-3.15") is None


@pytest.mark.parametrize(
    ("trained", "seeded", "release", "name"),
    [
        ([[FIRST], [FIRST, NEXT]], "global", "keras-3.15", "restored_training_starts_over"),
        ([[FIRST], [FIRST, NEXT]], None, "keras-3.16", "order_ignores_the_seed"),
        ([[FIRST], [FIRST]], None, "keras-3.16", "arrays_have_one_order_on_tensorflow"),
        (
            [[FIRST], [FIRST, FIRST]],
            "global",
            "keras-3.15",
            "seeded_fit_shuffles_the_same_way_every_epoch",
        ),
    ],
)
def test_a_restored_training_with_the_same_orders_is_told_by_what_repeats_them(
    trained, seeded, release, name
):
    options = {"shuffle": True}
    seen = cell(trained, ["alike"], act="restore", seeded=seeded, options=options)
    assert finding_of(seen, release) == name


def test_a_restored_training_that_begins_again_is_told_from_fits_that_do():
    restored = cell([[FIRST], [FIRST]], ["restarts"], ["restarts"], act="restore")
    assert finding_of(restored, "keras-3.15") == "restored_training_starts_over"
