"""What is done with a feed beside `fit`: each act notes the rows that Keras takes."""

import itertools

import keras
import numpy as np
import pytest

from epochwatch_lab._atlas.acts import ACTS, augment, restore
from epochwatch_lab._atlas.acts.row_notes import RowNotes, noting_model, phases
from epochwatch_lab._atlas.cells import GLOBAL, AtlasCell, toy_call
from epochwatch_lab._atlas.observation import observe_cell
from epochwatch_lab._atlas.toy_feeds import arrays, toy_feeds

TOYS = {toy.name: toy for toy in toy_feeds(keras)}


def whole(*numbers):
    """The rows of batches that are as the feeds have them."""
    return [[2 * number, 2 * number + 1] for number in numbers]


def observed(act, feed, **chosen):
    """Observe the one cell of an act that has these values."""
    (cell,) = [
        cell
        for cell in ACTS[act].cells(TOYS[feed], "tensorflow")
        if chosen.items() <= {**cell.how, "seeded": cell.seeded, "steps": steps_of(cell)}.items()
    ]
    seen = observe_cell(cell, TOYS[feed], keras)
    assert seen["act"] == act
    assert seen["raised"] is None
    return seen


def steps_of(cell):
    return cell.how.get("steps", cell.call.steps_per_epoch)


def test_every_cell_has_a_name_of_its_own_and_no_feed_without_end_is_asked_for_a_pass():
    for act, module in ACTS.items():
        cells = [cell for toy in TOYS.values() for cell in module.cells(toy, "tensorflow")]
        assert len({cell.name for cell in cells}) == len(cells) > 0
        assert {cell.act for cell in cells} == {act}


@pytest.mark.parametrize("act", ["evaluate", "predict"])
def test_in_order_every_call_takes_the_same_rows(act):
    name = {"evaluate": "tested", "predict": "predicted"}[act]
    assert observed(act, "arrays(shuffle=False)", steps=None)[name] == [whole(*range(10))] * 2
    assert observed(act, "tf_data(finite)", steps=3)[name] == [whole(0, 1, 2)] * 2


def test_a_generator_is_read_ahead_between_two_calls_and_shuffled_rows_come_in_another_order():
    first, second = observed("predict", "generator(endless=True)", steps=3)["predicted"]
    assert first == whole(0, 1, 2)
    assert second[0][0] > first[-1][-1]
    once, again = observed("predict", "tf_data(shuffle)", steps=None, seeded=None)["predicted"]
    assert sorted(itertools.chain(*once)) == sorted(itertools.chain(*again)) == list(range(20))
    assert once != again


def test_validation_takes_the_first_batches_of_a_dataset_and_goes_on_in_a_generator():
    def rows(feed, steps):
        return observed("validate", feed, validation_steps=steps, seeded=None)["validated"]

    assert rows("tf_data(finite)", 3) == [whole(0, 1, 2)] * 4
    assert rows("arrays(shuffle=False)", None) == [whole(*range(10))] * 4
    first, *later = rows("generator(endless=False)", None)
    assert first == whole(*range(10))
    assert later == [whole(0, 1)] * 3
    drawn = rows("tf_data(shuffle)", 3)
    assert len({str(epoch) for epoch in drawn}) > 1


def test_a_loop_by_hand_starts_over_in_a_dataset_and_goes_on_in_a_generator():
    dataset = observed("by_hand", "tf_data(finite)", steps=3)
    assert dataset["trained"] == [[whole(0, 1, 2)] * 3]
    assert dataset["observed"]["verdict"] == "restarts"
    assert "loses" in dataset["observed"]["findings"]
    generator = observed("by_hand", "generator(endless=True)", steps=3)
    assert generator["trained"] == [[whole(0, 1, 2), whole(3, 4, 5), whole(6, 7, 8)]]
    assert generator["observed"]["findings"] == []


def test_a_restored_training_starts_over_and_what_the_weights_forgot_is_undone():
    by_epoch = observed("restore", "arrays(shuffle=False)", steps=3, by=restore.BY_EPOCH)
    assert by_epoch["undone"] == [whole(3, 4)]
    before, after = by_epoch["trained"]
    assert before == [whole(0, 1, 2)]
    assert after == [whole(0, 1, 2), whole(3, 4, 5), whole(6, 7, 8)]
    assert by_epoch["observed"]["verdict"] == "restarts"
    by_steps = observed("restore", "arrays(shuffle=False)", steps=3, by=restore.BY_STEPS)
    assert by_steps["undone"] == [[]]
    assert by_steps["trained"] == [[whole(0, 1, 2), whole(3, 4)], after]
    passes = observed("restore", "tf_data(finite)", steps=None, by=restore.BY_HAND)
    assert passes["observed"]["verdict"] == "resumes"
    assert passes["undone"] == [whole(0, 1)]


@pytest.mark.parametrize("op", augment.WAYS)
@pytest.mark.parametrize("seeded", [None, GLOBAL])
def test_by_a_seed_ops_in_a_map_draw_the_same_in_each_epoch_but_a_generator_does_not(op, seeded):
    drawn = observed("augment", "tf_data(finite)", steps=None, op=op, seeded=seeded)["drawn"]
    alike = len({str(epoch) for epoch in drawn}) == 1
    assert alike == (
        op == "tf.random.uniform(seed=1)" or (op == "tf.random.uniform" and seeded == GLOBAL)
    )


@pytest.mark.parametrize("act", ["fit", "evaluate"])
def test_that_a_package_is_missing_is_not_taken_for_what_keras_does(act):
    def make():
        raise ModuleNotFoundError("No module named 'importlib_resources'")

    toy = TOYS["tf_data(finite)"]._replace(make=make)
    cell = AtlasCell(toy.kind, toy.options, toy_call(3), act=act, how={"steps": 3})
    with pytest.raises(ModuleNotFoundError):
        observe_cell(cell, toy, keras)


def test_the_noting_model_trains_what_the_probe_does():
    """It runs eagerly; the order of the data does not depend on that."""
    toy = TOYS["arrays(shuffle=False)"]
    probed = observe_cell(AtlasCell(toy.kind, toy.options, toy_call(3, epochs=4)), toy, keras)[
        "trained"
    ]
    notes = RowNotes()
    x, y = arrays()
    model = noting_model(keras, notes)
    model.fit(
        x, y, batch_size=2, steps_per_epoch=3, epochs=4, shuffle=False, verbose=0,
        callbacks=[phases(keras, notes)],
    )  # fmt: skip
    assert [notes.trained] == probed
    assert np.all(model.get_weights()[0] == 1)
