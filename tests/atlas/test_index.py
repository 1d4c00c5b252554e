"""The summary of the atlas in README is made from the atlas, and current."""

import importlib.util

import pytest

from epochwatch.errors import BadInput
from epochwatch.runs import project


@pytest.fixture
def script():
    """Load the script that writes the summary."""
    path = project.ROOT / "scripts" / "index_atlas.py"
    spec = importlib.util.spec_from_file_location("index_atlas", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_committed_summary_is_current(script):
    assert script.README.read_text() == script.page(), "remake it: python scripts/index_atlas.py"


def test_the_summary_is_short(script):
    block = script.BLOCK.search(script.page())[0]
    assert len(block.splitlines()) <= 25


def test_a_readme_without_its_marks_is_refused(script, tmp_path, monkeypatch):
    (tmp_path / "README.md").write_text("# epochwatch\n")
    monkeypatch.setattr(script, "README", tmp_path / "README.md")
    with pytest.raises(BadInput, match="has no marks"):
        script.page()
