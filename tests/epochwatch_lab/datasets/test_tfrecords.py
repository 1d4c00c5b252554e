"""Exports as Earth Engine writes them: what is written, what is read, and each record's index."""

import hashlib
import json

import keras
import numpy as np
import pytest
import tensorflow as tf

import epochwatch
from epochwatch.errors import BadInput
from epochwatch_lab import models
from epochwatch_lab.datasets import tfrecords
from epochwatch_lab.datasets.tfrecords import (
    Faults,
    Reading,
    _layout,
    _writing,
    find_export,
    read_export,
)
from epochwatch_lab.datasets.tfrecords._scene import Scene

SMALL = {"ratio": 9, "bands": 11, "patch": 8, "kernel": 2, "files": 3, "compressed": False}
PATCHES = 34  # three files of 11, 11 and 12


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An export of 34 patches, three of them with the rare class."""
    place = tmp_path_factory.mktemp("export")
    tfrecords.write_export(place, PATCHES, **SMALL)
    return place


@pytest.fixture(scope="module")
def scene():
    """The scene that is in it."""
    return Scene.from_sizes(PATCHES, 9, 11, 8, 2, 0)


@pytest.fixture(scope="module")
def export(folder):
    """What is found in it."""
    return find_export(folder, "landcover")


def as_tensorflow_reads(file, names, size):
    """Read a file by TensorFlow alone, as Earth Engine's guide does."""
    features = {name: tf.io.FixedLenFeature([size, size], tf.float32) for name in names}
    kind = "GZIP" if file.suffix == ".gz" else ""
    records = tf.data.TFRecordDataset(str(file), kind)
    return [tf.io.parse_single_example(record, features) for record in records]


def test_tensorflow_reads_what_was_written_and_so_do_we(folder, scene, export):
    names = [*(f"B{n}" for n in range(1, 12)), "landcover"]
    files = sorted(folder.glob("*.tfrecord"))
    oracle = [parsed for file in files for parsed in as_tensorflow_reads(file, names, 10)]
    ours = list(read_export(export, target="pixels").as_numpy_iterator())
    assert len(oracle) == len(ours) == PATCHES
    for parsed, (x, targets), made in zip(
        oracle, ours, scene.pixels(np.arange(PATCHES)), strict=True
    ):
        channels_first = np.stack([parsed[name] for name in names])
        assert channels_first.tobytes() == made.tobytes()
        assert np.moveaxis(x, -1, 0).tobytes() == made[:-1].tobytes()
        assert targets["label"][..., 0].tobytes() == made[-1].tobytes()


def test_bands_stand_in_the_order_of_their_numbers(export):
    assert export.layout.bands == tuple(f"B{n}" for n in range(1, 12))
    assert export.layout.shape == (10, 10)


def test_the_index_is_the_file_and_the_record(export):
    index = [int(targets["index"]) for _, targets in read_export(export)]
    assert index == [
        n * 2**32 + r for n, records in enumerate((11, 11, 12)) for r in range(records)
    ]
    assert tfrecords.file_and_record(index[-1]) == (2, 11)
    assert tfrecords.patch_numbers(np.array(index), [11, 11, 12]).tolist() == list(range(PATCHES))


def test_the_mixer_is_that_of_earth_engine(folder, export):
    mixer = json.loads((folder / "mixed-mixer.json").read_text())
    assert mixer["patchDimensions"] == [8, 8], "without the margin, as Earth Engine writes it"
    assert mixer["totalPatches"] == PATCHES
    assert mixer["patchesPerRow"] == 6
    assert len(mixer["projection"]["affine"]["doubleMatrix"]) == 6
    assert export.mixer["patchesPerRow"] == 6


def test_neighbours_agree_where_they_overlap(scene):
    made = scene.pixels(np.arange(PATCHES))
    right, below = 1, scene.columns
    assert np.array_equal(made[0, :, :, -2:], made[right, :, :, :2])
    assert np.array_equal(made[0, :, -2:, :], made[below, :, :2, :])
    assert not np.array_equal(made[0, :-1], made[right, :-1])


