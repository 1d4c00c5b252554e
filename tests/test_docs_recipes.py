"""The recipes of README and of the guide run as they stand, and print what the pages say.

What needs DuckDB, Polars or pandas is left out where they are not installed. It was run in an
environment with all three beside this one: `python -m venv --system-site-packages …`, `pip install
duckdb polars pandas` (DuckDB 2.0.1, Polars 2.1.0, pandas 3.1.1), and this file.
"""

import sys

import pytest

from tests.recipes import PAGES, Block, blocks_of, differences, run_commands, run_page


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A reader's folder: what a page writes there can be imported, and is forgotten afterwards."""
    before = set(sys.modules)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in {path.stem for path in tmp_path.glob("*.py")} - before:
        sys.modules.pop(name, None)


@pytest.fixture
def _seeds():
    """What a recipe seeds is left unseeded for the tests that follow."""
    yield
    import tensorflow as tf

    tf.random.set_seed(None)


@pytest.mark.usefixtures("folder", "_seeds")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_recipes_of_a_page_do_what_it_says(page):
    assert run_page(page) == []


def test_most_blocks_of_the_pages_are_run():
    blocks = [block for page in PAGES for block in blocks_of(page.read_text())]
    assert {block.language for block in blocks} <= {"python", "sh", "yaml", "py", "bash"}
    shown = [block for block in blocks if block.language in ("py", "bash")]
    assert len(shown) < len(blocks) / 3


@pytest.mark.parametrize(
    ("said", "printed", "is_wrong"),
    [
        ("1\n", "1\n", False),
        ("1\n", "2\n", True),
        ("first\n\n…\n\nlast\n", "first\n\nother\nlines\n\nlast\n", False),
        ("first\n\n…\n\nlast\n", "first\n\nother\n", True),
        ("{'id': …}\n", "{'id': 7}\n", False),
        (".*\n", "1\n", True),
    ],
)
def test_a_page_that_says_otherwise_would_be_noticed(said, printed, is_wrong):
    assert bool(differences(Block("python", "print(1)\n", said), printed)) is is_wrong
    comment = said.removesuffix("\n")
    if "\n" not in comment:
        block = Block("python", f"print(1)  # {comment}\n", None)
        assert bool(differences(block, printed)) is is_wrong


@pytest.mark.parametrize(
    ("line", "is_wrong"),
    [
        ("epochwatch --help", False),
        ("epochwatch audit --nothing  # exits with 2", False),
        ("epochwatch audit --nothing", True),
        ("make run DIGIT=7", False),
        ("make nothing", True),
        ("pip install 'epochwatch[report]'  # in any environment", False),
        ("pip install 'epochwatch[nothing]'", True),
        ("ls", True),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_command_that_is_not_there_would_be_noticed(line, is_wrong):
    assert bool(run_commands(Block("sh", f"{line}\n", None))) is is_wrong
