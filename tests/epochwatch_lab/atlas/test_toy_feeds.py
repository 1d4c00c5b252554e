"""The toy feeds deliver what their names say, batch by batch, and each cell is asked for once."""

import itertools

import keras
import numpy as np
import pytest

from epochwatch import feeds
from epochwatch.feeds._facts import describe
from epochwatch_lab._atlas.cells import (
    FEW_STEPS,
    GLOBAL,
    STEPS_PER_EPOCH,
    AtlasCell,
    cells_of,
    is_short,
    toy_call,
)
from epochwatch_lab._atlas.toy_feeds import BATCHES, LONG, MAJORITY, MINORITY, ROWS, toy_feeds

TOYS = toy_feeds(keras)
IN_ORDER = [[2 * place, 2 * place + 1] for place in range(BATCHES)]
OUT_OF_ORDER = ("(shuffle", "datasets", "rejection", "from_directory)", "seed=1", "shuffle_files")


def of_a_pass(toy):
    """The indices of a pass of ten batches, taken plainly."""
    size = toy.fit_options.get("batch_size")
    taken = itertools.islice(feeds.batches(toy.make(), size), BATCHES)
    return [y["index"].tolist() for _, y, _ in taken]


def by_name(part):
    return [toy for toy in TOYS if part in toy.name]


def test_there_are_all_of_the_kinds_that_need_nothing_more():
    kinds = {toy.kind for toy in TOYS}
    assert kinds >= {"arrays", "generator", "py_dataset", "tf_data"}
    assert len({toy.name for toy in TOYS}) == len(TOYS)


@pytest.mark.parametrize(
    "toy",
    [toy for toy in TOYS if not any(part in toy.name for part in OUT_OF_ORDER)],
    ids=lambda toy: toy.name,
)
def test_its_batches_are_numbered_through(toy):
    assert of_a_pass(toy) == IN_ORDER


@pytest.mark.parametrize("toy", TOYS, ids=lambda toy: toy.name)
def test_it_is_of_the_kind_and_length_it_says(toy):
    facts = describe(toy.make(), toy.fit_options.get("batch_size"))
    assert facts.kind == toy.kind
    assert toy.batches == (LONG if f"batches={LONG}" in toy.name else BATCHES)
    assert facts.length in ((toy.batches, None) if toy.ends else (None,))
    assert toy.make() is not toy.make()


def test_a_row_holds_its_own_index():
    for toy in TOYS:
        for x, y, _ in itertools.islice(feeds.batches(toy.make(), ROWS), 3):
            assert np.array_equal(x[:, 0], y["index"])


def test_shuffled_once_it_is_the_same_in_every_pass_and_shuffled_again_it_is_not():
    def passes(dataset):
        return [[y["index"].tolist() for _, y in dataset.as_numpy_iterator()] for _ in range(2)]

    (fixed,) = by_name("reshuffle_each_iteration=False")
    first, second = passes(fixed.make())
    assert first == second
    assert sorted(itertools.chain(*first)) == list(range(BATCHES * ROWS))
    (again,) = by_name("tf_data(shuffle)")
    first, second = passes(again.make())
    assert first != second


def test_two_streams_in_turn_pass_the_majority_in_ten_batches():
    (in_turn,) = by_name("choose_from_datasets")
    delivered = of_a_pass(in_turn)
    assert [majority for majority, _ in delivered] == list(range(MAJORITY))
    assert {minority for _, minority in delivered} == {MAJORITY, MAJORITY + 1}


@pytest.mark.parametrize("pipeline", ["sample_from_datasets", "rejection_resample"])
def test_drawn_at_random_the_classes_are_as_frequent_in_the_mean(pipeline):
    (toy,) = by_name(pipeline)
    drawn = [y for _, y in toy.make().take(500).as_numpy_iterator()]
    labels = [y["label"].mean() for y in drawn]
    # 1,000 draws of one half: five standard deviations are 0.079.
    assert abs(np.mean(labels) - 0.5) < 0.08
    rows = {int(i) for y in drawn for i in y["index"]}
    assert rows == set(range(MAJORITY + MINORITY))


def test_a_sequence_shuffles_itself_where_its_name_says():
    for hook in ("on_epoch_begin", "on_epoch_end"):
        (toy,) = by_name(f"shuffled_in={hook}")
        made = toy.make()
        for called in ("on_epoch_begin", "on_epoch_end"):
            before = [made[place][1]["index"].tolist() for place in range(BATCHES)]
            getattr(made, called)()
            after = [made[place][1]["index"].tolist() for place in range(BATCHES)]
            assert sorted(after) == sorted(before) == IN_ORDER
            assert (after != before) == (called == hook)


def test_a_seed_in_the_pipeline_makes_every_new_feed_alike_but_not_its_passes():
    (seeded,) = by_name("tf_data(shuffle, seed=1)")
    first, second = [of_a_pass(seeded), of_a_pass(seeded)]
    assert first == second != IN_ORDER
    made = seeded.make()
    passes = [[y["index"].tolist() for _, y in made.as_numpy_iterator()] for _ in range(2)]
    assert passes[0] == first != passes[1]


def test_every_combination_is_asked_for_once_and_none_that_cannot_be():
    cells = [cell for toy in TOYS for cell in cells_of(toy, "tensorflow")]
    assert len({cell.name for cell in cells}) == len(cells)
    full = [toy for toy in TOYS if not toy.few_calls]
    ends, few = sum(toy.ends for toy in full), sum(toy.few_calls for toy in TOYS)
    plain = [cell for cell in cells if cell.seeded is None]
    assert len(plain) == 8 * (ends * len(STEPS_PER_EPOCH) + (len(full) - ends) * 4) + 6 * few
    on_torch = [cell for toy in TOYS for cell in cells_of(toy, "torch") if cell.seeded is None]
    assert (len(on_torch) - 6 * few) * 2 == len(plain) - 6 * few
    assert {cell.call.steps_per_execution for cell in on_torch} == {1}


def test_what_shuffles_is_seeded_too_and_a_long_feed_has_epochs_of_its_own():
    for toy in TOYS:
        cells = cells_of(toy, "jax")
        seeded = [cell for cell in cells if cell.seeded]
        assert {cell.seeded for cell in seeded} == ({GLOBAL} if toy.is_shuffled else set())
        assert len(seeded) == toy.is_shuffled * 2 * (len(FEW_STEPS) if toy.ends else 2)
        if toy.batches == LONG:
            assert {cell.call.steps_per_epoch for cell in cells} == {None, 50, 30}


@pytest.mark.parametrize(
    ("call", "more", "short"),
    [
        (toy_call(3), {}, True),
        (toy_call(3, fits=2), {}, True),
        (toy_call(3, validation=True), {}, True),
        (toy_call(3, fits=2, validation=True), {}, False),
        (toy_call(3, steps_per_execution=3, fits=2), {}, False),
        (toy_call(3), {"seeded": GLOBAL}, True),
        (toy_call(3, fits=2), {"seeded": GLOBAL}, False),
        (toy_call(3), {"act": "validate"}, True),
        (toy_call(3), {"act": "validate", "seeded": GLOBAL}, False),
    ],
)
def test_where_not_all_is_asked_for_at_most_one_thing_is_unusual(call, more, short):
    (toy,) = by_name("arrays(shuffle=True)")
    assert is_short(AtlasCell(toy.kind, toy.options, call, **more), toy) is short
