import shutil
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import epochwatch
import epochwatch_lab
from epochwatch import ExposureLog, feeds
from epochwatch.errors import BadInput, DataError
from epochwatch_lab.datasets import from_tfds, load_mnist, mnist, tfds_id_of

NETWORK_IS_DOWN = mock.Mock(side_effect=Exception("URL fetch failure:\n no route to host"))


@pytest.fixture(scope="module")
def embedded():
    return load_mnist()


@pytest.fixture
def copied_file(tmp_path, monkeypatch):
    """A copy of the embedded file, which stands in its place."""
    copy = shutil.copy(mnist.EMBEDDED, tmp_path / "mnist.npz")
    monkeypatch.setattr(mnist, "EMBEDDED", copy)
    return copy


def assert_same(given, expected):
    for given_split, expected_split in zip(given, expected, strict=True):
        np.testing.assert_array_equal(given_split.images, expected_split.images, strict=True)
        np.testing.assert_array_equal(given_split.labels, expected_split.labels, strict=True)


def flip(path, offset):
    content = bytearray(path.read_bytes())
    content[offset] ^= 0xFF
    path.write_bytes(content)


def one_line(caught):
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    return message


def test_the_embedded_file_has_all_samples(embedded):
    assert [(a.shape, a.dtype) for split in embedded for a in split] == [
        ((60_000, 28, 28), np.uint8),
        ((60_000,), np.uint8),
        ((10_000, 28, 28), np.uint8),
        ((10_000,), np.uint8),
    ]
    # Known from everywhere MNIST is shown; the checksums say the rest.
    assert embedded.train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert embedded.test.labels[:5].tolist() == [7, 2, 1, 0, 4]


def test_no_two_images_of_a_split_are_the_same(embedded):
    for split in embedded:
        assert len({image.tobytes() for image in split.images}) == len(split.images)


def test_it_unpacks_like_what_keras_gives(embedded):
    (x_train, y_train), (x_test, y_test) = embedded
    assert x_train is embedded.train.images
    assert y_train is embedded.train.labels
    assert x_test is embedded.test.images
    assert y_test is embedded.test.labels


def test_an_unknown_source_is_refused_with_the_ones_there_are():
    message = "source: got 'tdfs', allowed: one of embedded, keras, tfds"
    with pytest.raises(BadInput, match=f"^{message}$"):
        load_mnist("tdfs")


class TestADamagedFile:
    def remedy_of(self, path):
        with pytest.raises(DataError) as caught:
            load_mnist()
        message = one_line(caught)
        assert message.startswith(f"{path}: ")
        for remedy in ("git checkout", "scripts/build_mnist.py", 'load_mnist(source="keras")'):
            assert remedy in message
        return message

    def test_is_refused_when_missing(self, copied_file):
        copied_file.unlink()
        assert "No such file" in self.remedy_of(copied_file)

    @pytest.mark.parametrize("size", [0, 1, 5_000_000, -1])
    def test_is_refused_when_truncated(self, copied_file, size):
        content = copied_file.read_bytes()
        copied_file.write_bytes(content[:size])
        assert "not a zip file" in self.remedy_of(copied_file)

    @pytest.mark.parametrize("content", [b"a text\n" * 1_000, b"\x80\x04N.", b"\0" * 5_000])
    def test_is_refused_when_it_is_no_zip_file(self, copied_file, content):
        copied_file.write_bytes(content)
        assert "not a zip file" in self.remedy_of(copied_file)

    # Local header, member name, deflated data, central directory, end record.
    @pytest.mark.parametrize("offset", [0, 35, 100, 5_000_000, 11_400_000, -200, -21, -6])
    def test_is_refused_when_a_byte_is_flipped(self, copied_file, offset):
        flip(copied_file, offset)
        self.remedy_of(copied_file)

    @settings(max_examples=15, deadline=None)
    @given(offset=st.integers(0, mnist.EMBEDDED.stat().st_size - 1))
    def test_gives_the_true_samples_or_none(self, tmp_path_factory, embedded, offset):
        path = tmp_path_factory.mktemp("flipped") / "mnist.npz"
        shutil.copy(mnist.EMBEDDED, path)
        flip(path, offset)
        try:
            read = mnist.read_npz(path)
        # Dates and permissions in the zip file may be flipped without harm.
        except DataError:
            return
        assert_same(read, embedded)


def swap_two_labels(arrays):
    arrays["y_train"] = arrays["y_train"].copy()
    arrays["y_train"][[0, 1]] = arrays["y_train"][[1, 0]]
    return "its train-labels-idx1-ubyte has another SHA-256"


def reverse_the_rows(arrays):
    arrays["x_test"] = arrays["x_test"][::-1]
    return "its t10k-images-idx3-ubyte has another SHA-256"


def flatten_the_images(arrays):
    arrays["x_train"] = arrays["x_train"].reshape(60_000, 784)
    return "its train-images-idx3-ubyte has another SHA-256"


