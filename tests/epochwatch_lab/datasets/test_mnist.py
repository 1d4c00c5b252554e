"""MNIST in a clone and out of it; from TFDS: test_mnist_of_tfds.py."""

import hashlib
import http.server
import shutil
import socket
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epochwatch.errors import BadInput, DataError
from epochwatch_lab.datasets import MNIST, load_mnist
from epochwatch_lab.datasets import _mnist as mnist
from tests.epochwatch_lab.datasets.samples import assert_same, one_line

EMBEDDED = mnist.EMBEDDED


@pytest.fixture
def copied_file(tmp_path, monkeypatch):
    """A copy of the embedded file, which stands in its place."""
    copy = shutil.copy(EMBEDDED, tmp_path / "mnist.npz")
    monkeypatch.setattr(mnist, "EMBEDDED", copy)
    return copy


def flip(path, offset):
    content = bytearray(path.read_bytes())
    content[offset] ^= 0xFF
    path.write_bytes(content)


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
    message = "source: got 'tdfs', allowed: one of auto, embedded, keras, tfds"
    with pytest.raises(BadInput, match=f"^{message}$"):
        load_mnist("tdfs")


class TestADamagedFile:
    def remedy_of(self, path, source="auto"):
        with pytest.raises(DataError) as caught:
            load_mnist(source)
        message = one_line(caught)
        assert message.startswith(f"{path}: ")
        for remedy in ("git checkout", "scripts/build_mnist.py", 'load_mnist(source="keras")'):
            assert remedy in message
        return message

    def test_is_refused_when_missing(self, copied_file):
        copied_file.unlink()
        assert "No such file" in self.remedy_of(copied_file, source="embedded")

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
    @given(offset=st.integers(0, EMBEDDED.stat().st_size - 1))
    def test_gives_the_true_samples_or_none(self, tmp_path_factory, embedded, offset):
        path = tmp_path_factory.mktemp("flipped") / "mnist.npz"
        shutil.copy(EMBEDDED, path)
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


class Shelf(http.server.BaseHTTPRequestHandler):
    """Serves the one file of its server, and counts how often."""

    def do_GET(self):
        self.server.served += 1
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.content)))
        self.end_headers()
        self.wfile.write(self.server.content)

    def log_message(self, *words):
        """Keep quiet."""


@pytest.fixture
def server():
    """A file server on this machine, which stands in for the one that Keras downloads from."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shelf) as server:
        server.content, server.served = EMBEDDED.read_bytes(), 0
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """Where Keras keeps the file that it has downloaded, outside of a clone; it is not there."""
    home = tmp_path / "keras"
    (home / "datasets").mkdir(parents=True)
    monkeypatch.setattr(mnist, "EMBEDDED", tmp_path / "no-clone" / "mnist.npz")
    monkeypatch.setenv("KERAS_HOME", str(home))
    return home / "datasets" / "mnist.npz"


@pytest.fixture
def downloads_from(kept, monkeypatch):
    """Have Keras download the embedded file's bytes from an address on this machine."""
    from keras.src.backend import config
    from keras.src.utils.file_utils import get_file

    def change(address):
        origin = f"http://127.0.0.1:{address[1]}/mnist.npz"
        right = hashlib.sha256(EMBEDDED.read_bytes()).hexdigest()

        def get(fname, **options):
            return get_file(fname, **options | {"origin": origin, "file_hash": right})

        monkeypatch.setattr(config, "_KERAS_DIR", str(kept.parents[1]))
        monkeypatch.setattr("keras.src.datasets.mnist.get_file", get)

    return change


@pytest.fixture
def no_network(downloads_from):
    """Nobody listens where Keras downloads from."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        downloads_from(nobody.getsockname())
        yield


class TestOutsideOfAClone:
    """Keras' own download, kept where Keras keeps it."""

    WAYS_OUT = (
        "run from a clone of the repository, which has it as data/mnist.npz, or connect to the "
        "network once, so that Keras can download it"
    )

    def refused(self, kept, load=load_mnist):
        with pytest.raises(DataError) as caught:
            load()
        message = one_line(caught)
        assert message.startswith(f"MNIST, which Keras keeps as {kept}: ")
        assert message.endswith(f"; {self.WAYS_OUT}")
        return message

    @pytest.mark.parametrize("source", ["auto", "keras"])
    def test_what_keras_has_kept_is_used(self, kept, embedded, source):
        shutil.copy(EMBEDDED, kept)
        assert_same(load_mnist(source), embedded)

    def test_what_keras_has_kept_is_read_without_importing_it(self, kept):
        shutil.copy(EMBEDDED, kept)
        script = f"""
import pathlib, sys
from epochwatch_lab.datasets import _mnist
_mnist.EMBEDDED = pathlib.Path({str(mnist.EMBEDDED)!r})
_mnist.MNIST.check()
print("keras" in sys.modules)
"""
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
        assert (done.stdout, done.stderr) == ("False\n", "")

    def test_it_is_downloaded_once(self, server, downloads_from, kept, embedded, capsys):
        downloads_from(server.server_address)
        assert_same(load_mnist(), embedded)
        MNIST.check()
        assert server.served == 1
        assert kept.read_bytes() == EMBEDDED.read_bytes()
        assert capsys.readouterr().out == ""

    def test_a_damaged_one_is_downloaded_again(self, server, downloads_from, kept, embedded):
        shutil.copy(EMBEDDED, kept)
        flip(kept, 5_000_000)
        downloads_from(server.server_address)
        assert_same(load_mnist(), embedded)
        assert server.served == 1

    @pytest.mark.parametrize("check", [load_mnist, MNIST.check, lambda: load_mnist("keras")])
    def test_without_a_network_one_line_says_both_ways_out(self, no_network, kept, check):
        assert "URL fetch failure" in self.refused(kept, check)
        assert not list(kept.parent.iterdir())

    def test_without_a_network_a_damaged_one_is_refused(self, no_network, kept):
        kept.write_bytes(EMBEDDED.read_bytes()[:-1_000])
        self.refused(kept)

    def test_a_download_cut_short_is_refused(self, server, downloads_from, kept):
        server.content = server.content[:-1_000]
        downloads_from(server.server_address)
        self.refused(kept)

    def test_other_samples_are_refused(self, kept, downloads_from, server, embedded, monkeypatch):
        arrays = dict(zip(mnist.IDX_FILES, (*embedded.train, *embedded.test), strict=True))
        arrays["y_train"] = arrays["y_train"][::-1]
        np.savez(kept, **arrays)
        monkeypatch.setattr("keras.src.datasets.mnist.get_file", lambda *_, **__: str(kept))
        problem = "its train-labels-idx1-ubyte has another SHA-256"
        assert problem in self.refused(kept)


def test_the_data_set_is_named_checked_and_stamped(kept, embedded):
    shutil.copy(EMBEDDED, kept)
    MNIST.check()
    assert MNIST.name == "MNIST"
    arrays = (array for split in embedded for array in split)
    files = (
        bytes([0, 0, 8, a.ndim]) + np.array(a.shape, ">u4").tobytes() + a.tobytes() for a in arrays
    )
    digests = "".join(hashlib.sha256(file).hexdigest() for file in files)
    assert MNIST.digest() == hashlib.sha256(digests.encode()).hexdigest()
