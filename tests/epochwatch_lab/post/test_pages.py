"""The posts in a site of Jekyll's, as a browser shows them, on a telephone and on a desk.

The site is `site/` beside this file, in the theme that Jekyll comes with; what is looked at is kept
in outputs/screenshots.
"""

import functools
import http.server
import re
import shutil
import subprocess
import threading
from pathlib import Path

import bs4
import nbformat
import pytest
from markdown_it import MarkdownIt

from epochwatch_lab._runs import project
from epochwatch_lab.post import export_post
from tests.epochwatch_lab.conftest import LOOKS, PATIENCE, SCREENSHOTS
from tests.epochwatch_lab.looks import WIDER
from tests.epochwatch_lab.post import adversarial

pytestmark = pytest.mark.slow

SITE = Path(__file__).with_name("site")
BLOG = project.ROOT / "outputs" / "blog"
PUBLISHED = sorted(path.stem for path in (BLOG / "_posts").glob("*.md"))
ADVERSARIAL = "2026-11-20-adversarial"
BELOW = "2026-11-20-below"  # the same by `relative_url`, in a site below /blog
# Characters: of code, what a page shows without scrolling; of what it prints, a terminal's line,
# as the report of an audit has it.
LONGEST_LINE = {"python": 72, "text": 80}

COLOURS = """() => [...new Set([...document.querySelectorAll(".highlight code, .highlight code *")]
  .map(e => getComputedStyle(e).color))].length"""
UNFOLD = """() => document.querySelectorAll("details").forEach(d => d.open = true)"""
# What of the content ends right of the page, where it does not scroll in a box of its own.
OUTSIDE = """() => [...document.querySelectorAll(".post-content *")].filter(e =>
  e.getBoundingClientRect().right > innerWidth && !e.closest("pre, .math, div[style]"))
  .map(e => e.outerHTML.slice(0, 80))"""
TOPS = """() => [".post-title", ".post-content strong", ".post-content img"].map(s =>
  document.querySelector(s).getBoundingClientRect().top)"""
BROKEN = """() => [...document.images].filter(i => !(i.complete && i.naturalWidth && i.alt))
  .map(i => i.src)"""
FRACTIONS = """() => [...document.querySelectorAll("mfrac")].map(f =>
  [...f.children].map(c => [c.getBoundingClientRect(), parseFloat(getComputedStyle(c).fontSize)])
    .map(([box, size]) => [box.top, box.bottom, size]))"""


@pytest.fixture(scope="module")
def built(jekyll, executed, shown_figure, tmp_path_factory):
    """The site, and below /blog once more with a post that asks for `relative_url`."""
    source = tmp_path_factory.mktemp("source") / "site"
    shutil.copytree(SITE, source)
    shutil.copytree(BLOG, source, dirs_exist_ok=True)
    below = source.with_name("below")
    shutil.copytree(SITE, below)
    for place, name, links in ((source, ADVERSARIAL, "absolute"), (below, BELOW, "relative_url")):
        cells = adversarial.cells(shown_figure("order", "one grey pixel, {{ x }}"))
        notebook = executed(*cells, slug=name[11:], title=adversarial.TITLE, published=True)
        nbformat.write(notebook, place.with_suffix(".ipynb"))
        export_post(place.with_suffix(".ipynb"), place, links=links)
    folder = tmp_path_factory.mktemp("built")
    for place, baseurl in ((source, ""), (below, "/blog")):
        options = ["--future", "--unpublished", f"--baseurl={baseurl}"]
        where = ["--source", place, "--destination", f"{folder}{baseurl}"]
        command = [jekyll, "build", *options, *where]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "Warning" not in done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def address(built):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=built)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def path_of(post):
    year, month, day, slug = post.split("-", 3)
    return f"{'/blog' if post == BELOW else ''}/{year}/{month}/{day}/{slug}.html"


@pytest.fixture(
    scope="module",
    params=LOOKS,
    ids=lambda given: "-".join(map(str, given)),
)
def look(request, browser):
    """A window of some width, light or dark."""
    width, scheme = request.param
    window = {"width": width, "height": 800}
    context = browser.new_context(viewport=window, color_scheme=scheme)
    context.set_default_timeout(PATIENCE)
    yield context, f"{width}-{scheme}"
    context.close()


@pytest.fixture(scope="module", params=["", *PUBLISHED, ADVERSARIAL, BELOW])
def page(request, look, address):
    """An open page, and what went wrong while it was opened."""
    context, name = look
    faults, opened = [], context.new_page()
    opened.on("console", lambda line: line.type == "error" and faults.append(line.text))
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("requestfailed", lambda asked: faults.append(asked.url))
    opened.on("response", lambda got: got.status >= 400 and faults.append(got.url))
    opened.goto(address + (path_of(request.param) if request.param else "/"))
    opened.wait_for_load_state("networkidle")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    what = request.param or "index"
    opened.screenshot(path=SCREENSHOTS / f"{what}-{name}.png", full_page=True)
    yield what, opened, faults
    opened.close()


def test_nothing_is_missing_and_nothing_goes_wrong(page):
    assert page[2] == []
    assert page[1].evaluate(BROKEN) == []


