"""Sweeps by the real command, real papermill, real dask; the notebook takes a second."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.batches.conftest import NOTEBOOK

pytestmark = pytest.mark.slow

JOBS = pytest.mark.parametrize("jobs", [1, 2])
# A run is at work until it is let go, however busy the machine is.
UNTIL = "import os\nwhile not os.path.exists('{}'): time.sleep(0.1)"
# Each making of a run leaves a line.
COUNT = "open('{}', 'a').write(f'{{parameters.seed}}\\n')"


def descendants(process):
    """The processes below one, as far as they are alive."""
    found = psutil.Process(process.pid).children(recursive=True)
    return [p for p in found if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def kernels(process):
    """The kernels below a process."""
    found = []
    for child in descendants(process):
        try:
            if any("ipykernel" in word for word in child.cmdline()):
                found.append(child)
        except psutil.Error:
            continue
    return found


def wait_for(condition):
    """Wait until something holds, and return it; ten minutes mean that it never will."""
    deadline = time.monotonic() + 600
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert found
    return found


def ended(processes):
    """Say whether all these processes are over."""
    _, alive = psutil.wait_procs(processes, timeout=0)
    return not [p for p in alive if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def findings(project):
    """What the finished runs have found, by seed."""
    read = [
        json.loads((Path(entry["folder"]) / "findings.json").read_text())
        for entry in project.listed()
        if entry["state"] == "finished"
    ]
    return {one["parameters"]["seed"]: one["findings"] for one in read}


def beside(project):
    """What stands among the runs that is no finished run."""
    return sorted(
        p.name
        for p in (project.outputs / NOTEBOOK).iterdir()
        if not p.name.startswith(".") and "." in p.name
    )


@JOBS
def test_all_runs_are_made_once_summed_up_and_not_made_again(jobs, small_project, tmp_path):
    small_project.behave(COUNT.format(tmp_path / "made"))
    file = small_project.sweep_file()
    done = small_project.run("sweep", file, "--jobs", jobs)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    lines = re.findall(r"^ +\d/3  finished  \w{16} .* s  seed=(\d)$", done.stdout, re.MULTILINE)
    assert sorted(lines) == ["0", "1", "2"]
    assert "3 of 3 runs are finished; the verdict is resumes in 3." in done.stdout
    summary = small_project.outputs / "sweeps" / "small"
    assert {"run.json", "notebook.ipynb", "figures"} <= set(os.listdir(summary))
    again = small_project.run("sweep", file, "--jobs", jobs)
    assert again.returncode == 0
    assert "3 runs: 3 finished before, 0 made now, 0 failed" in again.stdout
    assert (tmp_path / "made").read_text().split() in (sorted("012"), *map(list, ["102", "021"]))
    assert set(findings(small_project)) == {0, 1, 2}
    assert beside(small_project) == []


def test_a_run_is_the_same_inline_and_by_a_worker(small_project):
    small_project.run("sweep", small_project.sweep_file(), "--jobs", 1)
    inline = findings(small_project)
    small_project.run("sweep", small_project.sweep_file(), "--jobs", 2, "--force")
    assert findings(small_project) == inline


@JOBS
def test_a_failing_run_is_told_kept_and_not_tried_twice_and_the_others_are_made(
    jobs, small_project, tmp_path
):
    count = COUNT.format(tmp_path / "made")
    small_project.behave(f"{count}\nif parameters.seed == 1:\n    raise ValueError('<not> today')")
    done = small_project.run("sweep", small_project.sweep_file(), "--jobs", jobs)
    assert done.returncode == 1
    assert re.search(r"failed; .*\n  \w{16}  seed=1\n      ValueError: <not> today; ", done.stderr)
    assert sorted((tmp_path / "made").read_text().split()) == ["0", "1", "2"]
    states = {e["parameters"]["seed"]: e["state"] for e in small_project.listed()}
    assert states == {0: "finished", 1: "failed", 2: "finished"}
    (failed,) = [e for e in small_project.listed() if e["state"] == "failed"]
    assert failed["folder"].endswith(".failed")
    assert {"notebook.ipynb", "kernel.log", "reason.txt"} <= set(os.listdir(failed["folder"]))
    shown = small_project.run("runs", "show", failed["id"])
    assert "ValueError: <not> today" in shown.stdout


def test_a_kernel_that_dies_once_is_tried_again_and_one_that_always_dies_is_told(
    small_project, tmp_path
):
    small_project.behave(
        "import os, pathlib\n"
        f"died = pathlib.Path('{tmp_path}') / f'died-{{parameters.seed}}'\n"
        "if parameters.seed == 1 or (parameters.seed == 2 and not died.exists()):\n"
        "    died.touch()\n    os.kill(os.getpid(), 9)"
    )
    done = small_project.run("sweep", small_project.sweep_file(), "--jobs", 2)
    assert done.returncode == 1
    assert "the kernel died, probably out of memory (exit 138" in " ".join(done.stderr.split())
    assert set(findings(small_project)) == {0, 2}


def test_a_cell_that_does_not_end_is_stopped_by_the_timeout(small_project):
    small_project.behave("if parameters.seed == 1:\n    while True: pass")
    # The cells of the other two runs take a second or two: less than this on the busiest machine.
    done = small_project.run("sweep", small_project.sweep_file(), "--jobs", 2, "--timeout", 40)
    assert done.returncode == 1
    assert "took longer than --timeout" in " ".join(done.stderr.split())
    assert set(findings(small_project)) == {0, 2}


def test_a_forced_run_that_fails_leaves_the_good_one(small_project, tmp_path):
    small_project.behave(f"import os; assert not os.path.exists('{tmp_path / 'bad'}')")
    file = small_project.sweep_file()
    small_project.run("sweep", file)
    good = findings(small_project)
    (tmp_path / "bad").touch()
    assert small_project.run("sweep", file, "--force").returncode == 1
    assert findings(small_project) == good
    assert small_project.run("sweep", file).returncode == 0


def test_a_damaged_run_is_made_again(small_project):
    file = small_project.sweep_file()
    small_project.run("sweep", file)
    folders = [Path(entry["folder"]) for entry in small_project.listed()]
    (folders[0] / "figures" / "order.png").write_bytes(b"half")
    (folders[1] / "run.json").write_text("{")
    shown = small_project.run("runs", "show", folders[0]).stdout
    assert "damaged: figures/order.png; make it again" in shown
    damaged = {e["folder"]: e["state"] for e in small_project.listed()}
    assert [damaged[str(folder)] for folder in folders] == ["failed", "failed", "finished"]
    done = small_project.run("sweep", file)
    assert "1 finished before, 2 made now" in done.stdout
    assert set(findings(small_project)) == {0, 1, 2}


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
@JOBS
def test_a_stopped_sweep_exits_at_once_leaves_no_process_and_goes_on(
    jobs, stop, small_project, tmp_path
):
    small_project.behave(UNTIL.format(tmp_path / "go"))
    file = small_project.sweep_file("seeds: [0, 1]")
    process = small_project.start("sweep", file, "--jobs", jobs, start_new_session=True)
    at_work = small_project.outputs / NOTEBOOK
    wait_for(lambda: len(list(at_work.glob("*.attempt-*/progress.txt"))) == jobs)
    below = descendants(process)
    if stop == signal.SIGINT:  # as a terminal does it
        os.killpg(process.pid, stop)
    else:
        process.send_signal(stop)
    assert process.wait() == 128 + stop
    wait_for(lambda: ended(below))  # what counts the resources of processes ends after them
    said = process.stderr.read().strip()
    assert said == (
        f"stopped after 0 of 2 runs; finished runs are kept in outputs/{NOTEBOOK}; the same "
        "command makes the rest"
    )
    (tmp_path / "go").touch()
    done = small_project.run("sweep", file, "--jobs", jobs)
    assert done.returncode == 0, done.stderr
    assert set(findings(small_project)) == {0, 1}
    assert beside(small_project) == []


@pytest.mark.parametrize("victim", ["driver", "worker", "kernel"])
def test_whatever_is_killed_all_runs_are_made_in_the_end(victim, small_project, tmp_path):
    small_project.behave(UNTIL.format(tmp_path / "go"))
    file = small_project.sweep_file()
    process = small_project.start("sweep", file, "--jobs", 2)
    kernel = wait_for(lambda: len(kernels(process)) == 2 and kernels(process))[0]
    below = descendants(process)
    {"driver": process, "worker": kernel.parent(), "kernel": kernel}[victim].kill()
    (tmp_path / "go").touch()
    code = process.wait()
    if victim == "driver":
        wait_for(lambda: ended(below))
        assert small_project.run("sweep", file, "--jobs", 2).returncode == 0
    else:
        assert code == 0, process.stderr.read()
    assert set(findings(small_project)) == {0, 1, 2}
    assert beside(small_project) == []


def test_a_summary_is_made_anew_where_its_runs_are_not_what_they_were(small_project):
    file = small_project.sweep_file()
    some = small_project.run("sweep", file, "--only", "seed=0", "--only", "seed=1")
    assert "2 of 3 runs are finished" in some.stdout
    last = small_project.run("sweep", file, "--dry-run", "--only", "seed=2").stdout.split()[0]
    assert small_project.run("run", "--sweep", file, "--id", last).returncode == 0
    assert "3 of 3 runs are finished" in small_project.run("sweep", file).stdout


def test_a_notebook_edited_meanwhile_is_told_and_changes_nothing_that_was_planned(small_project):
    file = small_project.sweep_file()
    assert small_project.run("sweep", file, "--only", "seed=0").returncode == 0
    kept = small_project.outputs / "sweeps" / "small.notebook" / f"{NOTEBOOK}.ipynb"
    begun_with = kept.read_bytes()
    planned = small_project.run("sweep", file, "--dry-run").stdout
    small_project.behave("1 / 0")
    assert small_project.run("sweep", file, "--dry-run").stdout == planned
    last = planned.splitlines()[-1].split("\t")[0]
    for words in (("run", "--sweep", file, "--id", last), ("sweep", file)):
        done = small_project.run(*words)
        assert done.returncode == 0, done.stderr
        assert f"{NOTEBOOK} has been edited since this sweep started" in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert set(findings(small_project)) == {0, 1, 2}
    assert kept.read_bytes() == begun_with
    anew = small_project.run("sweep", file, "--force")
    assert anew.returncode == 1
    assert "ZeroDivisionError" in anew.stderr
    assert kept.read_bytes() != begun_with


def test_runs_that_older_code_made_are_made_again(small_project):
    file = small_project.sweep_file("seeds: [0]")
    small_project.run("sweep", file)
    assert "1 finished before" in small_project.run("sweep", file).stdout
    module = small_project.folder / "src" / "epochwatch_lab" / "tables.py"
    module.write_text(module.read_text() + "\n# another version\n")
    assert "0 finished before, 1 made now" in small_project.run("sweep", file).stdout


def test_a_run_leaves_its_post_in_its_folder_and_publishes_nothing(small_project):
    done = small_project.run("run", NOTEBOOK)
    folder = small_project.outputs / NOTEBOOK / "default"
    assert f"post     outputs/{NOTEBOOK}/default/post/_github/" in done.stdout, done
    record = json.loads((folder / "run.json").read_text())
    assert len([name for name in record["files"] if name.startswith("post/")]) == 5
    assert not (small_project.outputs / "blog").exists()


def test_two_drivers_on_one_sweep_make_each_run_once(small_project, tmp_path):
    small_project.behave(COUNT.format(tmp_path / "made") + "\ntime.sleep(1)")
    file = small_project.sweep_file("seeds: [0, 1, 2, 3, 4]")
    drivers = [small_project.start("sweep", file, "--jobs", 2) for _ in range(2)]
    said = [driver.communicate() for driver in drivers]
    assert [driver.returncode for driver in drivers] == [0, 0], said
    made = [int(re.search(r"(\d) made now", out)[1]) for out, _ in said]
    assert sum(made) == 5, said
    assert sorted((tmp_path / "made").read_text().split()) == list("01234")
    assert beside(small_project) == []


def test_one_run_of_a_sweep_is_made_by_its_id(small_project):
    file = small_project.sweep_file()
    listed = small_project.run("sweep", file, "--dry-run", "--only", "seed=1").stdout
    run_id, state, what = listed.strip().split("\t")
    assert (state, what) == ("to make", "seed=1")
    assert not small_project.outputs.exists()
    done = small_project.run("run", "--sweep", file, "--id", run_id)
    assert done.stdout.startswith(f"finished  {run_id}  seed=1  outputs/{NOTEBOOK}/{run_id}")
    again = small_project.run("run", "--sweep", file, "--id", run_id)
    assert again.stdout.startswith(f"was finished  {run_id}")
    assert "finished\tseed=1" in small_project.run("sweep", file, "--dry-run").stdout
    for words in (["--sweep", file], [NOTEBOOK, "--sweep", file, "--id", run_id], ["--force"]):
        assert small_project.run("run", *words).returncode == 2
    assert small_project.run("run", "--sweep", file, "--id", "zz").returncode == 2


def test_runs_are_listed_while_they_are_made_shown_and_compared(small_project, tmp_path):
    small_project.behave(UNTIL.format(tmp_path / "go"))
    file = small_project.sweep_file("seeds: [0, 1]")
    process = small_project.start("sweep", file, "--jobs", 2)
    wait_for(lambda: kernels(process))
    assert {entry["state"] for entry in small_project.listed()} == {"running"}
    (tmp_path / "go").touch()
    process.communicate()
    first, second = small_project.listed()
    assert set(first) == {"id", "notebook", "run", "state", "parameters", "folder"}
    table = small_project.run("runs", "list").stdout
    assert first["id"][:8] in table
    assert "seed=1" in table
    shown = small_project.run("runs", "show", first["id"][:6]).stdout
    assert "files, all undamaged" in shown
    assert "peak_memory_mib" in shown
    seeds = [entry["parameters"]["seed"] for entry in (first, second)]
    said = small_project.run("runs", "compare", first["id"], second["id"], "--json").stdout
    found = {(d["part"], d["name"]): (d["first"], d["second"]) for d in json.loads(said)}
    assert found["parameters", "seed"] == tuple(seeds)
    assert ("findings", "order") in found
    assert ("findings", "verdict") not in found


def test_a_scheduler_of_others_does_the_same(small_project):
    script = (
        "from distributed import LocalCluster\n"
        "if __name__ == '__main__':\n"
        "    c = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=':0')\n"
        "    print(c.scheduler_address, flush=True)\n"
        "    input()\n"
    )
    (small_project.folder / "cluster.py").write_text(script)
    cluster = subprocess.Popen(
        [sys.executable, small_project.folder / "cluster.py"],
        env=small_project.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        address = cluster.stdout.readline().strip()
        done = small_project.run("sweep", small_project.sweep_file(), "--executor", address)
        assert done.returncode == 0, done.stderr
        assert set(findings(small_project)) == {0, 1, 2}
        assert not list(small_project.outputs.glob(".sweep-*"))  # what shows workers the folder
    finally:
        cluster.communicate("\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--executor", "slurm"], "--executor: got 'slurm', allowed: local, or tcp://HOST:PORT"),
        (["--executor", "tcp://127.0.0.1:9"], "no dask scheduler answers at tcp://127.0.0.1:9"),
        (["--jobs", "0"], "--jobs: got 0, allowed: a whole number, 1 or more"),
        (["--only", "seed=9"], "--only: got 'seed=9', allowed: seed=VALUE, VALUE one of 0, 1, 2"),
        (["--timeout", "0"], "--timeout: got 0, allowed: a whole number, 1 or more"),
    ],
    ids=str,
)
def test_a_bad_request_is_one_line_and_starts_nothing(words, told, small_project):
    done = small_project.run("sweep", small_project.sweep_file(), *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not small_project.outputs.exists()


def test_a_notebook_without_tagged_parameters_is_refused(small_project):
    small_project.notebook("1", tag="parameter")
    done = small_project.run("run", NOTEBOOK)
    assert done.returncode == 2
    assert "has no cell tagged parameters" in done.stderr
    assert not small_project.outputs.exists()


@pytest.mark.parametrize("text", ["__import__('os').system('touch x')", "$(touch x)", "{{ x }}"])
def test_code_given_as_a_value_stays_data(text, small_project):
    done = small_project.run("run", NOTEBOOK, "-p", f"feed={text}")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    file = small_project.sweep_file(f"seeds: [0]\nfixed: {{feed: {json.dumps(text)}}}")
    assert small_project.run("sweep", file).returncode == 2
    assert not (small_project.folder / "x").exists()
    assert not small_project.outputs.exists()
