"""What tests of kills share: the server of runs, and trainings that nobody disturbed."""

import functools

import pytest

from tests.resuming.runs import run_server


class Runs:
    """Trainings, killed or not; those that are not are made once."""

    def __init__(self, server):
        self.killed = server.train
        self.undisturbed = functools.cache(server.train)


@pytest.fixture(scope="session")
def runs():
    """A server of runs, and what it has found of undisturbed ones."""
    with run_server() as server:
        yield Runs(server)
