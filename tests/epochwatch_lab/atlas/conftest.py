"""The files of the atlas, each read when a test asks for it: all of them take some seconds."""

import functools

import pytest

from epochwatch_lab._atlas.files import read_file
from epochwatch_lab._runs import project

FILES = sorted((project.ROOT / "atlas").glob("*.json"))
read_once = functools.cache(read_file)


@pytest.fixture(params=FILES, ids=lambda file: file.stem)
def read(request):
    """A file of the atlas: its `environment` and its `cells`."""
    return read_once(request.param)
