"""What the atlas says in the guide is made from the atlas, and current."""

import importlib.util

import pytest

from epochwatch.errors import BadInput
from epochwatch_lab._marks import between_marks
from epochwatch_lab._runs import project


@pytest.fixture
def script():
    """Load the script that writes the summary."""
    path = project.ROOT / "scripts" / "index_atlas.py"
    spec = importlib.util.spec_from_file_location("index_atlas", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow  # reads all cells
def test_the_committed_pages_are_current_and_the_summary_is_short(script):
    pages = script.pages()
    for page, text in pages.items():
        assert page.read_text() == text, "remake it: python scripts/index_atlas.py"
    assert len(pages[script.SUMMARY].splitlines()) <= 50


@pytest.mark.parametrize("marks", ["", "<!-- atlas -->\n", "<!-- /atlas -->\n<!-- atlas -->\n"])
def test_a_page_without_its_marks_is_refused_in_one_line(marks, tmp_path):
    page = tmp_path / "atlas.md"
    page.write_text(f"# The atlas\n{marks}")
    with pytest.raises(BadInput) as refused:
        between_marks(page, "atlas", "")
    line = str(refused.value)
    assert line.startswith(f"{page}: got no line <!-- atlas --> with <!-- /atlas -->")
    assert "allowed: both" in line
    assert line.endswith("put them back where it shall stand")


@pytest.mark.slow
def test_the_script_ends_with_code_2_and_one_line_and_writes_no_page(
    script, tmp_path, monkeypatch, capsys
):
    page = tmp_path / "atlas.md"
    page.write_text("# The atlas\n")
    monkeypatch.setattr(script, "SUMMARY", page)
    with pytest.raises(SystemExit) as ended:
        script.main()
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"index_atlas: {page}: got no line ")
    assert page.read_text() == "# The atlas\n"
