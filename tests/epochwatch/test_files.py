"""A file is there whole or not at all."""

import os

import pytest

from epochwatch._files import write_whole


def test_the_earlier_file_stands_until_the_new_one_is_written_and_synced(tmp_path, monkeypatch):
    path, synced = tmp_path / "file", []
    path.write_text("earlier")
    real_sync = os.fsync

    def sync(descriptor):
        synced.append(path.read_text())
        real_sync(descriptor)

    def write(file):
        file.write(b"new")
        assert path.read_text() == "earlier"

    monkeypatch.setattr(os, "fsync", sync)
    write_whole(path, write)
    # The file's content is synced before it is renamed, the folder's names after.
    assert synced == ["earlier", "new"]
    assert path.read_text() == "new"


def test_a_write_that_fails_leaves_the_earlier_file_and_no_debris(tmp_path):
    path = tmp_path / "file"
    path.write_text("earlier")

    def write(file):
        file.write(b"half")
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        write_whole(path, write)
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("file", "earlier")]
