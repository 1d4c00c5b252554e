"""`make lab` opens copies, which follow their notebooks until somebody changes them."""

import json

import pytest
from scripts.copy_notebooks import copy_notebook, sources


@pytest.fixture
def notebook(tmp_path):
    """A notebook that is copied, and its copy's folder."""
    file = tmp_path / "one.ipynb"
    write(file, "1")
    copy_notebook(file, tmp_path / "lab")
    return file


def write(file, source, outputs=()):
    file.write_text(json.dumps({"cells": [{"source": source, "outputs": list(outputs)}]}))


def test_a_copy_that_was_only_run_keeps_its_outputs_until_the_notebook_changes(notebook):
    lab = notebook.parent / "lab"
    write(lab / "one.ipynb", "1", outputs=["done"])
    assert not copy_notebook(notebook, lab)
    assert "done" in (lab / "one.ipynb").read_text()
    write(notebook, "2")
    assert not copy_notebook(notebook, lab)
    assert sources(lab / "one.ipynb") == ["2"]


def test_a_copy_that_somebody_changed_stays_and_that_is_said_once_the_notebook_changes(notebook):
    lab = notebook.parent / "lab"
    write(lab / "one.ipynb", "1 + 1")
    assert not copy_notebook(notebook, lab)
    write(notebook, "2")
    assert copy_notebook(notebook, lab)
    assert sources(lab / "one.ipynb") == ["1 + 1"]


def test_a_copy_that_is_gone_or_renamed_is_made_again(notebook):
    lab = notebook.parent / "lab"
    (lab / "one.ipynb").rename(lab / "mine.ipynb")
    assert not copy_notebook(notebook, lab)
    assert sources(lab / "one.ipynb") == sources(lab / "mine.ipynb") == ["1"]


def test_a_damaged_copy_is_somebodys_and_stays(notebook):
    lab = notebook.parent / "lab"
    (lab / "one.ipynb").write_text("{")
    write(notebook, "2")
    assert copy_notebook(notebook, lab)
