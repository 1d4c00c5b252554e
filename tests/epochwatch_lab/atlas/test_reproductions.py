"""The reproductions as they could be sent: short, on their own, and with all that a page needs.

That their output is what their pages say is tested on each backend: `tests/backends`.
"""

import keras
import pytest

from tests.epochwatch_lab.atlas import reproductions

VERDICTS = {"restarts", "skips", "replays", "runs dry", "overruns", "never trained"}
VERSIONS = {"keras-3.6", "keras-3.9", "keras-3.12", "keras-3.15", "tf_keras", "tf-2.15", "tf-2.13"}
BACKENDS = {"tensorflow", "jax", "torch"}
HEADINGS = ["Cause", "What to do instead", "Where it is seen", "Related"]


@pytest.fixture(params=reproductions.NAMES)
def reproduction(request):
    return reproductions.read(request.param)


def test_each_script_has_a_page_and_each_page_a_script():
    pages = {path.stem for path in reproductions.FOLDER.glob("*.md")} - {"README"}
    assert pages == set(reproductions.NAMES)
    assert len(pages) > 10


def test_a_script_is_short_and_needs_nothing_of_this_project(reproduction):
    assert len(reproduction.script.splitlines()) <= 30
    frameworks = {"keras", "tensorflow", "torch", "grain"}
    assert reproduction.needs() <= {*frameworks, "numpy", "itertools", "time"}
    assert "epochwatch" not in reproduction.script + reproduction.page


def test_a_page_says_in_fields_where_it_was_seen(reproduction):
    facts = reproduction.facts
    assert list(facts) == ["title", "verdict", "warns", "backends", "versions", "seen", "cause"]
    assert facts["verdict"] in VERDICTS
    assert set(facts["backends"]) == {on for backends in facts["seen"].values() for on in backends}
    assert facts["versions"] == list(facts["seen"])
    assert set(facts["versions"]) <= VERSIONS
    assert set(facts["backends"]) <= BACKENDS


def test_a_page_has_its_title_and_all_its_parts(reproduction):
    lines = reproduction.page.splitlines()
    assert [line[2:] for line in lines if line.startswith("# ")] == [reproduction.facts["title"]]
    assert [line[3:] for line in lines if line.startswith("## ")] == HEADINGS


def test_a_cause_is_a_function_that_is_there_and_that_the_page_speaks_of(reproduction):
    here = "keras-" + ".".join(keras.__version__.split(".")[:2])
    for source in reproduction.facts["cause"]:
        path, function = source.split(": ")
        assert f"`{path}`" in reproduction.page
        assert f"`{function}`" in reproduction.page
        if here in reproduction.facts["versions"] or not path.startswith("keras/"):
            assert reproductions.is_defined(source) is not False, source
