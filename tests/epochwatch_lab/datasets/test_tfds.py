"""Sets that TFDS itself has stored here, read with their ids as indices.

MNIST: test_mnist_of_tfds.py.
"""

import re
import shutil
import socket
from unittest import mock

import numpy as np
import pytest
import tensorflow_datasets as tfds

from epochwatch.errors import BadInput, DataError
from epochwatch_lab.datasets import from_tfds, tfds_id_of

CLASSES = ["stone", "leaf", "shell"]
SAMPLES = 34
SHARDS = 3


def image(number):
    """Make the image that says which sample it is."""
    return np.full((4, 5, 3), number, np.uint8)


class Beach(tfds.core.GeneratorBasedBuilder):
    """Finds on a beach; every seventh is a shell."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = {
            "picture": tfds.features.Image(shape=(4, 5, 3)),
            "find": tfds.features.ClassLabel(names=CLASSES),
            "place": tfds.features.Text(),
        }
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(features), supervised_keys=("picture", "find")
        )

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples(0), "test": self._generate_examples(100)}

    def _generate_examples(self, begin):
        for number in range(begin, begin + SAMPLES):
            find = "shell" if number % 7 == 0 else CLASSES[number % 2]
            yield number, {"picture": image(number), "find": find, "place": f"at {number}"}


@pytest.fixture(
    scope="module",
    params=["tfrecord", pytest.param("array_record", marks=pytest.mark.slow)],
)
def beach(request, tmp_path_factory):
    """The folder of the set, in several shards."""
    folder = tmp_path_factory.mktemp(request.param)
    config = tfds.download.DownloadConfig(num_shards=SHARDS)
    builder = Beach(data_dir=folder, file_format=request.param)
    builder.download_and_prepare(download_config=config)
    assert builder.info.splits["train"].num_shards == SHARDS
    return folder


@pytest.fixture
def no_network(monkeypatch):
    """Fail whatever goes to a network."""
    monkeypatch.setattr(socket.socket, "connect", mock.Mock(side_effect=AssertionError))
    monkeypatch.setattr(socket, "getaddrinfo", mock.Mock(side_effect=AssertionError))


def numbers(stream):
    """Read off the images which samples they are."""
    return stream.images[:, 0, 0, 0].tolist()


def stored_as(folder, features, dataset, **options):
    """Have TFDS store a dataset, under the name `small`."""
    return tfds.dataset_builders.store_as_tfds_dataset(
        name="small",
        version="1.0.0",
        features=tfds.features.FeaturesDict(features),
        split_datasets={"train": dataset},
        data_dir=folder,
        **options,
    )


IMAGE, LABEL = tfds.features.Image(shape=(4, 5, 3)), tfds.features.ClassLabel(names=CLASSES)


def examples(labels, images=None, key="label"):
    """Make numbered examples."""
    images = [image(number) for number in range(len(labels))] if images is None else images
    return [
        (number, {"image": picture, key: label})
        for number, (picture, label) in enumerate(zip(images, labels, strict=True))
    ]


def refused(*arguments, **options):
    """Load, and return the line of the refusal."""
    with pytest.raises(BadInput) as caught:
        from_tfds(*arguments, **options)
    (line,) = str(caught.value).splitlines()
    return line


class TestASetOfSeveralShards:
    def test_its_streams_are_the_class_and_the_rest(self, beach, no_network):
        minority, majority = from_tfds("beach", "shell", data_dir=beach)
        assert sorted(numbers(minority)) == [0, 7, 14, 21, 28]
        assert sorted(numbers(minority) + numbers(majority)) == list(range(SAMPLES))
        assert minority.images.shape == (5, 4, 5, 3)
        assert minority.images.dtype == np.uint8
        assert (minority.label, majority.label) == (1, 0)

    def test_the_index_is_an_ascending_row_that_no_other_sample_has(self, beach):
        streams = from_tfds("beach", "shell", data_dir=beach)
        for stream in streams:
            assert stream.index.dtype == np.int64
            assert (np.diff(stream.index) > 0).all()
        rows = np.concatenate([stream.index for stream in streams])
        assert sorted(rows.tolist()) == list(range(SAMPLES))

    def test_a_name_and_its_number_mean_the_same(self, beach):
        by_name = from_tfds("beach", "leaf", data_dir=beach)
        by_number = from_tfds("beach", np.int64(1), data_dir=beach)
        for one, other in zip(by_name, by_number, strict=True):
            np.testing.assert_array_equal(one.index, other.index)
            np.testing.assert_array_equal(one.images, other.images)

    def test_a_sample_has_the_same_index_in_a_part_as_in_the_whole(self, beach):
        whole = from_tfds("beach", "stone", data_dir=beach)
        wanted = {
            row: number
            for stream in whole
            for row, number in zip(stream.index.tolist(), numbers(stream), strict=True)
        }
        part = from_tfds("beach", "stone", "train[9:30]", data_dir=beach)
        found = {
            row: number
            for stream in part
            for row, number in zip(stream.index.tolist(), numbers(stream), strict=True)
        }
        assert sorted(found) == list(range(9, 30))
        assert found.items() <= wanted.items()

    def test_other_splits_are_read_too(self, beach):
        minority, _ = from_tfds("beach", "shell", tfds.Split.TEST, beach)
        assert sorted(numbers(minority)) == [105, 112, 119, 126, 133]

    def test_the_features_can_be_named(self, beach):
        given = {"image_key": "picture", "label_key": "place", "data_dir": beach}
        minority, majority = from_tfds("beach", "at 3", **given)
        assert numbers(minority) == [3]
        assert len(majority.index) == SAMPLES - 1

    def test_a_class_that_is_not_there_is_refused_with_those_that_are(self, beach):
        told = "0 'stone', 1 'leaf', 2 'shell'"
        for wrong in ("shel", 3, -1, float("nan"), None, "2"):
            line = refused("beach", wrong, data_dir=beach)
            assert line.startswith(f"positive: got {wrong!r}, allowed: ")
            assert line.endswith(told)

    @pytest.mark.parametrize(
        "split", ["valid", "train+test", "all", "train[:10]+train[5:]", "train[:a]", "", "train["]
    )
    def test_what_is_not_a_split_or_a_part_of_one_is_refused(self, beach, split):
        line = refused("beach", "shell", split, beach)
        assert line.startswith(
            f"split: got {split!r}, allowed: one of test, train, or a part of one"
        )

    def test_a_part_without_samples_is_refused(self, beach):
        assert "'train[:0]', which has no samples" in refused("beach", 2, "train[:0]", beach)

    @pytest.mark.parametrize(
        ("keys", "told"),
        [
            ({"image_key": "foto"}, "image_key: got 'foto', allowed: one of find, picture, place"),
            ({"image_key": "place"}, "image_key: got 'place', which is Text"),
            ({"image_key": "find"}, "image_key: got 'find', which is ClassLabel"),
            ({"label_key": "picture"}, "label_key: got 'picture', which is Image"),
        ],
    )
    def test_features_that_are_not_what_they_shall_be_are_refused(self, beach, keys, told):
        assert refused("beach", "shell", data_dir=beach, **keys).startswith(told)

    def test_a_damaged_file_is_told_in_one_line(self, beach, tmp_path):
        copy = shutil.copytree(beach, tmp_path / "copy")
        next(copy.rglob("*train*-of-*")).write_bytes(b"nothing of the kind")
        with pytest.raises(DataError) as caught:
            from_tfds("beach", "shell", data_dir=copy)
        assert re.fullmatch(
            r"beach/1\.0\.0: cannot be read \(.*\); delete .* prepare .* again", str(caught.value)
        )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ids")
    config = tfds.download.DownloadConfig(num_shards=SHARDS)
    Beach(data_dir=folder).download_and_prepare(download_config=config)
    return folder


@pytest.fixture(scope="module")
def ids(folder):
    """By the number of a sample, read in another way: files interleaved and shuffled."""
    config = tfds.ReadConfig(add_tfds_id=True, shuffle_seed=5)
    read = tfds.builder("beach", data_dir=folder).as_dataset(
        split="train", shuffle_files=True, read_config=config
    )
    return {
        int(sample["picture"][0, 0, 0]): sample["tfds_id"].decode()
        for sample in tfds.as_numpy(read)
    }


class TestTheId:
    """TFDS itself is the oracle: what it gives as `tfds_id` beside the image."""

    def test_an_index_turns_back_into_it(self, folder, ids):
        for stream in from_tfds("beach", "shell", data_dir=folder):
            told = tfds_id_of("beach", stream.index, data_dir=folder)
            assert told == [ids[number] for number in numbers(stream)]
            assert tfds_id_of("beach", stream.index[1], data_dir=folder) == told[1]
        assert len(set(ids.values())) == SAMPLES

    @pytest.mark.parametrize("index", [-1, SAMPLES, [0, 99]])
    def test_an_index_outside_of_the_split_is_refused(self, folder, index):
        wrong = index if isinstance(index, int) else 99
        with pytest.raises(BadInput, match=f"index: got {wrong}, allowed: 0 to 33"):
            tfds_id_of("beach", index, data_dir=folder)

    def test_an_index_that_is_no_integer_is_refused(self, folder):
        with pytest.raises(BadInput, match="index: got float64, allowed: integers"):
            tfds_id_of("beach", 1.5, data_dir=folder)


class TestASetStoredFromArrays:
    def test_the_only_image_and_the_only_class_are_taken(self, tmp_path):
        stored_as(tmp_path, {"image": IMAGE, "label": LABEL}, examples([0, 2, 1, 0, 2]))
        minority, _ = from_tfds("small", "shell", data_dir=tmp_path)
        assert sorted(numbers(minority)) == [1, 4]

    def test_what_is_stored_in_order_has_its_row_as_index(self, tmp_path):
        labels = np.arange(SAMPLES) % 3
        stored_as(
            tmp_path, {"image": IMAGE, "label": LABEL}, examples(labels), disable_shuffling=True
        )
        for stream in from_tfds("small", 2, data_dir=tmp_path):
            assert stream.index.tolist() == numbers(stream)

    def test_a_configuration_and_a_version_are_part_of_the_name(self, tmp_path):
        features = {"image": IMAGE, "label": LABEL}
        stored_as(tmp_path, features, examples([0, 2, 1]), config="wet")
        stored_as(tmp_path, features, examples([0, 1, 2]), config="dry")
        assert numbers(from_tfds("small/wet:1.0.0", 2, data_dir=tmp_path).minority) == [1]
        assert numbers(from_tfds("small/dry", 2, data_dir=tmp_path).minority) == [2]
        assert "name/configuration" in refused("small/moist", 2, data_dir=tmp_path)

    def test_images_of_one_shape_need_not_say_so(self, tmp_path):
        features = {"image": tfds.features.Image(), "label": LABEL}
        stored_as(tmp_path, features, examples([0, 2, 1]))
        assert numbers(from_tfds("small", 2, data_dir=tmp_path).minority) == [1]

    def test_images_of_several_shapes_are_refused_with_the_remedy(self, tmp_path):
        features = {"image": tfds.features.Image(), "label": LABEL}
        images = [image(0), image(1), np.zeros((6, 5, 3), np.uint8)]
        stored_as(tmp_path, features, examples([0, 2, 1], images), disable_shuffling=True)
        line = refused("small", 2, data_dir=tmp_path)
        assert "(4, 5, 3) (small-train.tfrecord-00000-of-00001__0)" in line
        assert "(6, 5, 3) (small-train.tfrecord-00000-of-00001__2)" in line
        assert "resize them with tf.image.resize" in line

    def test_samples_without_a_label_are_refused(self, tmp_path):
        stored_as(tmp_path, {"image": IMAGE, "label": LABEL}, examples([0, -1, 1, -1]))
        line = refused("small", 0, data_dir=tmp_path)
        assert line.startswith("labels: got -1, which is not a class, for 2 of 4 samples of")

    def test_labels_that_are_numbers_without_names(self, tmp_path):
        features = {"image": IMAGE, "label": tfds.features.Scalar(np.float32)}
        stored_as(tmp_path, features, examples([0.5, 1.5, 1.5]))
        options = {"data_dir": tmp_path, "label_key": "label"}
        assert numbers(from_tfds("small", 0.5, **options).minority) == [0]
        line = refused("small", "0.5", **options)
        assert line.endswith("allowed: a class that is in the split, by label: 0.5, 1.5")

    def test_a_label_of_nan_is_refused(self, tmp_path):
        features = {"image": IMAGE, "label": tfds.features.Scalar(np.float32)}
        stored_as(tmp_path, features, examples([0.5, np.nan, 1.5]))
        line = refused("small", 0.5, data_dir=tmp_path, label_key="label")
        assert line.startswith("labels: got NaN, which is not a class, for 1 of 3 samples")

    @pytest.mark.parametrize(
        ("features", "told"),
        [
            ({"image": IMAGE}, "label_key: got none, but the set has 0 features of the kind"),
            ({"label": LABEL}, "image_key: got none, but the set has 0 features of the kind"),
            (
                {"image": IMAGE, "label": LABEL, "other": LABEL},
                "label_key: got none, but the set has 2 features of the kind ClassLabel",
            ),
            (
                {"image": IMAGE, "label": tfds.features.Sequence(LABEL)},
                "label_key: got none, but the set has 0 features of the kind ClassLabel",
            ),
        ],
        ids=["no labels", "no images", "two labels", "several labels an image"],
    )
    def test_a_set_of_another_kind_is_refused(self, tmp_path, features, told):
        values = {"image": image(0), "label": 1, "other": 1}
        if isinstance(features.get("label"), tfds.features.Sequence):
            values["label"] = [1, 2]
        sample = {key: values[key] for key in features}
        stored_as(tmp_path, features, [(0, sample), (1, sample)])
        line = refused("small", 1, data_dir=tmp_path)
        assert line.startswith(told)
        assert "take another set" in line

    def test_several_labels_for_an_image_are_refused(self, tmp_path):
        features = {"image": IMAGE, "label": tfds.features.Sequence(LABEL)}
        stored_as(tmp_path, features, examples([[0, 1], [1]]))
        line = refused("small", 1, data_dir=tmp_path, label_key="label")
        assert line.startswith("label_key: got 'label', which is Sequence")
        assert "one class for each image" in line


class TestASetThatIsNotThere:
    def test_it_is_not_downloaded_unasked(self, tmp_path, no_network):
        line = refused("mnist", 1, data_dir=tmp_path)
        assert line == (
            f"name: got 'mnist', which is not prepared in {tmp_path}, allowed: a set that is; "
            "prepare it with from_tfds('mnist', …, download=True), or give its data_dir"
        )
        assert list(tmp_path.iterdir()) == []

    def test_it_is_prepared_when_asked(self, tmp_path):
        minority, _ = from_tfds("beach", "shell", data_dir=tmp_path, download=True)
        assert sorted(numbers(minority)) == [0, 7, 14, 21, 28]
        again = from_tfds("beach", "shell", data_dir=tmp_path)
        assert again.minority.index.tolist() == minority.index.tolist()

    def test_a_failed_download_is_told_in_one_line(self, tmp_path, no_network, monkeypatch):
        down = mock.Mock(side_effect=OSError("no route\nto host"))
        monkeypatch.setattr("tensorflow_datasets.builder", down)
        with pytest.raises(DataError) as caught:
            from_tfds("mnist", 1, data_dir=tmp_path, download=True)
        assert str(caught.value).startswith(
            "name: got 'mnist', which TFDS could not download and prepare "
            "(OSError: no route to host); check the network, or give"
        )

    @pytest.mark.parametrize("download", [False, True])
    @pytest.mark.parametrize("name", ["mnits", "mnits:3.0.1", "Mnits"])
    def test_an_unknown_set_is_refused_with_those_like_it(
        self, tmp_path, no_network, name, download
    ):
        line = refused(name, 1, data_dir=tmp_path, download=download)
        assert line.startswith(f"name: got {name!r}, which this TFDS does not know (it knows mnist")

    @pytest.mark.parametrize("name", ["", "kaggle:mnist", "Not a name!", "mnist/", "mnist:x"])
    def test_a_name_of_another_form_is_refused(self, tmp_path, no_network, name):
        assert refused(name, 1, data_dir=tmp_path).startswith(f"name: got {name!r}")
