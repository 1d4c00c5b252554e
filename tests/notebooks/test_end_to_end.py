"""The real command, once, from its kill to its end: what it leaves, prints and does not touch."""

import json
import subprocess

from epochwatch_lab._runs import project
from tests.notebooks.conftest import COMMAND, NOTEBOOK, assert_ended, started_run

SMALL = ["-pepochs=2", "-psteps_per_epoch=4"]


def published():
    """What is published, with the time at which it was written."""
    blog = project.ROOT / "outputs" / "blog"
    return {path: path.stat().st_mtime_ns for path in blog.rglob("*")}


def test_a_killed_run_leaves_no_kernel_and_the_next_one_is_whole_with_its_post(tmp_path):
    before = published()
    with started_run(tmp_path, "default") as (process, kernels):
        process.kill()
        process.wait()
        assert_ended(kernels)
    home = tmp_path / NOTEBOOK
    assert not (home / "default").exists()

    command = [*COMMAND, "run", NOTEBOOK, *SMALL, "--outputs", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", "no log lines and no progress bar in a pipe"
    folder = home / "default"
    assert [path.name for path in home.iterdir() if path.name[0] != "."] == ["default"]
    record = json.loads((folder / "run.json").read_text())
    posts = [name for name in record["files"] if name.endswith(".md")]
    assert posts == [
        "post/_github/does-fit-resume.md",
        "post/_posts/2026-11-23-does-fit-resume.md",
    ]
    assert "64 of 53,258" in (folder / posts[0]).read_text()
    assert f"post     {folder / posts[0]}" in done.stdout
    assert "64 of 53,258" in " ".join(done.stdout.split())
    assert published() == before