@pytest.mark.parametrize("files", [1, 5])
def test_what_is_written_does_not_depend_on_the_number_of_files(files, tmp_path, export):
    tfrecords.write_export(tmp_path, PATCHES, **SMALL | {"files": files, "compressed": True})
    there = find_export(tmp_path, "landcover")
    assert there.files[0].name == "mixed-00000.tfrecord.gz"
    for (x, _), (other, _) in zip(read_export(there), read_export(export), strict=True):
        assert np.array_equal(x, other)


def digests(folder):
    return [hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())]


def test_the_same_seed_is_the_same_bytes_and_another_is_another(tmp_path, folder):
    for seed in (0, 1):
        tfrecords.write_export(tmp_path / str(seed), PATCHES, **SMALL, seed=seed)
    assert digests(tmp_path / "0") == digests(folder)
    assert digests(tmp_path / "1") != digests(folder)


def test_a_scene_does_not_depend_on_how_many_patches_are_made_at_once(scene):
    whole = scene.pixels(np.arange(PATCHES))
    parts = [scene.pixels(np.array([number])) for number in range(PATCHES)]
    assert np.array_equal(whole, np.concatenate(parts))


def test_the_survey_finds_the_rare_class_where_the_scene_has_it(scene, export):
    counts = tfrecords.survey_export(export)
    assert (
        tfrecords.patch_numbers(counts.minority, [11, 11, 12]).tolist() == scene.minority.tolist()
    )
    label = scene.pixels(np.arange(PATCHES))[:, -1]
    assert counts.positives.tolist() == label.sum(axis=(1, 2)).tolist()
    assert len(counts.majority) == PATCHES - 3


def test_another_value_of_the_label_can_be_the_rare_one(export):
    assert len(tfrecords.survey_export(export, positive=0).minority) == PATCHES
    label = next(iter(read_export(export, target="pixels", positive=0)))[1]["label"]
    assert float(label[0, 0, 0]) == 1


def test_the_streams_are_the_same_records_in_sets_of_their_own(export, tmp_path):
    counts = tfrecords.survey_export(export)
    copied = tfrecords.split_export(export, tmp_path / "streams", counts, files=2)
    names = sorted(file.name for file in (tmp_path / "streams").iterdir())
    assert names == [
        f"{n}.tfrecord" for n in ("majority-00000", "majority-00001", "minority-00000")
    ]
    whole = {int(t["index"]): x.numpy() for x, t in read_export(export)}
    for name, stream in copied.items():
        there = find_export(tmp_path / "streams", "landcover", prefix=name, size=(10, 10))
        read = list(read_export(there))
        assert [int(targets["index"]) for _, targets in read] == stream.index.tolist()
        assert {float(targets["label"]) for _, targets in read} == {float(name == "minority")}
        for (x, _), origin in zip(read, stream.origin.tolist(), strict=True):
            assert np.array_equal(x, whole[origin])
    with pytest.raises(BadInput, match="which exists, allowed: a new one"):
        tfrecords.split_export(export, tmp_path / "streams", counts)


@pytest.mark.parametrize(
    "how",
    [
        Reading(3),
        Reading(3, block=4),
        Reading(3, parallel=2),
        Reading(3, parallel=2, deterministic=False),
        Reading(2, shuffled_files=5),
        Reading(1, shuffled_files=5),
        Reading(9, parallel=9),
    ],
    ids=str,
)
def test_every_way_of_reading_reads_every_record_once(how, export):
    index = sorted(int(targets["index"]) for _, targets in read_export(export, reading=how))
    assert index == tfrecords.survey_export(export).index.tolist()


def test_interleaved_the_files_take_turns(export):
    def first(how, count=6):
        records = read_export(export, reading=how).take(count)
        return [tfrecords.file_and_record(int(targets["index"])) for _, targets in records]

    assert first(Reading(3)) == [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)]
    assert first(Reading(3, parallel=2)) == first(Reading(3))
    assert first(Reading(3, block=2)) == [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)]


def test_a_table_is_one_gzip_file_of_lists_of_one_float(tmp_path):
    rare = tfrecords.write_table(tmp_path / "samples.tfrecord.gz", 34, ratio=9, bands=3)
    oracle = as_tensorflow_reads(tmp_path / "samples.tfrecord.gz", ["B1", "B2", "B3"], 1)
    table = find_export(tmp_path / "samples.tfrecord.gz", "landcover")
    assert table.layout == _layout.Layout(("B1", "B2", "B3"), "landcover", ())
    rows = list(read_export(table).batch(5))
    assert rows[0][0].shape == (5, 3)
    assert rows[0][0][4].numpy().tolist() == [float(band[0, 0]) for band in oracle[4].values()]
    label = np.concatenate([targets["label"] for _, targets in rows])
    assert np.flatnonzero(label).tolist() == rare.tolist()


