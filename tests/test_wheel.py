"""The wheel as users install it: alone it is light and says what it lacks; with extras it works."""

import base64
import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from epochwatch_lab._runs import environment, project
from epochwatch_lab.post import PostExporter
from tests.recipes import block_with

WATCH, FEEDS = block_with("epochwatch.watch"), block_with("def make_feed")
AUDIT = shlex.split(block_with("epochwatch audit").code.splitlines()[-1], comments=True)[1:]

pytestmark = pytest.mark.slow

UV = [sys.executable, "-m", "uv"]
FRAMEWORKS = ["keras", "tensorflow", "jax", "torch", "matplotlib", "scipy", "IPython"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from a copy of what is committed, for building leaves traces."""
    copy, wheels = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("wheels")
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=project.ROOT, capture_output=True, check=True
    )
    for name in tracked.stdout.decode().split("\0")[:-1]:
        if (project.ROOT / name).exists() and not name.startswith(("outputs/", "data/", "tests/")):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(project.ROOT / name, copy / name, follow_symlinks=False)
    build = [*UV, "build", "--wheel", "--offline", "--no-build-isolation", "--out-dir", wheels]
    subprocess.run([*build, "--python", sys.executable, copy], check=True, capture_output=True)
    [built] = wheels.glob("*.whl")
    return built


class Environment:
    """A virtual environment, and nothing of the one that the tests run in."""

    def __init__(self, folder: Path, requirement: str):
        self.folder = folder
        self.programs = folder / "bin"
        subprocess.run([*UV, "venv", "--quiet", "--python", sys.executable, folder], check=True)
        install = [*UV, "pip", "install", "--quiet", "--python", self.programs / "python"]
        # From uv's cache, into which the set-up has put all, and by links: it takes no space.
        install += ["--link-mode", "symlink", "--constraints", project.ROOT / "requirements.lock"]
        if subprocess.run([*install, "--offline", requirement], capture_output=True).returncode:
            subprocess.run([*install, requirement], check=True)

    @property
    def packages(self) -> Path:
        """Where its packages are."""
        [folder] = self.folder.glob("lib/*/site-packages")
        return folder

    def run(self, program: str, *arguments: str, cwd: Path, **variables: str):
        """Run a program of the environment's in a folder."""
        own = {"HOME": self.folder.parent, "PATH": f"{self.programs}:/usr/bin:/bin"}
        return subprocess.run(
            [self.programs / program, *arguments],
            cwd=cwd,
            env={**own, "LANG": "C.UTF-8", "TF_CPP_MIN_LOG_LEVEL": "3", **variables},
            capture_output=True,
            text=True,
        )


@pytest.fixture(scope="module")
def bare(wheel, tmp_path_factory) -> Environment:
    """An environment with the wheel alone."""
    return Environment(tmp_path_factory.mktemp("bare") / "venv", str(wheel))


@pytest.fixture(scope="module")
def with_tensorflow(wheel, tmp_path_factory) -> Environment:
    """An environment with the wheel and a backend."""
    return Environment(tmp_path_factory.mktemp("backend") / "venv", f"{wheel}[tensorflow]")


@pytest.fixture(scope="module")
def with_post(wheel, tmp_path_factory) -> Environment:
    """An environment with the wheel and what the exporter of posts needs."""
    return Environment(tmp_path_factory.mktemp("post") / "venv", f"{wheel}[post]")


@pytest.fixture(scope="module")
def with_lab(wheel, tmp_path_factory) -> Environment:
    """An environment with the wheel and the laboratory, far from any clone."""
    return Environment(tmp_path_factory.mktemp("lab") / "venv", f"{wheel}[lab]")


@pytest.fixture
def keras_home(tmp_path) -> Path:
    """Where Keras keeps MNIST once it has downloaded it."""
    (tmp_path / "keras" / "datasets").mkdir(parents=True)
    shutil.copy(project.ROOT / "data" / "mnist.npz", tmp_path / "keras" / "datasets")
    return tmp_path / "keras"


def test_it_is_light(bare):
    distributions = sorted(path.stem for path in bare.packages.glob("*.dist-info"))
    megabytes = sum(p.stat().st_size for p in bare.packages.rglob("*") if p.is_file()) / 1e6
    print(f"{len(distributions)} distributions, {megabytes:.0f} MB")
    assert len(distributions) <= 25, distributions
    assert megabytes <= 500


def test_what_needs_no_backend_works_without_one(bare, tmp_path):
    code = f"""
import sys
import epochwatch
assert not set({FRAMEWORKS}) & set(sys.modules)
streams = {{"rare": range(4), "rest": range(4, 20)}}
print(sorted(epochwatch.BalancedSampler(streams, batch_size=8)[0].tolist())[:4])
"""
    done = bare.run("python", "-c", code, cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("[0, 1, 2, 3]\n", "")


@pytest.mark.parametrize("arguments", [["--help"], ["audit", "--help"]])
def test_help_needs_nothing(bare, arguments, tmp_path):
    done = bare.run("epochwatch", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: epochwatch")


@pytest.mark.parametrize(
    ("arguments", "extras"),
    [
        (["run", "x"], ["epochwatch[lab]"]),
        (["sweep", "x.yaml"], ["epochwatch[lab]"]),
        (["report", "x"], ["epochwatch[report]"]),
        (["post", "x"], ["epochwatch[post]"]),
        (AUDIT, [f"epochwatch[{name}]" for name in ("tensorflow", "jax", "torch")]),
    ],
    ids=lambda value: value[0],
)
def test_what_is_lacking_is_one_line_with_the_extra(bare, arguments, extras, tmp_path):
    (tmp_path / "feeds.py").write_text(
        "import numpy\ndef make_feed():\n    return numpy.ones((9, 1)), numpy.ones(9)\n"
    )
    done = bare.run("epochwatch", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("epochwatch: ")
    assert [extra for extra in extras if extra not in line] == []


def test_with_a_backend_it_watches(with_tensorflow, tmp_path):
    done = with_tensorflow.run("python", "-c", WATCH.code, cwd=tmp_path)
    assert done.stdout == WATCH.printed, done.stderr


def test_with_a_backend_it_audits(with_tensorflow, tmp_path):
    (tmp_path / "feeds.py").write_text(FEEDS.code)
    done = with_tensorflow.run("epochwatch", *AUDIT, "--json", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert report["findings"] == ["restarts", "loses"]
    assert (report["samples"]["lost"], report["steps"]["run"]) == (28, [3] * 5)


GREY_PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)


def test_a_notebook_of_anybodys_becomes_a_post(with_post, tmp_path):
    shown = nbformat.v4.new_output(
        "display_data",
        data={"image/png": GREY_PIXEL, "text/plain": "<Figure>"},
        metadata={"image/png": {"alt": "a grey pixel", "width": 1}, "filename": "pixel"},
    )
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# Title\n\n{{ x }} and $x$"),
            nbformat.v4.new_code_cell("show(pixel)", outputs=[shown]),
        ],
        metadata={"epochwatch": {"title": "Mine", "slug": "mine", "date": "2026-11-20"}},
    )
    nbformat.write(notebook, tmp_path / "run.ipynb")
    command = ["nbconvert", "--to", "epochwatch_post", "run.ipynb"]
    done = with_post.run("jupyter", *command, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    post = tmp_path / "2026-11-20-mine.md"
    assert post.read_text() == PostExporter().from_notebook_node(notebook)[0]
    pixel = (tmp_path / "assets" / "img" / "mine" / "pixel.png").read_bytes()
    assert pixel == base64.b64decode(GREY_PIXEL)


def test_it_carries_the_notebooks_and_what_they_read_and_no_module_beside_them(bare):
    carried = bare.packages / "epochwatch_lab" / "_carried"
    for folder, ending in (("notebooks", "ipynb"), ("atlas", "json")):
        there = {path.name: path.read_bytes() for path in (carried / folder).iterdir()}
        of_clone = (project.ROOT / folder).glob(f"*.{ending}")
        assert there == {path.name: path.read_bytes() for path in of_clone}
    for name in ("sweeps/summary.ipynb", "sweeps/never_saw.json", "records.json"):
        assert (carried / name).read_bytes() == project.carried(name).read_bytes()
    assert not list(carried.rglob("*.py"))


SMALL = {"epochs": 2, "steps_per_epoch": 6, "batch_size": 8}


def test_a_notebook_runs_in_an_empty_folder_and_writes_there(with_lab, keras_home, tmp_path):
    here = tmp_path / "here"
    here.mkdir()
    given = [f"-p{name}={value}" for name, value in SMALL.items()]
    command = ["run", "01_does_fit_resume", *given]
    done = with_lab.run("epochwatch", *command, cwd=here, KERAS_HOME=str(keras_home))
    assert done.returncode == 0, done.stderr
    record = json.loads((here / "outputs/01_does_fit_resume/default/run.json").read_text())
    assert SMALL.items() <= record["parameters"].items()
    code = "from epochwatch_lab._runs import environment; print(environment.code_digest())"
    alike = with_lab.run("python", "-c", code, cwd=here).stdout.strip()
    assert alike == environment.code_digest(), "a run has the same id in a clone and beside it"


def test_a_notebook_that_there_is_not_is_answered_with_those_there_are(with_lab, tmp_path):
    done = with_lab.run("epochwatch", "run", "99_not_there", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    [line] = done.stderr.splitlines()
    assert [name for name in project.notebook_names() if name not in line] == []


def test_a_notebook_copied_alone_runs_under_papermill(with_lab, keras_home, tmp_path):
    here = tmp_path / "here"
    here.mkdir()
    shutil.copy(project.notebook_path("01_does_fit_resume"), here)
    given = [word for name, value in SMALL.items() for word in ("-p", name, str(value))]
    command = ["01_does_fit_resume.ipynb", "done.ipynb", *given]
    done = with_lab.run("papermill", *command, cwd=here, KERAS_HOME=str(keras_home))
    assert done.returncode == 0, done.stderr
    [findings] = (here / "outputs").rglob("findings.json")
    assert SMALL.items() <= json.loads(findings.read_text())["parameters"].items()


def test_without_data_and_network_both_ways_out_are_named(with_lab, tmp_path):
    nobody = "http://127.0.0.1:9"  # the port of a service that throws everything away
    proxies = {"http_proxy": nobody, "https_proxy": nobody, "KERAS_HOME": str(tmp_path / "keras")}
    done = with_lab.run("epochwatch", "run", "01_does_fit_resume", cwd=tmp_path, **proxies)
    assert (done.returncode, done.stdout) == (2, "")
    *_, line = done.stderr.splitlines()  # TensorFlow has its say before
    assert line.startswith("epochwatch: MNIST")
    assert "run from a clone" in line
    assert "connect to the network" in line
