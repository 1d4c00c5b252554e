"""What a worker of a sweep sees to before it makes a run."""

import pytest

from epochwatch_lab._runs import driver
from epochwatch_lab._runs.execute import NO_LIMITS
from epochwatch_lab._runs.sweep import read_sweep


@pytest.fixture
def planned(tmp_path):
    """A run of a sweep."""
    file = tmp_path / "a.yaml"
    file.write_text("name: a\nnotebook: 01_does_fit_resume\nseeds: [1]\n")
    return read_sweep(file, tmp_path / "outputs").planned[0]


def test_a_worker_with_a_disk_of_its_own_makes_nothing_there(planned, tmp_path):
    """Two folders stand for two disks with the same path: the driver's mark is on one of them."""
    of_driver, of_worker = (tmp_path / name for name in ("driver", "worker"))
    of_driver.mkdir()
    with driver._marked(of_driver) as mark:
        outcome = driver.make_if_needed(
            planned, of_worker, limits=NO_LIMITS, mark=of_worker / mark.name
        )
    assert outcome.state == driver.FAILED
    assert f"does not share the folder '{of_worker}' with the machine" in outcome.reason
    assert not of_worker.exists()
    assert list(of_driver.iterdir()) == []


def test_a_worker_that_shares_the_folder_goes_on(planned, tmp_path):
    """To the next check, which refuses a notebook that is not there."""
    with driver._marked(tmp_path) as mark:
        run = planned._replace(source=tmp_path / "none.ipynb")
        outcome = driver.make_if_needed(run, tmp_path, limits=NO_LIMITS, mark=mark)
    assert "none.ipynb" in outcome.reason
