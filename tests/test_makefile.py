"""What is said to make arrives where it belongs, as data, or is refused."""

import re
import subprocess
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from epochwatch_lab._runs import project
from epochwatch_lab._runs.notebooks import NOTEBOOKS, DoesFitResume
from tests.checkout import Checkout

VARIABLES = {
    "DIGIT": "positive_digit",
    "BATCH_SIZE": "batch_size",
    "STEPS_PER_EPOCH": "steps_per_epoch",
    "STEPS_PER_EXECUTION": "steps_per_execution",
    "EPOCHS": "epochs",
    "FEED": "feed",
    "SEED": "seed",
    "RUN": "run_name",
}
NASTY = st.text(
    st.sampled_from("$()`'\"\\;&|<>#%*?!~{}=:@-+ \t\n,a7é")
    | st.characters(exclude_categories=["Cs"], exclude_characters="\0")
)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A checkout that is set up."""
    made = Checkout(tmp_path_factory.mktemp("a checkout") / "it's here")
    assert made.make(".venv").returncode == 0
    made.program("epochwatch", folder=made.venv / "bin")
    made.arguments_of("uv")
    return made


@given(variable=st.sampled_from([*VARIABLES, "OUTPUTS"]), value=NASTY)
@example("DIGIT", "$(shell touch touched)")
@example("DIGIT", "`touch touched`; touch touched")
@example("RUN", "$(error stop) ${RUN} $RUN $$ $")
@example("OUTPUTS", "--help")
@example("FEED", "a\nb'\"\\")
@settings(deadline=None, max_examples=60)
def test_a_value_arrives_as_it_is_whatever_is_in_it(checkout, variable, value):
    done = checkout.make("run", f"{variable}={value}")
    assert done.returncode == 0, done.stderr
    value = value.lstrip(" \t\n\v\f\r")  # make takes off what stands between = and the value
    told = (
        [f"--outputs={value}"]
        if variable == "OUTPUTS"
        else ["-p", f"{VARIABLES[variable]}={value}"]
    )
    assert checkout.arguments_of("epochwatch") == ["run", "01_does_fit_resume", *told]
    assert not (checkout.folder / "touched").exists()


def test_each_parameter_of_the_notebook_has_a_variable(checkout):
    checkout.make("run", *(f"{variable}=1" for variable in VARIABLES))
    arguments = checkout.arguments_of("epochwatch")[2:]
    assert set(arguments[::2]) == {"-p"}
    assert set(arguments[1::2]) == {f"{name}=1" for name in VARIABLES.values()}
    assert set(VARIABLES.values()) == set(DoesFitResume.model_fields)


def test_a_sweep_is_the_one_asked_for_and_its_file_is_no_option(checkout):
    assert checkout.make("sweep").returncode == 0
    assert checkout.arguments_of("epochwatch") == ["sweep", "--", "sweeps/digits.yaml"]
    asked = ("SWEEP=-x $(shell touch touched)", "JOBS=3", "EXECUTOR=tcp://a:1", "OUTPUTS=out of")
    assert checkout.make("sweep", *asked).returncode == 0
    options = ["--jobs=3", "--executor=tcp://a:1", "--outputs=out of"]
    told = ["sweep", *options, "--", "-x $(shell touch touched)"]
    assert checkout.arguments_of("epochwatch") == told
    assert not (checkout.folder / "touched").exists()


def test_what_is_not_given_is_not_passed_on_though_it_is_in_the_environment(checkout):
    checkout.make("run", EPOCHS="3", EPOCHWATCH_SEED="1", RUN="other")
    assert checkout.arguments_of("epochwatch") == ["run", "01_does_fit_resume"]


def test_the_blog_has_the_default_run_of_every_notebook(tmp_path):
    checkout = Checkout(tmp_path / "new")
    assert checkout.make(".venv").returncode == 0
    said = checkout.program("epochwatch", 'echo "$@"', checkout.venv / "bin")
    written = checkout.make("blog")
    assert written.returncode == 0, written.stderr
    folders = " ".join(f"outputs/{name}/default" for name in NOTEBOOKS)
    assert written.stdout == f"post --skip-missing {folders}\n"
    said.write_text("#!/bin/sh\nexit 2\n")
    assert checkout.make("blog").returncode == 2


def test_an_empty_value_is_passed_on_for_it_is_not_the_default(checkout):
    checkout.make("run", "DIGIT=")
    assert checkout.arguments_of("epochwatch")[2:] == ["-p", "positive_digit="]


@pytest.mark.parametrize(
    ("arguments", "named", "allowed"),
    [
        (["run", "DIGT=7"], "DIGT: no variable of `make run`", "DIGIT"),
        (["run", "DIGT=$(shell touch touched)", "DIGIT=7"], "DIGT: no variable", "DIGIT"),
        (["run", "digit=7"], "digit: no variable", "DIGIT"),
        (["test", "EPOCHS=3"], "EPOCHS: no variable of `make test`", "allowed: PYTHON."),
        (["blog", "OUTPUTS=here"], "OUTPUTS: no variable of `make blog`", "allowed: PYTHON."),
        (["DIGIT=7"], "DIGIT: no variable of `make`", "allowed: PYTHON."),
        (["test", "BACKENDS=jax"], "BACKENDS: no variable of `make test`", "allowed: PYTHON."),
        (["test", "CASES=3"], "CASES: no variable of `make test`", "allowed: PYTHON."),
        (["fuzz", "EPOCHS=3"], "EPOCHS: no variable", "allowed: BACKENDS CASES SEED PYTHON."),
        (["test-backends", "BACKEND=jax"], "BACKEND: no variable", "allowed: BACKENDS PYTHON."),
    ],
)
def test_an_unknown_variable_is_refused_before_anything_is_done(
    tmp_path, arguments, named, allowed
):
    checkout = Checkout(tmp_path / "new")
    done = checkout.make(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert named in done.stderr
    assert allowed in done.stderr
    assert not checkout.venv.exists()
    assert not (checkout.folder / "touched").exists()


def test_a_failed_run_fails_with_one_line_of_make(checkout):
    checkout.program("epochwatch", "echo why >&2; exit 1", checkout.venv / "bin")
    done = checkout.make("run")
    checkout.program("epochwatch", folder=checkout.venv / "bin")
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == "why"
    assert len(done.stderr.splitlines()) == 2


XDIST = "-n 2 --dist loadfile --no-loadscope-reorder"
QUICK = f"{XDIST} -m not slow"
ROUNDED = (
    "tests/notebooks/test_*_default.py",
    "tests/epochwatch_lab/strategies",
    "tests/epochwatch_lab/shuffling",
    "tests/epochwatch_lab/test_imbalances.py",
    "tests/epochwatch_lab/test_schedules.py",
    "tests/backends/test_watch.py",
    "tests/fuzz/test_twins.py",
)
NOT_ROUNDED = " ".join(f"--ignore-glob={place}" for place in ROUNDED)
REST = [
    f"{XDIST} -m slow --ignore=tests/batches --ignore=tests/resuming {NOT_ROUNDED}",
    f"{XDIST} -n 3 --dist load tests/batches",
]
AGAIN = " ".join([XDIST, *ROUNDED])


def test_the_tests_run_on_tensorflow_whatever_the_environment_says(tmp_path):
    checkout = Checkout(tmp_path / "new")
    done = checkout.make("test", KERAS_BACKEND="jax", EPOCHWATCH_BACKEND="jax")
    assert done.returncode == 0
    (line,) = checkout.lines_of("pytest")
    assert line == f".venv/bin/python unset on tensorflow: -m pytest {QUICK}"


def test_all_tests_are_the_quick_ones_the_rest_the_other_backends_and_other_arithmetic(tmp_path):
    checkout = Checkout(tmp_path / "new")
    done = checkout.make("test", "test-all", EPOCHWATCH_BACKEND="jax")
    assert done.returncode == 0, done.stderr
    lines = checkout.lines_of("pytest")
    on_tensorflow = [line.partition(" unset on tensorflow: -m pytest ")[2] for line in lines]
    assert [line for line in on_tensorflow if line] == [QUICK, *REST, AGAIN]
    others = [
        line.split()[1] for line, plain in zip(lines, on_tensorflow, strict=True) if not plain
    ]
    assert others == ["jax", "torch", "tf_keras", "tensorflow", "jax", "torch"]


def test_no_library_has_more_of_the_processor_than_its_plainest_kernels_need():
    state = "{k: v for k, v in numpy.__cpu_features__.items() if k in numpy.__cpu_dispatch__}"
    code = f"from numpy._core import _multiarray_umath as numpy; print(any({state}.values()))"
    command = ["sh", "scripts/plain_arithmetic.sh", sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, cwd=project.ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("False\n", "")


def test_what_is_trained_again_is_where_it_is_looked_for():
    assert [place for place in ROUNDED if not list(project.ROOT.glob(place))] == []


@pytest.mark.parametrize(
    ("arguments", "backends"),
    [
        ([], [("jax", "jax"), ("torch", "torch"), ("tf_keras", "tensorflow")]),
        (["BACKENDS=tf_keras jax"], [("tf_keras", "tensorflow"), ("jax", "jax")]),
        (["BACKENDS=torch"], [("torch", "torch")]),
    ],
)
def test_each_backend_is_tested_in_its_environment(tmp_path, arguments, backends):
    checkout = Checkout(tmp_path / "new")
    assert checkout.make("test-backends", *arguments).returncode == 0
    pytest_arguments = f"-m pytest tests/backends tests/fuzz {XDIST.replace('2', '3')}"
    # tf_keras is in .venv, which the laboratory needs it in.
    environments = {"jax": ".venv-jax", "torch": ".venv-torch", "tf_keras": ".venv"}
    assert checkout.lines_of("pytest") == [
        f"{environments[backend]}/bin/python {backend} on {keras}: {pytest_arguments}"
        for backend, keras in backends
    ]
    made = {path.name for path in checkout.folder.glob(".venv*")}
    assert made == {environments[backend] for backend, _ in backends}


def test_trainings_are_killed_in_the_environment_of_each_backend(tmp_path):
    checkout = Checkout(tmp_path / "new")
    assert checkout.make("test-resuming", KERAS_BACKEND="torch").returncode == 0
    assert checkout.make("test-resuming", "BACKENDS=torch").returncode == 0
    told = "-m pytest tests/resuming -n 2 --dist load"
    assert checkout.lines_of("pytest") == [
        f".venv/bin/python tensorflow on tensorflow: {told}",
        f".venv-jax/bin/python jax on jax: {told}",
        f".venv-torch/bin/python torch on torch: {told}",
        f".venv-torch/bin/python torch on torch: {told}",
    ]


def test_trainings_are_killed_on_the_other_backends_though_one_has_failed(tmp_path):
    checkout = Checkout(tmp_path / "new")
    checkout.python(pytest='[ "$EPOCHWATCH_BACKEND" != jax ]')
    done = checkout.make("test-resuming")
    assert done.returncode == 2
    assert "failed on: jax\n" in done.stderr
    assert len(checkout.lines_of("pytest")) == 3


def test_as_many_feeds_are_drawn_as_are_asked_for_on_each_backend(tmp_path):
    checkout = Checkout(tmp_path / "new")
    asked = ("CASES=3 $(shell touch touched)", "SEED=7", "BACKENDS=tensorflow jax")
    assert checkout.make("fuzz", KERAS_BACKEND="torch").returncode == 0
    assert checkout.make("fuzz", *asked).returncode == 0
    told = "-m tests.fuzz --cases=3 $(shell touch touched) --seed=7"
    assert checkout.lines_of("fuzz") == [
        ".venv/bin/python tensorflow on tensorflow: -m tests.fuzz",
        f".venv/bin/python tensorflow on tensorflow: {told}",
        f".venv-jax/bin/python jax on jax: {told}",
    ]
    assert not (checkout.folder / "touched").exists()


def test_feeds_are_drawn_on_the_other_backends_though_one_has_failed(tmp_path):
    checkout = Checkout(tmp_path / "new")
    checkout.python(fuzz='[ "$EPOCHWATCH_BACKEND" != jax ]')
    done = checkout.make("fuzz", "BACKENDS=jax torch")
    assert done.returncode == 2
    assert "failed on: jax\n" in done.stderr
    assert len(checkout.lines_of("fuzz")) == 2


@pytest.mark.parametrize("target", ["test-backends", "test-resuming", "fuzz"])
@pytest.mark.parametrize("value", ["", "jaks", "jax jaks", "*", "$(touch touched)", "-h", "a\nb"])
def test_a_backend_that_there_is_not_is_refused_before_anything_is_done(tmp_path, target, value):
    checkout = Checkout(tmp_path / "new")
    done = checkout.make(target, f"BACKENDS={value}")
    assert done.returncode == 2
    said = f'BACKENDS: got "{value}", allowed: one or more of '
    assert done.stderr.startswith(said)
    assert not list(checkout.folder.glob(".venv*"))
    assert not (checkout.folder / "touched").exists()


def test_the_other_backends_are_tested_though_one_has_failed(tmp_path):
    checkout = Checkout(tmp_path / "new")
    checkout.python(pytest='[ "$EPOCHWATCH_BACKEND" != jax ]')
    done = checkout.make("test-backends")
    assert done.returncode == 2
    assert "failed on: jax\n" in done.stderr
    assert len(checkout.lines_of("pytest")) == 3


def test_a_set_up_that_fails_is_no_test_that_passed(tmp_path):
    checkout = Checkout(tmp_path / "new")
    checkout.program("uv", "[ $1 = --version ]")
    done = checkout.make("test-backends", "BACKENDS=jax")
    assert done.returncode == 2
    assert "set-up: failed, see above; .venv-jax has been removed" in done.stderr
    assert not (checkout.folder / "called" / "pytest").exists()


def test_watching_is_measured_in_the_environments_of_the_backends(tmp_path):
    checkout = Checkout(tmp_path / "new")
    assert checkout.make("bench-backends").returncode == 0
    made = sorted(path.name for path in checkout.folder.glob(".venv*"))
    assert made == [".venv-jax", ".venv-torch"]


def test_help_is_the_default_names_each_target_and_variable_and_fits_a_terminal(checkout):
    text = checkout.make().stdout
    assert text == checkout.make("help").stdout
    assert max(map(len, text.splitlines())) <= 80
    phony = re.search(r"^\.PHONY: (.*)$", (project.ROOT / "Makefile").read_text(), re.MULTILINE)
    for target in set(phony[1].split()) - {".venv"}:
        assert re.search(rf"^  {target}  +\w", text, re.MULTILINE), target
    for variable in [*VARIABLES, "OUTPUTS", "BACKENDS", "PYTHON"]:
        assert re.search(rf"\b{variable}\b", text), variable


def test_clean_leaves_the_posts_the_environment_and_the_sources(tmp_path):
    checkout = Checkout(tmp_path / "new")
    kept = [
        ".venv/lib/__pycache__/x",
        ".venv-jax/lib/__pycache__/x",
        "outputs/blog/_posts/x.md",
        "src/x.py",
        "tests/x.py",
    ]
    removed = [
        "outputs/01/default/run.json",
        "src/a/__pycache__/x.pyc",
        ".pytest_cache/x",
        "dist/x",
    ]
    for name in [*kept, *removed]:
        path = checkout.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert checkout.make("clean").stderr == ""
    assert [name for name in [*kept, *removed] if (checkout.folder / name).exists()] == kept


def test_clean_has_nothing_to_do_where_nothing_was_made(tmp_path):
    done = Checkout(tmp_path / "new").make("clean")
    assert (done.returncode, done.stderr) == (0, "")