def widen_the_labels(arrays):
    arrays["y_test"] = arrays["y_test"].astype(np.int8)
    return "its t10k-labels-idx1-ubyte has another SHA-256"


def leave_one_out(arrays):
    del arrays["y_test"]
    return "cannot be read (KeyError: 'y_test is not a file in the archive')"


def put_in_objects(arrays):
    arrays["y_test"] = np.array([print], dtype=object)
    return "Object arrays cannot be loaded when allow_pickle=False"


@pytest.mark.parametrize(
    "change",
    [
        swap_two_labels,
        reverse_the_rows,
        flatten_the_images,
        widen_the_labels,
        leave_one_out,
        put_in_objects,
    ],
)
def test_a_sound_file_of_other_arrays_is_refused(copied_file, embedded, change):
    arrays = dict(zip(mnist.IDX_FILES, (*embedded.train, *embedded.test), strict=True))
    problem = change(arrays)
    np.savez(copied_file, **arrays)
    with pytest.raises(DataError) as caught:
        load_mnist()
    assert problem in one_line(caught)


class TestFromKeras:
    @pytest.fixture
    def download(self, monkeypatch):
        download = mock.Mock(return_value=str(mnist.EMBEDDED))
        monkeypatch.setattr("keras.src.datasets.mnist.get_file", download)
        return download

    def test_the_samples_are_the_embedded_ones(self, download, embedded):
        assert_same(load_mnist("keras"), embedded)
        download.assert_called_once()

    def test_other_samples_are_refused(self, download, copied_file, embedded):
        np.savez(
            copied_file,
            x_train=embedded.train.images,
            y_train=embedded.train.labels[::-1],
            x_test=embedded.test.images,
            y_test=embedded.test.labels,
        )
        download.return_value = str(copied_file)
        with pytest.raises(DataError) as caught:
            load_mnist("keras")
        assert one_line(caught) == (
            "MNIST from Keras: its train-labels-idx1-ubyte has another SHA-256; "
            'use load_mnist(source="embedded"), which needs no network'
        )

    def test_a_failed_download_is_told_in_one_line(self, download):
        download.side_effect = NETWORK_IS_DOWN
        with pytest.raises(DataError) as caught:
            load_mnist("keras")
        assert one_line(caught) == (
            "MNIST from Keras: cannot be read (Exception: URL fetch failure: no route to host); "
            'use load_mnist(source="embedded"), which needs no network'
        )


DOWNLOAD = "tensorflow_datasets.download.DownloadManager.download_and_extract"
DATA_DIR = "tensorflow_datasets.core.constants.DATA_DIR"


@pytest.fixture(scope="module")
def idx_folder(tmp_path_factory, embedded):
    """The IDX files, under the names that the builder of TFDS has for them."""
    folder = tmp_path_factory.mktemp("idx")
    files = {"train_data": embedded.train.images, "train_labels": embedded.train.labels}
    files |= {"test_data": embedded.test.images, "test_labels": embedded.test.labels}
    for name, array in files.items():
        header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
        (folder / name).write_bytes(header + array.tobytes())
    return folder


@pytest.fixture(scope="module")
def tfds_folder(tmp_path_factory, idx_folder):
    """MNIST as the builder of TFDS itself prepares it; only the download is replaced."""
    import tensorflow_datasets as tfds

    folder = tmp_path_factory.mktemp("tfds")
    downloaded = {path.name: path for path in idx_folder.iterdir()}
    with mock.patch(DOWNLOAD, return_value=downloaded):
        tfds.builder("mnist", data_dir=folder).download_and_prepare()
    return folder


class TestFromTfds:
    def test_the_samples_are_the_embedded_ones(self, tfds_folder, embedded, monkeypatch):
        monkeypatch.setattr(DATA_DIR, str(tfds_folder))
        assert_same(load_mnist("tfds"), embedded)

    def test_its_own_order_is_another(self, tfds_folder, embedded):
        import tensorflow_datasets as tfds

        first = tfds.load("mnist", split="train[:1000]", batch_size=-1, data_dir=tfds_folder)
        labels = tfds.as_numpy(first)["label"]
        assert (labels != embedded.train.labels[:1_000]).mean() > 0.8

    @pytest.mark.parametrize(
        ("rows", "added", "problem"),
        [
            (slice(None), 1, "its t10k-labels-idx1-ubyte has another SHA-256"),
            (slice(1, None), 0, "cannot be read (ValueError: "),
        ],
    )
    def test_other_samples_are_refused(self, embedded, monkeypatch, rows, added, problem):
        train, test = (
            {"image": split.images[..., np.newaxis], "label": split.labels.astype(np.int64)}
            for split in embedded
        )
        other = {"image": test["image"][rows], "label": (test["label"][rows] + added) % 10}
        monkeypatch.setattr("tensorflow_datasets.load", mock.Mock(return_value=[train, other]))
        monkeypatch.setattr("tensorflow_datasets.as_numpy", lambda splits: splits)
        with pytest.raises(DataError) as caught:
            load_mnist("tfds")
        assert one_line(caught).startswith(f"MNIST from TFDS: {problem}")

    def test_a_failed_download_is_told_in_one_line(self, tmp_path, monkeypatch):
        monkeypatch.setattr(DATA_DIR, str(tmp_path))
        monkeypatch.setattr(DOWNLOAD, NETWORK_IS_DOWN)
        with pytest.raises(DataError) as caught:
            load_mnist("tfds")
        assert one_line(caught) == (
            "MNIST from TFDS: cannot be read (Exception: URL fetch failure: no route to host); "
            'use load_mnist(source="embedded"), which needs no network'
        )