def test_the_page_itself_never_scrolls_sideways(page):
    assert page[1].evaluate(WIDER) <= 0
    page[1].evaluate(UNFOLD)
    assert page[1].evaluate(WIDER) <= 0
    assert page[1].evaluate(OUTSIDE) == []


def test_code_is_highlighted(page):
    what, opened, _ = page
    assert what == "index" or opened.evaluate(COLOURS) >= 5


def test_formulas_are_set_by_the_browser_and_big_enough_to_read(page):
    what, opened, _ = page
    if what in (ADVERSARIAL, BELOW):
        fractions = opened.evaluate(FRACTIONS)
        assert len(fractions) == 2
        for (_, upper_end, size), (lower_begin, _, _) in fractions:
            assert upper_end <= lower_begin
            assert size >= 11
        assert opened.locator("math").count() == 7
        text = opened.locator("main").inner_text()
        assert "$5 alone" in text
        assert "\\frac" not in text
        assert "|x| and" in text


def test_braces_and_long_outputs_are_read_as_they_were_written(page):
    what, opened, _ = page
    if what in (ADVERSARIAL, BELOW):
        opened.evaluate(UNFOLD)
        text = opened.locator("main").inner_text()
        for words in (
            "{{ Adversarial }} <b>&amp;",
            "Literal em{:02d}, {{ braces }}, {% tags %}, {% endraw %} and",
            "weights.{epoch:02d}.keras",
            'f"{{x}} {self.epoch:02d}"',
            "… 19,900 lines left out",
            "… 99,000 characters left out",
        ):
            assert words in text
        assert opened.locator("td", has_text="a|b").count() == 1
        assert opened.locator("table").count() == 6
        assert opened.locator("details table").count() == 2


def test_the_list_of_posts_has_what_each_says_in_short(page):
    what, opened, _ = page
    if what == "index":
        excerpts = opened.locator(".post-list li").all_inner_texts()
        assert any("of 53,258 majority samples" in text for text in excerpts)
        assert any(text.endswith("Yes. No.") for text in excerpts)


def test_what_is_for_github_is_no_part_of_the_site(built):
    assert not list(built.rglob("_github"))
    assert not list(built.rglob("README*"))


def test_the_answer_and_its_picture_are_on_the_first_screen(page):
    what, opened, _ = page
    if what in (ADVERSARIAL, BELOW):
        opened.evaluate("scrollTo(0, 0)")
        tops = opened.evaluate(TOPS)
        assert tops == sorted(tops)
        assert tops[-1] < opened.viewport_size["height"]
        shown = opened.locator(".post-content img").first.evaluate("i => i.currentSrc")
        assert shown.endswith("-narrow.png") == (opened.viewport_size["width"] < 600)


@pytest.mark.parametrize("post", PUBLISHED)
def test_lines_of_code_and_of_what_it_prints_fit_a_page(post):
    tokens = MarkdownIt("commonmark").parse((BLOG / "_posts" / f"{post}.md").read_text())
    fences = [t for t in tokens if t.type == "fence"]
    lines = [(t.info, line) for t in fences for line in t.content.splitlines()]
    assert lines
    assert [line for kind, line in lines if len(line) > LONGEST_LINE.get(kind, 80)] == []


@pytest.mark.parametrize("post", PUBLISHED)
def test_links_of_a_post_lead_to_what_is_there(post, built):
    page = bs4.BeautifulSoup((built / path_of(post)[1:]).read_text(), "html.parser")
    for link in page.select(".post-content a[href]"):
        target = link["href"].partition("#")[0]
        if target.startswith("/epochwatch/"):  # the site of `make site`
            source = target.replace("/epochwatch/", "").replace("guide/", "docs/")
            source = source.replace("reproductions/", "atlas/reproductions/")
            is_index = source.endswith("/index.html")
            assert is_index or (project.ROOT / source).with_suffix(".md").exists()
        elif not target.startswith("https://"):
            assert target == "" or (built / target[1:]).is_file(), target


# GitHub


def slug_of(heading):
    """Write a heading as the name by which a link leads to it."""
    return re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("path", [BLOG / "README.md", *(BLOG / "_github").glob("*.md")], ids=str)
def test_what_github_shows_has_its_pictures_its_tables_and_no_escapes(path):
    text = path.read_text()
    page = bs4.BeautifulSoup(MarkdownIt("commonmark").enable("table").render(text), "html.parser")
    assert page.find().name == "h1"
    for shown in page.find_all(["a", "img", "source"]):
        source = shown.get("href") or shown.get("src") or shown.get("srcset")
        if source.startswith("#"):
            assert page.find(string=lambda t, name=source[1:]: slug_of(t) == name), source
        else:
            assert source.startswith("https://") or (path.parent / source).exists(), source
    assert all(image["alt"] for image in page.find_all("img"))
    assert len(page.find_all("details")) == text.count("<details")
    for code in page.find_all(["pre", "code"]):
        code.decompose()
    left = page.get_text()
    assert not [mark for mark in ("---:", "| ", "```", "![") if mark in left]
    assert '{{ "{" }}' not in text
