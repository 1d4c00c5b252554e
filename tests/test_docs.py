"""The API reference is built whole: each public name is explained, and no link is broken."""

import importlib.util
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote, urldefrag, urlsplit

import pytest

import epochwatch
import epochwatch_lab
from epochwatch_lab._runs import project

pytestmark = pytest.mark.slow  # the pages are built in a process of their own

SCRIPT = project.ROOT / "scripts" / "build_docs.py"
# Elements that HTML leaves open.
MODULE = ""  # stands for an anchor where the docstring is the module's
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}


class Page(HTMLParser):
    """What a page links to, its anchors, and the text of the docstring under each anchor."""

    def __init__(self, path: Path):
        super().__init__()
        self.links = []
        self.docstrings = {MODULE: ""}
        self.open = []
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.links += [attributes[name] for name in ("href", "src") if attributes.get(name)]
        if "id" in attributes:
            self.docstrings[attributes["id"]] = ""
        if tag == "meta" and attributes.get("http-equiv") == "refresh":
            self.links.append(attributes["content"].partition("url=")[2])
        if tag not in VOID:
            self.open.append((tag, attributes.get("id"), attributes.get("class") or ""))

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if any("docstring" in classes for _, _, classes in self.open):
            anchors = [anchor for _, anchor, _ in self.open if anchor]
            self.docstrings[anchors[-1] if anchors else MODULE] += data


def pages_below(folder: Path) -> dict[Path, Page]:
    """Read every page."""
    return {path.resolve(): Page(path) for path in folder.rglob("*.html")}


def broken_links(pages: dict[Path, Page]) -> list[str]:
    """List the links within the pages that lead to no file, or to no anchor of a page."""
    broken = []
    for path, page in pages.items():
        for link in page.links:
            if urlsplit(link).scheme:
                continue
            file, anchor = map(unquote, urldefrag(link))
            target = (path.parent / file).resolve() if file else path
            reached = target.is_file() and (not anchor or anchor in pages[target].docstrings)
            if not reached:
                broken.append(f"{path.name}: {link}")
    return broken


@pytest.fixture(scope="module")
def docs(tmp_path_factory):
    """The pages, built by the script that `make docs` calls."""
    folder = tmp_path_factory.mktemp("docs")
    done = subprocess.run([sys.executable, SCRIPT, folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return pages_below(folder)


def page_named(pages: dict[Path, Page], name: str) -> Page:
    """Find a page by the end of its path."""
    (found,) = [page for path, page in pages.items() if path.match(name)]
    return found


def test_no_link_is_broken(docs):
    assert sum(len(page.links) for page in docs.values()) > 100
    assert broken_links(docs) == []


@pytest.mark.parametrize(
    ("house", "name"),
    [(house, name) for house in (epochwatch, epochwatch_lab) for name in house.__all__],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_each_public_name_has_an_entry_that_explains_it(docs, house, name):
    first = page_named(docs, f"{house.__name__}.html")
    if isinstance(getattr(house, name), ModuleType):
        assert f"{house.__name__}/{name}.html" in first.links
        explained = page_named(docs, f"{house.__name__}/{name}.html").docstrings[MODULE]
    else:
        explained = first.docstrings[name]
    assert len(explained.split()) >= 3


def test_the_first_page_leads_to_the_public_names(docs):
    links = page_named(docs, "index.html").links
    assert {"epochwatch.html", "epochwatch_lab.html"} <= set(links)


@pytest.fixture
def script():
    spec = importlib.util.spec_from_file_location("build_docs", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_modules_that_need_an_optional_package_have_pages_without_it(script):
    finder = script.AbsentFinder()
    absent = importlib.util.module_from_spec(finder.find_spec("torch.utils.data"))

    class Ours(absent.Dataset):
        pass

    assert Ours.__base__.__module__ == "torch.utils.data"
    assert finder.find_spec("torchvision") is None


def test_each_optional_package_is_an_extra_that_a_clone_does_not_bring(script):
    assert {f"requirements-{name}.lock" for name in script.OPTIONAL} == {
        path.name for path in project.ROOT.glob("requirements-*.lock") if "cpu" not in path.name
    }


@pytest.mark.parametrize("link", ["gone.html", "#gone", "there.html#gone", "there.html?q#gone"])
def test_the_test_of_the_links_would_notice_a_broken_one(tmp_path, link):
    (tmp_path / "there.html").write_text('<p id="here"><a href="#here"></a><a href="a://b"></a>')
    (tmp_path / "here.html").write_text('<a href="there.html#here"></a>')
    assert broken_links(pages_below(tmp_path)) == []
    (tmp_path / "here.html").write_text(f'<a href="{link}"></a>')
    assert broken_links(pages_below(tmp_path)) == [f"here.html: {link}"]
