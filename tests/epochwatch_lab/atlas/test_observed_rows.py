"""What the committed cells say of their rows, held against the feed counted through by hand."""

import itertools
import math

import pytest
from packaging.version import Version

from epochwatch_lab._atlas.cells import AtlasCell
from tests.epochwatch_lab.atlas.plain_counting import is_in_order, one_pass, plain_batches

NOTED = {"validate": "validated", "evaluate": "tested", "predict": "predicted"}


def needs_keras_3_7(read):
    """Leave out where each call goes on in the feed, or a Sequence starts over in each epoch."""
    about = read["environment"]
    if about["package"] != "keras" or Version(about["keras"]) < Version("3.7"):
        pytest.skip("this Keras begins otherwise; atlas/reproductions says how")


def seen_in(read, *acts):
    """Find the cells of some acts that came to their end and were the same in each run."""
    return [
        cell
        for cell in read["cells"]
        if cell["act"] in acts and not (cell["raised"] or cell["others"])
    ]


def in_order(cells):
    return [cell for cell in cells if is_in_order(cell)]


def first(batches, steps):
    """Take the first batches, each as the list of its rows."""
    return [sorted(batch) for batch in itertools.islice(batches, steps)]


def flat(epochs):
    return [batch for epoch in epochs for batch in epoch]


def wrong(cells, by_hand):
    """Name the cells of which counting by hand gives something else."""
    return [AtlasCell.from_json(cell).name for cell in cells if not by_hand(cell)]


def test_that_a_package_was_missing_is_in_no_cell(read):
    raised = {str(cell["raised"]).partition(":")[0] for cell in read["cells"]}
    assert not raised & {"ImportError", "ModuleNotFoundError"}


def test_of_each_act_that_was_observed_some_cells_are_counted_by_hand(read):
    for act in {cell["act"] for cell in read["cells"]} - {"augment", "auto_execution"}:
        assert in_order(seen_in(read, act)), act


def test_what_resumes_went_on_as_the_feed_does_by_itself(read):
    def by_hand(cell):
        trained = flat(flat(cell["trained"]))
        begins = trained[0][0] // 2
        # Keras 3.6 builds the model with the batches of an execution, which then are gone.
        is_first = begins in (0, cell["steps_per_execution"])
        return is_first and trained == first(plain_batches(cell), begins + len(trained))[begins:]

    cells = [cell for cell in read["cells"] if cell["observed"] and is_in_order(cell)]
    resumed = [cell for cell in cells if cell["observed"]["verdict"] == "resumes"]
    assert {cell["steps_per_epoch"] for cell in resumed} >= {None, 5}
    assert wrong(resumed, by_hand) == []


def test_evaluate_predict_and_validation_take_the_first_batches_each_time(read):
    needs_keras_3_7(read)

    def by_hand(cell):
        steps = cell["how"].get("steps", cell["how"].get("validation_steps"))
        calls = cell[NOTED[cell["act"]]]
        return calls == [first(one_pass(cell), steps)] * len(calls)

    begun_again = [cell for cell in in_order(seen_in(read, *NOTED)) if cell["feed"] != "generator"]
    assert wrong(begun_again, by_hand) == []


def test_of_a_generator_each_batch_is_taken_once_but_for_the_first_two(read):
    def by_hand(cell):
        calls = cell[NOTED[cell["act"]]]
        places = [batch[0] // 2 for batch in flat(calls)]
        taken = [place for rank, place in enumerate(places) if rank < 2 or place > 1]
        return all(after > before for before, after in itertools.pairwise(taken))

    cells = [cell for cell in seen_in(read, *NOTED) if cell["feed"] == "generator"]
    assert wrong(cells, by_hand) == [], "\n".join(wrong(cells, by_hand))


def test_a_loop_by_hand_trains_what_a_loop_by_hand_does(read):
    def by_hand(cell):
        steps = cell["steps_per_epoch"]
        once = one_pass(cell)
        passes = [once if cell["feed"] == "generator" else one_pass(cell) for _ in range(3)]
        return cell["trained"] == [[first(each, steps) for each in passes]]

    assert wrong(in_order(seen_in(read, "by_hand")), by_hand) == []


def test_what_was_undone_follows_what_was_saved_and_the_rest_begins_with_the_first_batch(read):
    needs_keras_3_7(read)

    def by_hand(cell):
        (saved, after), (undone,) = cell["trained"], cell["undone"]
        before = flat(saved) + undone
        every_step = cell["how"]["by"] == "BackupAndRestore every step"
        a_pass = cell["steps_per_epoch"] or 10
        return (
            before == first(plain_batches(cell), a_pass + 2)
            and len(undone) == (0 if every_step else 2)
            and flat(after) == first(plain_batches(cell), len(flat(after)))
        )

    cells = [cell for cell in in_order(seen_in(read, "restore")) if cell["feed"] != "generator"]
    assert wrong(cells, by_hand) == [], "\n".join(wrong(cells, by_hand))


def test_boundaries_are_what_the_places_before_and_after_them_say(read):
    def by_hand(cell):
        epochs = [epoch for fit in cell["trained"] for epoch in fit if epoch]
        length = cell["options"].get("batches", 10)
        is_endless = cell["options"].get("endless", False)
        is_generator, used_up = cell["feed"] == "generator", False
        verdicts = []
        for before, after in itertools.pairwise(epochs):
            last, begins = before[-1][0] // 2, after[0][0] // 2
            ended = last == length - 1 and not is_endless
            used_up = used_up or (ended and is_generator)
            if used_up:
                verdicts.append("replays")
            elif begins == last + 1 or (begins == 0 and ended):
                verdicts.append("resumes")
            elif begins == 0:
                verdicts.append("restarts")
            else:
                verdicts.append("skips" if begins > last else "replays")
        return [each["verdict"] for each in cell["observed"]["boundaries"]] == verdicts

    cells = [cell for cell in read["cells"] if cell["observed"] and is_in_order(cell)]
    assert cells
    assert wrong(cells, by_hand) == [], "\n".join(wrong(cells, by_hand))


def test_alike_are_orders_that_came_again_in_what_shuffles(read):
    def by_hand(cell):
        fits = cell["trained"]
        epochs = [epoch for fit in fits for epoch in fit]
        again = [a for a, b in itertools.pairwise(epochs) if a == b]
        again += [flat(a) for a, b in itertools.pairwise(fits) if a == b and len(a) > 1]
        order = cell["observed"]["order"]
        # A buffer may move each batch by one: ten of them come again once in 512 times.
        enough = {"fit": 10, "feed": 21, None: math.inf}[order["shuffled_by"]]
        is_sure = any(len(each) >= enough for each in again)
        return is_sure <= order["alike"] <= bool(again)

    cells = [cell for cell in read["cells"] if cell["observed"]]
    assert any(cell["observed"]["order"]["shuffled_by"] for cell in cells)
    assert wrong(cells, by_hand) == [], "\n".join(wrong(cells, by_hand))
