"""Which records are trained: each way of reading, against a plain pass over the same files."""

import itertools

import numpy as np
import pytest

from epochwatch.exposures import Counts
from epochwatch_lab.datasets import tfrecords
from epochwatch_lab.datasets.tfrecords import Reading, ReadingWay, balanced_records
from epochwatch_lab.record_trainings import (
    WayCalled,
    exposed_of_rare,
    scene_map,
    train_each_way,
    trained_records,
)

pytestmark = pytest.mark.slow

FILES, PATCHES, RATIO = 3, 40, 9
STEPS, EPOCHS, BATCH_SIZE = 1, 4, 4
WAYS = {
    "in order": ReadingWay(),
    "cached": ReadingWay(cache=True, prefetch=2),
    "interleaved": ReadingWay(Reading(FILES)),
    "shuffled": ReadingWay(shuffle=5, seed=1),
    "any order": ReadingWay(Reading(FILES, parallel=2, deterministic=False)),
    "shuffled files": ReadingWay(Reading(2, parallel=2, shuffled_files=0)),
}


class Streams:
    """A small export, and its two streams copied."""

    def __init__(self, folder):
        sizes = {"ratio": RATIO, "bands": 2, "patch": 8, "kernel": 2, "files": 2}
        tfrecords.write_export(folder / "export", PATCHES, **sizes, compressed=False)
        self.export = tfrecords.find_export(folder / "export", "landcover")
        self.counts = tfrecords.survey_export(self.export)
        place = folder / "streams"
        self.copied = tfrecords.split_export(self.export, place, self.counts, files=FILES)
        self.majority, self.minority = (
            tfrecords.find_export(place, "landcover", prefix=name, size=self.export.layout.shape)
            for name in ("majority", "minority")
        )

    def feed(self, way):
        majority, minority = way.read(self.majority), ReadingWay().read(self.minority)
        return balanced_records(majority, minority, BATCH_SIZE)

    @property
    def index(self):
        return self.copied["majority"].index


@pytest.fixture(scope="module")
def streams(tmp_path_factory):
    return Streams(tmp_path_factory.mktemp("records"))


@pytest.fixture(scope="module")
def counts(streams, tmp_path_factory):
    """What was trained: each way in one `fit`, the first one in a call for each epoch as well."""
    calls = [*map(WayCalled, WAYS), WayCalled("in order", EPOCHS)]
    folder = tmp_path_factory.mktemp("log") / "ways"
    return train_each_way(lambda name: streams.feed(WAYS[name]), calls, STEPS, EPOCHS, folder)


def trained(streams, counts, name, fits=1):
    drawn = STEPS * EPOCHS * BATCH_SIZE // 2 // fits
    return trained_records(counts[name, fits], streams.index, WAYS[name], drawn)


@pytest.mark.parametrize("name", WAYS)
def test_one_fit_trains_as_many_different_records_as_it_draws(name, streams, counts):
    found = trained(streams, counts, name)
    assert found.trained == STEPS * EPOCHS * BATCH_SIZE // 2
    assert found.most_often == 1
    assert found.furthest is None or found.furthest <= found.within_reach


def test_they_are_the_first_that_a_plain_pass_delivers(streams, counts):
    for name in ("in order", "interleaved"):
        found = trained(streams, counts, name)
        plain = WAYS[name].read(streams.majority).take(found.trained).as_numpy_iterator()
        wanted = sorted(int(targets["index"]) for _, targets in plain)
        assert found.index.tolist() == wanted
        assert found.furthest == found.trained


def test_interleaved_they_lie_in_all_files_and_in_order_in_the_first(streams, counts):
    assert trained(streams, counts, "in order").files == 1
    assert trained(streams, counts, "interleaved").files == FILES