def test_patches_that_are_not_square_are_read_by_the_size_given(tmp_path):
    template = _writing.RecordTemplate(["B1", "label"], 6)
    made = np.arange(24, dtype=np.float32).reshape(2, 2, 6)
    with _writing.open_writer(tmp_path, "mine", 0, compressed=False) as write:
        write(template.filled(made))
    with pytest.raises(BadInput, match=r"size: got 6 values in a band, .* give size=\(height"):
        find_export(tmp_path, "label")
    mine = find_export(tmp_path, "label", size=(2, 3))
    assert next(iter(read_export(mine)))[0][..., 0].numpy().tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"label_band": "cover"}, "label_band: got 'cover', allowed: B1, B2, B3, B4"),
        ({"bands": ["B1", "B99"]}, "bands: got 'B99', allowed: B1"),
        ({"prefix": "minority"}, "prefix: got 'minority', allowed: the beginning of one of mixed"),
    ],
)
def test_what_an_export_does_not_have_is_told_in_one_line(given, told, folder):
    with pytest.raises(BadInput) as raised:
        find_export(folder, **{"label_band": "landcover"} | given)
    assert told in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_folder_without_an_export_is_told(tmp_path):
    with pytest.raises(BadInput, match=r"a folder with files named \*.tfrecord"):
        find_export(tmp_path, "landcover")
    with pytest.raises(BadInput, match="a folder that an export was written to"):
        find_export(tmp_path / "none", "landcover")
    (tmp_path / "mine-00000.tfrecord").write_bytes(b"")
    with pytest.raises(BadInput, match="found no readable record"):
        find_export(tmp_path, "landcover")


def test_a_mixer_that_is_none_is_told(tmp_path):
    tfrecords.write_export(tmp_path, 4, **SMALL)
    (tmp_path / "mixed-mixer.json").write_text('{"totalPatches": 4}')
    with pytest.raises(BadInput, match="mixed-mixer.json: not a mixer file of Earth Engine"):
        find_export(tmp_path, "landcover")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"patches": 0}, "patches: got 0"),
        ({"kernel": 3}, "patch and kernel: got 8 and 3"),
        ({"kernel": 4}, "an even kernel from 0 to a quarter"),
        ({"files": 0}, "files: got 0, allowed: 1 or more"),
    ],
)
def test_sizes_that_cannot_be_are_refused(given, told, tmp_path):
    with pytest.raises(BadInput, match=told):
        tfrecords.write_export(tmp_path, **{"patches": 9, **SMALL, **given})
    assert list(tmp_path.iterdir()) == []


def test_a_choice_that_there_is_not_is_refused(export):
    with pytest.raises(BadInput, match="target: got 'mask', allowed: patch, pixels"):
        read_export(export, target="mask")
    with pytest.raises(BadInput, match="on_fault: got 'ignore', allowed: stop, skip"):
        Faults("ignore")


@pytest.mark.parametrize("size", [(8, 8), (9, 13)])
def test_the_unet_keeps_the_size_of_the_patch(size):
    assert models.small_unet(3, size).output_shape == (None, *size, 1)
    assert models.patch_classifier(3, size).output_shape == (None, 1)


def test_indices_travel_beside_rasterised_labels(export, tmp_path):
    model = models.small_unet(11, export.layout.shape)
    model.compile(keras.optimizers.Adam(1e-2), "binary_crossentropy")
    watched = epochwatch.watch(model, log=tmp_path / "log")
    feed = read_export(export, target="pixels").batch(17).repeat()
    history = watched.fit(feed, steps_per_epoch=2, epochs=3, verbose=0)
    trained = [batch.index for batch in epochwatch.ExposureLog.read(tmp_path / "log").batches()]
    every = tfrecords.survey_export(export).index.tolist()
    assert np.concatenate(trained).tolist() == every * 3
    assert history.history["loss"][-1] < history.history["loss"][0]
