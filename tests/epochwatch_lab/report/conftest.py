import pytest

from epochwatch_lab import load_mnist, one_vs_rest
from tests.epochwatch.exposures.records import numbered
from tests.epochwatch_lab.report.runs import run_folder


@pytest.fixture(scope="session")
def streams():
    return one_vs_rest(*load_mnist().train)


@pytest.fixture(scope="session")
def small_run(streams, tmp_path_factory):
    """Two epochs of MNIST: minority positions 0 to 3, majority 0 to 7, and 5 once more."""
    few, many = streams.minority.index[:4].tolist(), streams.majority.index[:8].tolist()
    epochs = [[few + many[:4]], [few[:2] + many[4:] + [many[5]]]]
    return run_folder(tmp_path_factory.mktemp("small") / "run", numbered([epochs]))