def test_a_call_for_each_epoch_trains_the_same_records_each_time(streams, counts):
    found = trained(streams, counts, "in order", EPOCHS)
    assert found.index.tolist() == streams.index[: BATCH_SIZE // 2].tolist()
    assert found.most_often == EPOCHS
    assert found.as_json() == {
        "trained": 2,
        "most_often": EPOCHS,
        "within_reach": 2,
        "furthest": 2,
        "files": 1,
    }


@pytest.mark.parametrize("name", ["any order", "shuffled files"])
def test_where_the_order_is_not_fixed_no_record_is_the_furthest(name, streams, counts):
    assert trained(streams, counts, name).furthest is None


@pytest.mark.parametrize(
    ("way", "drawn", "reach"),
    [
        (ReadingWay(), 7, 7),
        (ReadingWay(shuffle=5), 7, 11),
        (ReadingWay(shuffle=1), 7, 7),
        (ReadingWay(shuffle=5), 34, 36),
    ],
)
def test_a_buffer_reaches_as_far_as_it_has_been_filled(way, drawn, reach):
    assert way.reach(drawn, 36) == reach


def test_ranks_are_the_places_in_which_a_plain_pass_delivers(streams):
    for name in ("in order", "interleaved", "shuffled"):
        in_order = WAYS[name]._replace(shuffle=0)
        index = [int(t["index"]) for _, t in in_order.read(streams.majority).as_numpy_iterator()]
        ranks = WAYS[name].ranks(np.array(index), streams.index)
        assert ranks.tolist() == list(range(len(index)))


def test_balanced_batches_take_turns_and_have_no_end(streams):
    batches = streams.feed(ReadingWay()).take(25).as_numpy_iterator()
    labels = [targets["label"].ravel().tolist() for _, targets in batches]
    assert labels == [[1, 0, 1, 0]] * 25
    assert sum(map(len, labels)) > 2 * PATCHES


def test_the_rare_class_is_counted_by_patch_and_by_pixel(streams):
    pixels = dict(zip(streams.counts.index, streams.counts.positives, strict=True))
    rare = streams.copied["minority"]
    order = np.concatenate([rare.index, rare.index, streams.index[:3]])
    exposed = exposed_of_rare(order, rare, streams.counts)
    assert exposed["patches"] == [2 * len(rare.index), len(order)]
    assert exposed["pixels"][0] == 2 * sum(pixels[i] for i in rare.origin)
    assert exposed["pixels"][1] == len(order) * 100


def test_trained_records_lie_on_the_scene_where_their_patches_do(streams):
    chosen = streams.copied["majority"].origin[[0, 2, 30]]
    drawn = scene_map(chosen, streams.export, streams.counts)
    assert drawn.patches == PATCHES
    assert drawn.columns == streams.export.mixer["patchesPerRow"]
    all_in_order = list(itertools.chain(streams.counts.index.tolist()))
    assert drawn.seen.tolist() == [all_in_order.index(i) for i in chosen.tolist()]


def test_of_an_export_without_a_mixer_the_scene_is_taken_for_a_square(streams):
    assert streams.export._replace(mixer=None).patches_in_row(40) == 7
    assert streams.export._replace(mixer=None).margin == 0
    assert streams.export.margin == 1


def test_class_sizes_add_up(streams):
    sizes = streams.counts.class_sizes()
    assert sum(one["patches"] for one in sizes.values()) == PATCHES
    assert sum(one["pixels"] for one in sizes.values()) == PATCHES * 100
    assert sizes["rare"]["patches"] == len(streams.copied["minority"].index)


def test_examples_are_the_patches_asked_for_with_the_rare_class_first(streams):
    wanted = np.array([streams.counts.majority[0], streams.counts.minority[0]])
    first, second = tfrecords.example_patches(streams.export, wanted)
    assert first[1].sum() == streams.counts.positives_of(wanted[1:])[0]
    assert second[1].sum() == 0
    assert first[0].shape == first[1].shape == (10, 10)


def test_counts_of_several_fits_are_kept_apart(counts):
    assert isinstance(counts["in order", 1], Counts)
    assert max(counts["in order", EPOCHS].exposures) == EPOCHS
