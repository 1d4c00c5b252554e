"""The file of environments is data: what it says is what is installed, and nonsense is one line."""

import shutil
import sys

import pytest

from epochwatch.errors import BadInput
from epochwatch_lab._atlas import environments
from epochwatch_lab._atlas.environments import Environment, python_of, read_environments
from epochwatch_lab._runs import project

FILE = project.ROOT / "atlas" / "environments.yaml"


def test_every_environment_of_the_file_is_read_with_its_requirements():
    named = {one.name: one for one in read_environments(FILE)}
    newest = named["keras-3.15.1"]
    assert newest.requirements[0] == "keras==3.15.1"
    assert newest.full
    assert set(newest.backends) == {"tensorflow", "jax", "torch"}
    assert named["tf_keras-2.21.0"].requirements[0] == "tf_keras==2.21.0"
    assert sum("numpy" in wanted for wanted in named["keras-2.13.1"].requirements) == 1


def test_an_old_tensorflow_is_left_out_where_python_is_too_new(monkeypatch):
    old = Environment(
        name="keras-2.13.1",
        backends=("tensorflow",),
        requires=(),
        released="2026-07-29",
        python="<3.12",
    )
    monkeypatch.setattr(sys, "version_info", (3, 11, 7))
    assert old.runs_here()
    monkeypatch.setattr(sys, "version_info", (3, 12, 0))
    assert not old.runs_here()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("keras-3: {backends: [tensorflow], requires: []}", "keras-3"),
        ("keras-3.1.0: {backends: [mxnet], requires: []}", "mxnet"),
        ("keras-3.1.0: {backends: [jax], requires: [], fulll: true}", "fulll"),
        ("keras-3.1.0: {backends: [jax], released: 2024-01-01}", "requires"),
        ("[1, 2]", "cannot be read"),
        ("keras-3.1.0: {", "cannot be read"),
    ],
)
def test_a_file_that_says_something_else_is_refused_in_one_line(tmp_path, text, told):
    file = tmp_path / "environments.yaml"
    file.write_text(text)
    with pytest.raises(BadInput, match=told) as refusal:
        read_environments(file)
    assert str(refusal.value).startswith("environments.yaml: ")


def test_an_environment_is_made_once_and_again_when_its_packages_change(tmp_path, monkeypatch):
    installed = []
    monkeypatch.setattr(
        environments, "install", lambda uv, place, wanted, **_: installed.append(wanted)
    )
    one = Environment(
        name="keras-3.1.0", backends=("jax",), requires=("jax==0.4",), released="2026-07-29"
    )
    python = python_of(one, tmp_path)
    assert python.exists()
    assert python_of(one, tmp_path) == python
    assert len(installed) == 1
    python_of(one.model_copy(update={"requires": ("jax==0.5",)}), tmp_path)
    assert installed[1][1] == "jax==0.5"


def test_one_that_cannot_be_installed_is_told_in_one_line_and_is_not_taken_for_ready(tmp_path):
    one = Environment(name="keras-0.0.0", backends=("jax",), requires=(), released="2026-07-29")
    with pytest.raises(BadInput, match=r"keras-0\.0\.0: cannot be installed: .*"):
        python_of(one, tmp_path)
    assert not (tmp_path / one.name / ".ready").exists()
    shutil.rmtree(tmp_path)