class TestAsASetOfTfds:
    """MNIST as the builder of TFDS prepares it, against the embedded one.

    TFDS keeps it in the order of a hash: so the streams are other sequences of the same samples.
    """

    @pytest.fixture(scope="class")
    def from_rows(self, embedded):
        return epochwatch_lab.one_vs_rest(*embedded.train)

    @pytest.fixture(scope="class")
    def from_ids(self, tfds_folder):
        return from_tfds("mnist", "1", data_dir=tfds_folder)

    @pytest.fixture(scope="class")
    def row_of(self, from_ids, embedded):
        """Find the embedded row of each index, by the content of the images."""
        images = np.empty_like(embedded.train.images)
        for stream in from_ids:
            images[stream.index] = stream.images[..., 0]
        rows = {image.tobytes(): row for row, image in enumerate(embedded.train.images)}
        return np.array([rows[image.tobytes()] for image in images])

    def audited(self, streams, log):
        return epochwatch.audit(
            lambda: feeds.balanced("tf_data", streams),
            steps_per_epoch=625,
            epochs=4,
            streams={name: stream.index for name, stream in streams._asdict().items()},
            log=log,
        )

    @pytest.fixture(scope="class")
    def told(self, from_rows, tmp_path_factory):
        log = tmp_path_factory.mktemp("rows") / "log"
        return self.findings(self.audited(from_rows, log)), ExposureLog.read(log)

    def findings(self, report):
        """Leave out of the findings which samples they are."""
        told = report.as_json()
        assert told["verdict"] == "resumes"
        return {key: told[key] for key in ("verdict", "steps", "samples", "coverage", "streams")}

    def test_its_streams_are_those_of_the_embedded_one(self, from_ids, from_rows, row_of):
        for stream, embedded_stream in zip(from_ids, from_rows, strict=True):
            assert stream.samples == embedded_stream.samples
            assert sorted(row_of[stream.index]) == embedded_stream.index.tolist()
        assert sorted(row_of) == list(range(60_000))

    def test_the_example_of_its_docstring_is_true(self, from_ids, tfds_folder):
        assert from_ids.minority.samples == 6742
        assert from_ids.minority.index[:2].tolist() == [1, 5]
        told = tfds_id_of("mnist", 5, data_dir=tfds_folder)
        assert told == "mnist-train.tfrecord-00000-of-00001__5"

    def test_its_order_is_another(self, row_of):
        assert (row_of != np.arange(60_000)).mean() > 0.99

    def test_it_gives_the_same_findings(self, from_ids, told, tmp_path):
        assert self.findings(self.audited(from_ids, tmp_path / "log")) == told[0]

    def test_put_in_the_embedded_order_the_same_samples_are_trained_in_the_same_order(
        self, from_ids, told, row_of, tmp_path
    ):
        streams = []
        for stream in from_ids:
            order = row_of[stream.index].argsort()
            index = stream.index[order]
            streams.append(stream._replace(images=stream.images[order], index=index))
        report = self.audited(from_ids._make(streams), tmp_path / "log")
        findings, log = told
        assert self.findings(report) == findings
        trained = ExposureLog.read(tmp_path / "log").to_arrow()["index"].to_numpy()
        np.testing.assert_array_equal(row_of[trained], log.to_arrow()["index"].to_numpy())

    def test_an_index_leads_over_the_id_of_tfds_to_the_sample(
        self, from_ids, tfds_folder, embedded, row_of
    ):
        import tensorflow_datasets as tfds

        read = tfds.builder("mnist", data_dir=tfds_folder).as_dataset(
            split="train[:500]", read_config=tfds.ReadConfig(add_tfds_id=True)
        )
        by_id = {one["tfds_id"].decode(): one["image"] for one in tfds.as_numpy(read)}
        ids = tfds_id_of("mnist", np.arange(500), data_dir=tfds_folder)
        for index, one in enumerate(ids):
            np.testing.assert_array_equal(by_id[one][..., 0], embedded.train.images[row_of[index]])
