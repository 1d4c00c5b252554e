"""Running notebooks: as their users do, by the command, and cell by cell in this process.

A test of a notebook as it is published sets NOTEBOOK, and takes `outputs`, `run_folder` and
`findings`.
"""

import contextlib
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from typing import NamedTuple

import psutil
import pytest

from epochwatch_lab._runs import environment, project, record
from epochwatch_lab._runs.notebooks import NOTEBOOKS

NOTEBOOK = "01_does_fit_resume"
COMMAND = [sys.executable, "-c", "from epochwatch_lab._cli import main; main()"]
# Runs made with another arithmetic have the same id, and are kept apart.
ARITHMETIC = ("TF_ENABLE_ONEDNN_OPTS", "ONEDNN_MAX_CPU_ISA", "NPY_DISABLE_CPU_FEATURES")


def exact(text):
    """Blank what floating point decides, which differs from processor to processor.

    Decimals and percentages go; a percentage that is exact stands beside its counts.
    """
    percentage = r"(?:\\?<|&lt;)?[-+]?\d[\d,.]*\s?%"  # "less than" as Markdown and HTML write it
    without_percentages = re.sub(percentage, "…%", text)
    return re.sub(r"[-+]?\d[\d,]*\.\d+", "…", without_percentages)


def both_posts(run_folder, post):
    """Read a post as it is committed, and as the current code writes it."""
    return [
        (folder / post).read_text()
        for folder in (project.ROOT / "outputs" / "blog", run_folder / record.POST)
    ]


def pictures_of(post, slug):
    """List the pictures that a committed post shows, and check that they are what is kept.

    Each stands beside its version for telephones.

    Returns:
        Their names, in order and each once, and the ways to the site's root that the post has.
    """
    blog = project.ROOT / "outputs" / "blog"
    pattern = rf'(?:src|srcset)="(\S*)/assets/img/{slug}/([a-z_]+)(-narrow)?\.png"'
    shown = re.findall(pattern, read(blog / post))
    names = list(dict.fromkeys(name for _, name, narrow in shown if not narrow))
    assert {name for _, name, narrow in shown if narrow} == set(names)
    kept = {file.name for file in (blog / "assets/img" / slug).iterdir()}
    assert kept == {name + end for name in names for end in (".png", "-narrow.png", ".svg")}
    return names, {way for way, *_ in shown}


def read(path):
    """Read a text."""
    return path.read_text(encoding="utf-8")


class Done(NamedTuple):
    """What a command did."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def epochwatch(monkeypatch, capfd):
    """Call the command in this process, which has imported all that it needs."""
    from epochwatch_lab._cli import main

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["epochwatch", *map(str, words)])
        handler, code = signal.getsignal(signal.SIGTERM), 0
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        finally:
            signal.signal(signal.SIGTERM, handler)
        return Done(code, *capfd.readouterr())

    return call


@pytest.fixture
def epochwatch_run(epochwatch, tmp_path):
    """Call `epochwatch run` with some parameters, outputs in a folder of the test."""

    def run(*options, notebook=NOTEBOOK, **parameters):
        given = [f"-p{name}={value}" for name, value in parameters.items()]
        return epochwatch("run", notebook, *given, "--outputs", tmp_path / "outputs", *options)

    return run


@pytest.fixture
def refused(epochwatch, tmp_path):
    """Run a notebook with a bad parameter, which is refused in one line and writes nothing."""

    def run(notebook, given):
        done = epochwatch("run", notebook, "-p", given, "--outputs", tmp_path / "outputs")
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1
        assert not (tmp_path / "outputs").exists()
        return done.stderr

    return run


@contextlib.contextmanager
def started_run(outputs, run_name):
    """Start notebook 01 by the command, and wait until a cell of it is being run.

    Yields:
        The process, and its kernel with all that belongs to it.
    """
    command = [*COMMAND, "run", NOTEBOOK, f"-prun_name={run_name}", "--outputs", str(outputs)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL
    )
    try:
        while not list(outputs.glob(f"{NOTEBOOK}/{run_name}.attempt-*/{record.PROGRESS}")):
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.05)
        yield process, psutil.Process(process.pid).children(recursive=True)
    finally:
        process.kill()
        process.communicate()


def assert_ended(processes):
    """Wait until these processes have ended; a kernel sees once a second that its parent has."""
    for process in processes:
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.05)


class Written(NamedTuple):
    """What a notebook wrote when its cells were run."""

    folder: object
    answer: str
    findings: dict
    record: dict


@contextlib.contextmanager
def shell_of():
    """A shell of IPython that keeps nothing, as a kernel has one."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    InteractiveShell.clear_instance()
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config)
    hooks = sys.displayhook, sys.excepthook
    try:
        yield shell
    finally:
        sys.displayhook, sys.excepthook = hooks
        InteractiveShell.clear_instance()


def run_cells(notebook, folder, **parameters):
    """Run the cells of a notebook by hand, in this process, with some parameters set.

    Args:
        notebook: its name.
        folder: where it is run; its outputs stand in there.
        **parameters: what is put in behind the cell of the parameters, as papermill does.

    Returns:
        What it has written.
    """
    cells = [c for c in project.cells_of(project.notebook_path(notebook)) if c.kind == "code"]
    lines = [f"{name} = {value!r}" for name, value in parameters.items()]
    with contextlib.chdir(folder), shell_of() as shell:
        for cell in cells:
            shell.run_cell(cell.source, store_history=True).raise_error()
            if "parameters" in cell.tags:
                shell.run_cell("\n".join(lines), store_history=True).raise_error()
        run = shell.user_ns["run"]
    written = json.loads(read(run.folder / record.FINDINGS))
    kept = record.read_record(run.folder)
    assert record.damaged_files(run.folder, kept) == []
    return Written(run.folder, written["answer"], written["findings"], kept)


@pytest.fixture
def cells_run(tmp_path, monkeypatch):
    """Run the cells of a notebook by hand, in a folder of the test."""
    import tensorflow as tf

    # It can be set but once in a process, and other tests have run in this one.
    monkeypatch.setattr(tf.config.threading, "set_intra_op_parallelism_threads", lambda n: None)
    monkeypatch.delenv("EPOCHWATCH_ATTEMPT", raising=False)
    return lambda notebook, **parameters: run_cells(notebook, tmp_path, **parameters)


@pytest.fixture(scope="module")
def outputs(request):
    """Run the notebook that a test module names as NOTEBOOK with its defaults, where needed.

    A run whose id holds is what the current code would make, and is not made again.

    Returns:
        The folder of the outputs; in it also what was printed, as the file NOTEBOOK.stdout.
    """
    name = request.module.NOTEBOOK
    arithmetic = repr([os.environ.get(variable) for variable in ARITHMETIC])
    kind = hashlib.sha256(arithmetic.encode()).hexdigest()[:8]
    folder = project.ROOT / "outputs" / "test-runs" / kind
    printed = folder / f"{name}.stdout"
    digest = environment.source_digest(project.notebook_path(name))
    run_id = environment.run_id(digest, NOTEBOOKS[name](run_name="default"))
    if not (printed.is_file() and record.is_finished(folder / name / "default", run_id)):
        command = [*COMMAND, "run", name, "--outputs", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stderr == "", "no log lines and no progress bar in a pipe"
        printed.write_text(done.stdout)
    return folder


@pytest.fixture(scope="module")
def run_folder(request, outputs):
    """The finished run of that notebook."""
    return outputs / request.module.NOTEBOOK / "default"


@pytest.fixture(scope="module")
def findings(run_folder):
    """Its answer for machines."""
    return json.loads((run_folder / "findings.json").read_text())["findings"]
