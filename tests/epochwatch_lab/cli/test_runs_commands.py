"""The commands of the laboratory: what they print, and what they say where they lack something."""

import io
import re
import subprocess
import sys

import click.testing
import pytest
from rich.console import Console

from epochwatch.errors import BadInput
from epochwatch_lab._cli.run import run
from epochwatch_lab._cli.runs import aligned, runs
from epochwatch_lab._cli.sweep import at_work, bar_with_lines
from epochwatch_lab._runs import driver, project
from epochwatch_lab._runs.notebooks import NOTEBOOKS

# As in an environment that has the instrument alone.
WITHOUT = """
import sys
for name in ("pydantic", "yaml", "filelock", "papermill", "nbformat", "nbconvert", "distributed"):
    sys.modules[name] = None
from epochwatch_lab._cli import main
main()
"""


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("run", ["01_does_fit_resume"]),
        ("run", ["01_does_fit_resume", "--help"]),
        ("sweep", ["sweeps/digits.yaml"]),
        ("runs list", []),
        ("runs show", ["default"]),
    ],
)
def test_where_the_laboratory_is_not_installed_a_command_names_its_extra_in_one_line(
    command, words
):
    given = [sys.executable, "-c", WITHOUT, *command.split(), *words]
    done = subprocess.run(given, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"epochwatch: {command}: ")
    assert "not installed; pip install 'epochwatch[lab]'" in line
    assert done.stdout == ""


def help_of(*words):
    """The help of `epochwatch run`."""
    return click.testing.CliRunner().invoke(run, [*words, "--help"]).output


def test_the_help_of_runs_cuts_no_sentence():
    listed = click.testing.CliRunner().invoke(runs, ["--help"]).output.partition("Commands:")[2]
    sentences = [one.help.partition("\n")[0] for one in runs.commands.values()]
    assert [one for one in sentences if one not in " ".join(listed.split())] == []


def test_where_nothing_has_been_run_it_is_said_how_to_begin(tmp_path):
    asked = ["show", "default", "--outputs", str(tmp_path)]
    refused = click.testing.CliRunner().invoke(runs, asked).exception
    assert isinstance(refused, BadInput)
    assert str(refused) == (
        f"run: got 'default', but there is no run in {tmp_path}; epochwatch run "
        "01_does_fit_resume makes one"
    )


@pytest.mark.parametrize(("has_dask", "jobs"), [(True, 7), (False, 1)])
def test_several_runs_at_once_are_usual_where_dask_can_make_them(has_dask, jobs, monkeypatch):
    monkeypatch.setattr(driver.environment, "cores", lambda: 7)
    monkeypatch.setattr(driver.importlib.util, "find_spec", lambda name: has_dask or None)
    assert driver.usual_jobs() == jobs


@pytest.mark.parametrize(("notebook", "model"), NOTEBOOKS.items())
def test_the_help_of_a_notebook_shows_its_parameters_alone(notebook, model):
    text = help_of(notebook)
    words, usual = " ".join(text.split()), model(run_name="default")
    for name, field in model.model_fields.items():
        assert f"{name} {field.description}: {model.allowed(name)}" in words
        assert f"[default: {getattr(usual, name)}]" in words
    listed = re.findall(r"^  ([a-z_]+) ", text.partition("Parameters of")[2], re.MULTILINE)
    assert listed == list(model.model_fields)


def test_the_help_without_a_notebook_lists_those_there_are():
    text = help_of()
    assert all(name in text for name in project.notebook_names())
    assert "positive_digit" not in text


def test_a_table_on_a_terminal_is_aligned_and_breaks_no_word():
    long = "x" * 90
    rows = [["id", "run", "not default"], ["aaaa", "01/default", ""], ["b", "02", "epochs=3 " * 9]]
    lines = aligned(rows, 80)
    assert max(map(len, lines)) <= 80
    assert [line[6:].split()[0] for line in lines[:3]] == ["run", "01/default", "02"]
    assert " ".join(lines).split() == " ".join(text for row in rows for text in row).split()
    wide = aligned([["name", "value"], ["sha", f"a {long} b"]], 80)
    assert wide == ["name  value", "sha", "    a", f"    {long}", "    b"]


def test_no_row_of_a_table_ends_in_spaces():
    assert aligned([["a", ""], ["bb", "c"]], 80) == ["a", "bb  c"]


def test_what_runs_are_at_takes_the_bar_no_room_on_a_terminal():
    console = Console(file=io.StringIO(), force_terminal=True, width=80, color_system=None)
    bar = bar_with_lines(console)
    bar.add_task("digits", total=30)
    bar.lines = ["  positive_digit=1 [a]: 16/36 What each epoch began and ended with", "-" * 90]
    console.print(bar.get_renderable())
    of_bar, *lines = console.file.getvalue().splitlines()
    assert re.search(r"^digits [ ━]{40} +0/30 \d:\d\d:\d\d left -:--:--$", of_bar.rstrip())
    assert [line.rstrip() for line in lines] == [bar.lines[0], "-" * 79 + "…"]


def test_what_each_run_of_a_sweep_is_at_is_read_from_its_folder(tmp_path):
    for name in ("aaaa.attempt-1", "bbbb.attempt-2", "foreign.attempt-3", "aaaa.failed"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "progress.txt").write_text("3/40 The feed\n")
    (tmp_path / "bbbb.attempt-2" / "progress.txt").unlink()
    now = at_work({"aaaa": "seed=1", "bbbb": "seed=2"}, tmp_path)
    assert now == {"aaaa": "  seed=1: 3/40 The feed"}
