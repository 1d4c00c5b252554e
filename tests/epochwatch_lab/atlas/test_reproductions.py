"""The reproductions as they could be sent: short, on their own, and with all that a page needs.

That their output is what their pages say is tested on each backend: `tests/backends`.
"""

import re
import shutil

import keras
import pytest

from epochwatch.errors import BadInput
from epochwatch_lab._atlas.reproductions import read_reproduction, report_address
from tests.epochwatch_lab.atlas.reproductions import (
    FOLDER,
    REPRODUCTIONS,
    is_defined,
    packages_of,
)

HEADINGS = [
    "Expected",
    "Actual",
    "What to do instead",
    "Cause",
    "Proposed fix",
    "Versions",
    "Related",
]
NAME = "each_fit_starts_over"


@pytest.fixture(params=REPRODUCTIONS)
def reproduction(request):
    return REPRODUCTIONS[request.param]


def test_each_script_has_a_page_and_each_page_a_script():
    assert {path.stem for path in FOLDER.glob("*.py")} == set(REPRODUCTIONS)
    assert len(REPRODUCTIONS) > 10


def test_a_script_is_short_and_needs_nothing_of_this_project(reproduction):
    assert len(reproduction.script.splitlines()) <= 30
    frameworks = {"keras", "tensorflow", "torch", "jax", "grain"}
    assert packages_of(reproduction) <= {
        *frameworks,
        "numpy",
        "concurrent.futures",
        "contextlib",
        "multiprocessing",
        "socket",
        "subprocess",
        "sys",
        "tempfile",
        "threading",
        "time",
    }
    assert "epochwatch" not in reproduction.script + reproduction.page


def test_a_page_has_its_title_and_all_its_parts(reproduction):
    lines = reproduction.page.splitlines()
    assert [line[2:] for line in lines if line.startswith("# ")] == [reproduction.title]
    assert [line[3:] for line in lines if line.startswith("## ")] == HEADINGS


def test_a_cause_is_a_function_that_is_there_and_that_the_page_speaks_of(reproduction):
    here = "keras-" + ".".join(keras.__version__.split(".")[:2])
    for source in reproduction.cause:
        path, function = source.split(": ")
        assert f"`{path}`" in reproduction.page
        assert f"`{function}`" in reproduction.page
        if here in reproduction.seen or not path.startswith("keras/"):
            assert is_defined(source) is not False, source


def test_a_page_links_its_script_and_each_related_report(reproduction):
    assert f"]({reproduction.name}.py)" in reproduction.page
    linked = re.findall(r"^- \[\S+\]\((\S+)\)", reproduction.page, re.MULTILINE)
    addresses = [report_address(report) for report in reproduction.related]
    assert [address.replace("/pull/", "/issues/") for address in linked] == addresses


def test_a_page_that_is_named_by_another_is_there(reproduction):
    named = re.findall(r"\]\((\w+)\.md\)", reproduction.page)
    assert {*named} <= {*REPRODUCTIONS} - {reproduction.name}


@pytest.fixture
def copied(tmp_path):
    """A page and its script, to be damaged."""
    for suffix in (".md", ".py"):
        shutil.copy(FOLDER / f"{NAME}{suffix}", tmp_path)
    return tmp_path / f"{NAME}.md"


@pytest.mark.parametrize(
    ("field", "line", "named"),
    [
        ("status", "status: fixed", "status: got 'fixed', "),
        ("verdict", "verdict: odd", "verdict: got 'odd', "),
        ("related", "related: [19037]", "related.0: got 19037, "),
        ("expected", "expected: an order", "expected: got 'an order', "),
        ("title", "versions: []", "title: got "),
    ],
)
def test_a_field_that_is_not_as_it_should_be_is_named(copied, field, line, named):
    lines = copied.read_text().splitlines(keepends=True)
    changed = [line + "\n" if one.startswith(f"{field}:") else one for one in lines]
    assert changed != lines
    copied.write_text("".join(changed))
    with pytest.raises(BadInput, match=rf"{copied}: {named}") as raised:
        read_reproduction(copied)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("text", ["# Title\n", "---\ntitle: [\n---\n", "---\n- title\n---\n"])
def test_a_page_without_fields_is_named(copied, text):
    copied.write_text(text)
    with pytest.raises(BadInput, match="does not begin with fields"):
        read_reproduction(copied)


def test_a_page_without_its_script_is_named(copied):
    copied.with_suffix(".py").unlink()
    with pytest.raises(BadInput, match=f"has no {NAME}.py beside it"):
        read_reproduction(copied)


def test_a_report_has_the_address_of_its_tracker():
    assert report_address("tensorflow#36539").endswith("/tensorflow/tensorflow/issues/36539")
    assert report_address("keras#4950").endswith("/keras-team/keras/issues/4950")
