"""Runs on a disk that is full or cannot be written, and a notebook that prints without end."""

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from epochwatch_lab._runs.execute import OUTPUT_TIMEOUT
from tests.batches.conftest import NOTEBOOK
from tests.batches.test_sweeps import beside, findings

pytestmark = pytest.mark.slow


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 4 MiB; only root may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting needs root")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


# One run fills the disk once the other is in its place (no attempt: these have a dot in their
# names). Before that it would cost both, whichever was first, and rightly so.
FILL_THE_DISK = """
import os

def other_is_finished():
    return any("." not in path.parent.name for path in run.folder.parent.glob("*/run.json"))

if parameters.seed == 1:
    deadline = time.monotonic() + 600
    while not other_is_finished() and time.monotonic() < deadline:
        time.sleep(0.05)
    (run.folder / "fill").write_bytes(os.urandom(2**22))
"""


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_disk_that_fills_up_costs_no_finished_run_and_is_told(jobs, small_project, small_disk):
    small_project.outputs = small_disk / "outputs"
    small_project.behave(FILL_THE_DISK)
    file = small_project.sweep_file("seeds: [0, 1]")
    done = small_project.run("sweep", file, "--jobs", jobs)
    assert done.returncode == 1
    assert "no space left on the disk" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert set(findings(small_project)) == {0}
    assert beside(small_project) in ([], [f for f in beside(small_project) if ".failed" in f])


def test_a_disk_without_any_space_is_told_in_a_line(small_project, small_disk):
    small_project.outputs = small_disk / "outputs"
    (small_disk / "full").write_bytes(b"x" * (2**22 - 4096 * 3))
    done = small_project.run("run", NOTEBOOK)
    assert done.returncode == 2
    assert "outputs: " in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_post_onto_a_full_disk_leaves_the_earlier_one(small_project, small_disk):
    small_project.run("run", NOTEBOOK, "-p", "run_name=kept")
    folder = small_project.outputs / NOTEBOOK / "kept"
    small_project.outputs = small_disk
    assert small_project.run("post", folder).returncode == 0
    (post,) = (small_disk / "blog" / "_posts").iterdir()
    before = post.read_bytes()
    free = os.statvfs(small_disk).f_bavail * 4096
    (small_disk / "full").write_bytes(b"x" * free)
    done = small_project.run(
        "post",
        folder,
    )
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
    assert post.read_bytes() == before
    assert [p.name for p in post.parent.iterdir()] == [post.name]


def test_outputs_that_cannot_be_written_are_told_before_anything_starts(small_project):
    small_project.outputs.write_text("a file")
    done = small_project.run("sweep", small_project.sweep_file(), "--jobs", 1)
    assert done.returncode == 2
    assert "outputs: cannot write in" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_two_hundred_megabytes_of_output_are_kept_and_posted_short(small_project):
    small_project.behave("line = 'x' * 99 + '\\n'\nfor _ in range(200):\n    print(line * 10_000)")
    done = small_project.run("run", NOTEBOOK, "-p", "run_name=loud")
    assert done.returncode == 0, done.stderr
    record = json.loads((small_project.outputs / NOTEBOOK / "loud" / "run.json").read_text())
    assert record["files"]["notebook.ipynb"] > 200_000_000
    assert Path(small_project.outputs / NOTEBOOK / "loud").is_dir()


# Ends its cell without a word that its output has ended, and dies two seconds later.
END_IN_SILENCE = """
import os, signal, threading

shell = get_ipython()
shell.kernel._publish_status = lambda *words, **more: None
death = threading.Timer(2, os.kill, (os.getpid(), signal.SIGKILL))
shell.events.register("post_run_cell", lambda result: death.start())
"""


def test_a_kernel_that_dies_while_its_output_is_waited_for_is_noticed_at_once(small_project):
    small_project.behave(END_IN_SILENCE)
    begin = time.monotonic()
    done = small_project.run("run", NOTEBOOK)
    assert done.returncode == 1
    assert "the kernel died" in done.stderr
    assert time.monotonic() - begin < OUTPUT_TIMEOUT, "its output was waited for to the end"
