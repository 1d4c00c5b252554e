"""MNIST from wherever it is, the same samples in the same rows.

A sample's index is its row in the original training set, so no source is believed:
what it gives is written back as the four original IDX files, in memory, and has to have
their SHA-256.
"""

import contextlib
import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from epochwatch._cli.standard_streams import unheard
from epochwatch.errors import BadInput, DataError
from epochwatch_lab.datasets._reason import reason_of

# Of a clone; an installed package has no data beside it.
EMBEDDED = Path(__file__).resolve().parents[3] / "data" / "mnist.npz"
IDX_MAGIC_UINT8 = 0x0800
USE_ANOTHER = "use load_mnist() without a source, which takes what this machine has"
WAYS_OUT = (
    "run from a clone of the repository, which has it as data/mnist.npz, or connect to the "
    "network once, so that Keras can download it"
)


class IdxFile(NamedTuple):
    """One of the four files MNIST was first published as.

    Attributes:
        name: its file name, unpacked.
        shape: of the array in it, which is uint8.
        sha256: of the whole file, in hexadecimal.
    """

    name: str
    shape: tuple[int, ...]
    sha256: str


IDX_FILES = {
    "x_train": IdxFile(
        "train-images-idx3-ubyte",
        (60_000, 28, 28),
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    "y_train": IdxFile(
        "train-labels-idx1-ubyte",
        (60_000,),
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    "x_test": IdxFile(
        "t10k-images-idx3-ubyte",
        (10_000, 28, 28),
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    "y_test": IdxFile(
        "t10k-labels-idx1-ubyte",
        (10_000,),
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
}


class Split(NamedTuple):
    """The samples of one part of MNIST.

    Attributes:
        images: uint8 (n, 28, 28), 0 background to 255 ink.
        labels: uint8 (n,), the digits.
    """

    images: np.ndarray
    labels: np.ndarray


class Mnist(NamedTuple):
    """All of MNIST.

    Attributes:
        train: the 60,000 training samples; a row number is a sample's index.
        test: the 10,000 test samples.
    """

    train: Split
    test: Split


def load_mnist(source: str = "auto") -> Mnist:
    """Load MNIST, checked against the checksums of the original files.

    TFDS keeps the samples in an order of its own (that of a hash). They are put back into
    the original order by their content, with the help of the samples that "auto" gives: no
    two images of a split are the same.

    Args:
        source: "embedded" (data/mnist.npz of a clone of the repository), "keras" (downloaded
            once and kept by `keras.datasets`), "tfds" (the same by TensorFlow Datasets), or
            "auto": the embedded file in a clone, elsewhere what Keras downloads.

    Returns:
        The samples, exactly the same whatever the source.

    Raises:
        BadInput: there is no such source.
        DataError: the samples cannot be read, or are not those of the original files.

    Example:
        >>> mnist = load_mnist()
        >>> mnist.train.images.shape, mnist.train.labels[:5]
        ((60000, 28, 28), array([5, 0, 4, 1, 9], dtype=uint8))
        >>> (x_train, y_train), (x_test, y_test) = mnist
    """
    if source not in SOURCES:
        raise BadInput(f"source: got {source!r}, allowed: one of {', '.join(SOURCES)}")
    return SOURCES[source]()


class _MnistDataSet:
    """MNIST as a `DataSet`: a parameter of notebooks that can be checked and stamped."""

    name = "MNIST"

    def check(self) -> None:
        """Load and check the samples; outside of a clone Keras downloads them the first time.

        Raises:
            DataError: they are damaged, or not here and there is no network.
        """
        load_mnist()

    def digest(self) -> str:
        """Combine the checksums of the four files, which samples of every source have."""
        checksums = "".join(file.sha256 for file in IDX_FILES.values())
        return hashlib.sha256(checksums.encode()).hexdigest()


MNIST = _MnistDataSet()


def read_npz(path: Path) -> Mnist:
    """Read MNIST from a file in the format of data/mnist.npz.

    Raises:
        DataError: the file is missing, damaged, or holds something else.
    """
    remedy = (
        "restore it with `git checkout -- data/mnist.npz`, build it with "
        'scripts/build_mnist.py, or use load_mnist(source="keras")'
    )
    return _checked(lambda: _npz(path), str(path), remedy)


def _anywhere() -> Mnist:
    # A damaged file in a clone is a fault to mend, not a reason to use another in silence.
    return _embedded() if EMBEDDED.exists() else _keras()


def _embedded() -> Mnist:
    return read_npz(EMBEDDED)


def _keras() -> Mnist:
    kept = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "datasets" / "mnist.npz"
    # What is kept is read without the seconds that importing Keras takes; what is not, or is
    # damaged, Keras downloads.
    with contextlib.suppress(DataError):
        return read_npz(kept)
    with contextlib.redirect_stdout(sys.stderr):  # a command's stdout is for its answer
        return _checked(_downloaded_by_keras, f"MNIST, which Keras keeps as {kept}", WAYS_OUT)


def _tfds() -> Mnist:
    original = _anywhere()
    return _checked(lambda: _in_original_order(original), "MNIST from TFDS", USE_ANOTHER)


SOURCES = {"auto": _anywhere, "embedded": _embedded, "keras": _keras, "tfds": _tfds}


def _checked(read: Callable[[], Mnist], origin: str, remedy: str) -> Mnist:
    try:
        mnist = read()
    # A flipped byte raises any of six types (as measured) in zipfile, zlib and NumPy, and a
    # failed download in Keras a bare Exception.
    except Exception as error:
        raise DataError(f"{origin}: cannot be read ({reason_of(error)}); {remedy}") from error
    arrays = (array for split in mnist for array in split)
    for array, original in zip(arrays, IDX_FILES.values(), strict=True):
        if not _is_same(array, original):
            raise DataError(
                f"{origin}: its {original.name} has another SHA-256 than MNIST; {remedy}"
            )
    return mnist


def _is_same(array: np.ndarray, original: IdxFile) -> bool:
    if array.dtype != np.uint8 or array.shape != original.shape:
        return False
    header = np.array([IDX_MAGIC_UINT8 + array.ndim, *array.shape], dtype=">u4")
    digest = hashlib.sha256(header)
    digest.update(np.ascontiguousarray(array))
    return digest.hexdigest() == original.sha256


def _npz(path: Path) -> Mnist:
    # np.load would take a file that is no zip for a pickle, and say so.
    with np.lib.npyio.NpzFile(path, allow_pickle=False) as arrays:
        x_train, y_train, x_test, y_test = (np.asarray(arrays[name]) for name in IDX_FILES)
    return Mnist(Split(x_train, y_train), Split(x_test, y_test))


def _downloaded_by_keras() -> Mnist:
    with unheard():
        import keras

    return Mnist(*(Split(*split) for split in keras.datasets.mnist.load_data()))


def _in_original_order(original: Mnist) -> Mnist:
    import tensorflow_datasets as tfds

    splits = tfds.as_numpy(tfds.load("mnist", split=["train", "test"], batch_size=-1))
    return Mnist(*map(_reordered, splits, original))


def _reordered(split: dict[str, np.ndarray], original: Split) -> Split:
    images, labels = split["image"][..., 0], split["label"].astype(np.uint8)
    order = np.empty(len(original.labels), dtype=np.int64)
    order[_content_order(original.images)] = _content_order(images)
    return Split(images[order], labels[order])


def _content_order(images: np.ndarray) -> np.ndarray:
    contents = np.ascontiguousarray(images).reshape(len(images), -1)
    return contents.view(f"V{contents.shape[1]}").ravel().argsort()
