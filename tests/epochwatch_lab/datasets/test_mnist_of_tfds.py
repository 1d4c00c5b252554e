"""MNIST as TensorFlow Datasets itself prepares it, against the embedded file."""

from unittest import mock

import numpy as np
import pytest
import tensorflow_datasets as tfds

import epochwatch
import epochwatch_lab
from epochwatch import ExposureLog, feeds
from epochwatch.errors import DataError
from epochwatch_lab.datasets import from_tfds, load_mnist, tfds_id_of
from tests.epochwatch_lab.datasets.samples import assert_same, one_line

# TFDS writes and reads all 70,000 samples here.
pytestmark = pytest.mark.slow

NETWORK_IS_DOWN = mock.Mock(side_effect=Exception("URL fetch failure:\n no route to host"))
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
            "use load_mnist() without a source, which takes what this machine has"
        )


@pytest.fixture(scope="module")
def from_rows(embedded):
    return epochwatch_lab.one_vs_rest(*embedded.train)


@pytest.fixture(scope="module")
def from_ids(tfds_folder):
    return from_tfds("mnist", "1", data_dir=tfds_folder)


@pytest.fixture(scope="module")
def row_of(from_ids, embedded):
    """Find the embedded row of each index, by the content of the images."""
    images = np.empty_like(embedded.train.images)
    for stream in from_ids:
        images[stream.index] = stream.images[..., 0]
    rows = {image.tobytes(): row for row, image in enumerate(embedded.train.images)}
    return np.array([rows[image.tobytes()] for image in images])


def audited(streams, log):
    return epochwatch.audit(
        lambda: feeds.balanced("tf_data", streams),
        steps_per_epoch=625,
        epochs=4,
        streams={name: stream.index for name, stream in streams._asdict().items()},
        log=log,
    )


def findings_of(report):
    """Leave out of the findings which samples they are."""
    found = report.as_json()
    assert found["verdict"] == "resumes"
    return {key: found[key] for key in ("verdict", "steps", "samples", "coverage", "streams")}


@pytest.fixture(scope="module")
def of_rows(from_rows, tmp_path_factory):
    """What is found in the embedded samples, and the log of it."""
    log = tmp_path_factory.mktemp("rows") / "log"
    return findings_of(audited(from_rows, log)), ExposureLog.read(log)


class TestAsASetOfTfds:
    """MNIST as the builder of TFDS prepares it, against the embedded one.

    TFDS keeps it in the order of a hash: so the streams are other sequences of the same samples.
    """

    def test_its_streams_are_those_of_the_embedded_one(self, from_ids, from_rows, row_of):
        for stream, embedded_stream in zip(from_ids, from_rows, strict=True):
            assert stream.samples == embedded_stream.samples
            assert sorted(row_of[stream.index]) == embedded_stream.index.tolist()
        assert sorted(row_of) == list(range(60_000))

    def test_the_example_of_its_docstring_is_true(self, from_ids, tfds_folder):
        assert from_ids.minority.samples == 6742
        assert from_ids.minority.index[:2].tolist() == [1, 5]
        tfds_id = tfds_id_of("mnist", 5, data_dir=tfds_folder)
        assert tfds_id == "mnist-train.tfrecord-00000-of-00001__5"

    def test_its_order_is_another(self, row_of):
        assert (row_of != np.arange(60_000)).mean() > 0.99

    def test_it_gives_the_same_findings(self, from_ids, of_rows, tmp_path):
        assert findings_of(audited(from_ids, tmp_path / "log")) == of_rows[0]

    def test_put_in_the_embedded_order_the_same_samples_are_trained_in_the_same_order(
        self, from_ids, of_rows, row_of, tmp_path
    ):
        streams = []
        for stream in from_ids:
            order = row_of[stream.index].argsort()
            index = stream.index[order]
            streams.append(stream._replace(images=stream.images[order], index=index))
        report = audited(from_ids._make(streams), tmp_path / "log")
        findings, log = of_rows
        assert findings_of(report) == findings
        trained = ExposureLog.read(tmp_path / "log").to_arrow()["index"].to_numpy()
        np.testing.assert_array_equal(row_of[trained], log.to_arrow()["index"].to_numpy())

    def test_an_index_leads_over_the_id_of_tfds_to_the_sample(
        self, from_ids, tfds_folder, embedded, row_of
    ):
        read = tfds.builder("mnist", data_dir=tfds_folder).as_dataset(
            split="train[:500]", read_config=tfds.ReadConfig(add_tfds_id=True)
        )
        by_id = {one["tfds_id"].decode(): one["image"] for one in tfds.as_numpy(read)}
        ids = tfds_id_of("mnist", np.arange(500), data_dir=tfds_folder)
        for index, one in enumerate(ids):
            np.testing.assert_array_equal(by_id[one][..., 0], embedded.train.images[row_of[index]])
