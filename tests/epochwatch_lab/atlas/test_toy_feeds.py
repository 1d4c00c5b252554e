"""The toy feeds deliver what their names say, batch by batch, and each cell is asked for once."""

import itertools

import keras
import numpy as np
import pytest

from epochwatch import feeds
from epochwatch.feeds._facts import describe
from epochwatch_lab._atlas.cells import STEPS_PER_EPOCH, cells_of
from epochwatch_lab._atlas.toy_feeds import BATCHES, MAJORITY, MINORITY, ROWS, toy_feeds

TOYS = toy_feeds(keras)
IN_ORDER = [[2 * place, 2 * place + 1] for place in range(BATCHES)]
OUT_OF_ORDER = ("shuffle", "datasets", "rejection")


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
    assert facts.length in ((BATCHES, None) if toy.ends else (None,))
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


def test_every_combination_is_asked_for_once_and_none_that_cannot_be():
    cells = [cell for toy in TOYS for cell in cells_of(toy, "tensorflow")]
    assert len({cell.name for cell in cells}) == len(cells)
    ends = sum(toy.ends for toy in TOYS)
    assert len(cells) == 8 * (ends * len(STEPS_PER_EPOCH) + (len(TOYS) - ends) * 4)
    on_torch = [cell for toy in TOYS for cell in cells_of(toy, "torch")]
    assert len(on_torch) * 2 == len(cells)
    assert {cell.call.steps_per_execution for cell in on_torch} == {1}
