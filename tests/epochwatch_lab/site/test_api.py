"""The pages of the API: each public name has one entry, which explains it."""

import types

import pytest

import epochwatch
import epochwatch_lab
from epochwatch import feeds
from tests.epochwatch_lab.site.sources import one_line, soup

pytestmark = pytest.mark.slow  # Sphinx makes the site in a quarter of a minute


def public_modules():
    """The modules that users import, by name; none has a part that begins with an underscore."""
    waiting, known = [epochwatch, epochwatch_lab], {}
    while waiting:
        module = waiting.pop()
        known[module.__name__] = module
        parts = [getattr(module, name) for name in getattr(module, "__all__", ())]
        waiting += [
            part
            for part in parts
            if isinstance(part, types.ModuleType)
            and part.__name__ not in known
            and "._" not in part.__name__
        ]
    return known


def names_of(name, module):
    """The public names of a module: those that it exports, or else what it defines to be called."""
    exported = getattr(module, "__all__", None)
    if exported is None:
        return [
            each
            for each, value in vars(module).items()
            if not each.startswith("_") and getattr(value, "__module__", None) == name
        ]
    return [each for each in exported if not isinstance(getattr(module, each), types.ModuleType)]


def aliases():
    """The names under which each public thing can be imported: a list for each thing."""
    by_thing = {}
    for module_name, module in public_modules().items():
        for name in names_of(module_name, module):
            thing = getattr(module, name)
            # Constants that are equal are not one.
            key = id(thing) if callable(thing) else f"{module_name}.{name}"
            by_thing.setdefault(key, []).append(f"{module_name}.{name}")
    return sorted(by_thing.values())


@pytest.fixture(scope="module")
def entries(site):
    """What the pages say under each name; a list, for a name may stand there twice."""
    found = {}
    for page in sorted((site / "api").glob("*.html")):
        for name in soup(page).select("dt.sig[id]"):
            text = one_line(name.find_next_sibling("dd").text)
            found.setdefault(name["id"], []).append(text)
    return found


@pytest.mark.parametrize("names", aliases(), ids=lambda names: names[0])
def test_a_public_name_has_one_entry_that_explains_it(entries, names):
    texts = [text for name in names for text in entries.get(name, [])]
    assert len(texts) == 1, names
    assert len(texts[0].split()) >= 3


def test_nothing_private_has_an_entry(entries):
    parts = {part for name in entries for part in name.split(".")}
    assert {part for part in parts if part.startswith("_")} == {"__version__"}


@pytest.mark.parametrize("kind", feeds.NAMES)
def test_each_kind_of_feed_is_documented_whether_its_package_is_installed_or_not(entries, kind):
    assert entries[f"epochwatch.feeds.{kind}.balanced"]
