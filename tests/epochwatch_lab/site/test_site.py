"""The site against what it is made of, read by other means than its own."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from epochwatch.errors import BadInput
from epochwatch_lab._runs import project
from epochwatch_lab._site.build import build_site
from tests.epochwatch_lab.site.cells import address_of, raw_cells
from tests.epochwatch_lab.site.sources import (
    BLOG,
    EVIDENCE,
    GUIDE,
    MARKDOWN,
    POSTS,
    SCRIPTS,
    article,
    front_matter,
    headings_in,
    headings_of,
    links_in,
    one_line,
    place_of,
    slug_of,
    soup,
)

pytestmark = pytest.mark.slow  # Sphinx makes it in a quarter of a minute

LARGEST = 15_000_000
FINDINGS = set(re.findall(r'"finding": ?"(\w+)"', "".join(map(Path.read_text, EVIDENCE))))
ADDRESS = re.compile(r"url\(([^)]+)\)")
FIRST = "what_do_you_see"  # of the guide, and a part of the site by itself
SECTIONS = ["What do you see?", "Guide", "Atlas", "Posts", "Reproductions", "API"]


def test_the_first_page_leads_to_each_part_of_the_site(site):
    links = soup(site / "index.html").select("header nav a")
    assert [one_line(link.text) for link in links][: len(SECTIONS)] == SECTIONS


@pytest.mark.parametrize("source", GUIDE, ids=lambda path: path.stem)
def test_a_page_of_the_guide_is_at_its_address_with_all_its_headings(site, source):
    page = article(site / "guide" / f"{source.stem}.html")
    assert headings_of(page) == headings_in(source.read_text())


def test_the_guide_lists_each_page_once_and_no_other(site):
    listed = [link["href"] for link in article(site / "guide" / "index.html").select("li a")]
    others = [f"{source.stem}.html" for source in GUIDE if source.stem != FIRST]
    assert sorted(listed) == sorted(others)


@pytest.mark.parametrize("post", POSTS, ids=slug_of)
def test_a_post_is_whole_and_has_its_pictures(site, post):
    page = article(site / "posts" / f"{slug_of(post)}.html")
    source = BLOG / "_github" / f"{slug_of(post)}.md"
    assert headings_of(page) == headings_in(source.read_text())
    pictures = re.findall(r'<img src="../(\S+)"', source.read_text())
    assert pictures
    assert [image["src"] for image in page.find_all("img")] == [f"../{name}" for name in pictures]
    for name in pictures:
        assert (site / name).read_bytes() == (BLOG / name).read_bytes()


def test_the_posts_are_listed_in_reading_order_with_their_answers(site):
    page = article(site / "posts" / "index.html")
    assert headings_of(page)[1:] == [front_matter(post)["title"] for post in POSTS]
    answers = [one_line(paragraph.text) for paragraph in page.select("section section > p")]
    assert answers == [front_matter(post)["excerpt"] for post in POSTS]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_reproduction_says_what_its_fields_say_and_shows_its_script(site, script):
    folder = site / "reproductions"
    fields, page = front_matter(script.with_suffix(".md")), article(folder / f"{script.stem}.html")
    text = one_line(page.text)
    code_marks = [
        fields["status"],
        *(fields[name].replace("`", "") for name in ("expected", "fix")),
    ]
    for said in (*code_marks, *fields["symptoms"], *fields["cause"], *fields["seen"]):
        assert one_line(said) in text
    reports = [link["href"] for link in page.find_all("a", string=fields["related"])]
    numbers = [report.split("#")[1] for report in fields["related"]]
    assert [address.rpartition("/")[2] for address in reports[: len(numbers)]] == numbers
    cells = {link["href"] for link in page.find_all("a", href=re.compile("atlas/index.html#"))}
    address = f"../atlas/index.html#finding={script.stem}"
    assert cells == ({address} if script.stem in FINDINGS else set())
    assert page.find_all("pre")[-1].text == script.read_text()
    assert (folder / script.name).read_text() == script.read_text()


def test_the_reproductions_are_listed_by_symptom_and_by_status(site):
    page = article(site / "reproductions" / "index.html")
    by_symptom, by_status = (page.find(id=name) for name in ("by-what-you-see", "by-status"))
    fields = {script.stem: front_matter(script.with_suffix(".md")) for script in SCRIPTS}
    listed = {(one_line(li.text).partition("”")[0][1:], li.a["href"]) for li in by_symptom("li")}
    assert listed == {
        (one_line(symptom), f"{name}.html")
        for name, of in fields.items()
        for symptom in of["symptoms"]
    }
    for section in by_status.find_all("section"):
        status = section.h3.find(string=True).lower()
        names = {link["href"] for link in section.select("li a")}
        assert names == {f"{name}.html" for name, of in fields.items() if of["status"] == status}
    assert len(by_status("li")) == len(fields)


def test_every_link_leads_to_a_file_and_an_anchor_and_nothing_is_fetched(site):
    pages = {page.resolve(): soup(page) for page in site.rglob("*.html")}
    anchors = {page: {tag["id"] for tag in read.find_all(id=True)} for page, read in pages.items()}
    for page, read in pages.items():
        for link in read.find_all(href=True) + read.find_all(src=True):
            to = urlsplit(link.get("href") or link["src"])
            if to.scheme:
                assert (link.name, to.scheme) in [("a", "https"), ("img", "data")], link
                continue
            target = (page.parent / unquote(to.path)).resolve() if to.path else page
            assert target.is_file(), (page, link)
            if to.fragment and target.parent.name != "atlas":
                assert unquote(to.fragment) in anchors[target], (page, link)


def test_a_change_of_a_release_leads_to_a_cell_that_shows_it(site):
    page = article(site / "guide" / "keras_releases.html")
    links = [urlsplit(link["href"]) for link in page.select("td a")]
    addresses = {address_of(cell) for cell in raw_cells(EVIDENCE[0].parent)}
    assert links
    assert {link.path for link in links} == {"../atlas/index.html"}
    assert {link.fragment for link in links} <= addresses


def test_a_style_needs_no_network(site):
    styles = list(site.rglob("*.css"))
    assert styles
    for style in styles:
        for address in ADDRESS.findall(style.read_text()):
            path = address.strip("\"'")
            is_here = (style.parent / path.partition("?")[0].partition("#")[0]).exists()
            assert path.startswith(("data:", "#")) or is_here, (style, path)


@pytest.mark.parametrize("source", MARKDOWN, ids=lambda path: path.stem)
def test_a_link_to_a_page_of_the_repository_leads_to_its_page_of_the_site(site, source):
    page = site / place_of(source)
    links = article(page).find_all("a", href=True)
    shown = {link["href"].partition("#")[0] for link in links}
    for target in links_in(source.read_text()):
        place = place_of((source.parent / target.partition("#")[0]).resolve())
        assert place is None or os.path.relpath(site / place, page.parent) in shown, target


def test_a_file_that_is_in_the_repository_alone_is_words_or_a_link_to_it(site):
    page = article(site / "guide" / "sweeps_and_clusters.html")
    declared = "[project.urls]" in (project.ROOT / "pyproject.toml").read_text()
    links = [link["href"] for link in page.find_all("a", href=re.compile("digits.md"))]
    assert all(link.startswith("https://") for link in links)
    assert bool(links) == declared
    assert "sweeps/digits.yaml" in page.text


def test_addresses_that_posts_have_in_jekyll_are_in_the_site(site):
    text = "".join(post.read_text() for post in POSTS)
    addresses = set(re.findall(r"\]\(/epochwatch/([^)]+)", text))
    assert addresses
    for address in addresses:
        page, _, anchor = address.partition("#")
        assert (site / page).is_file(), address
        assert not anchor or soup(site / page).find(id=anchor), address


def test_the_site_is_small(site):
    sizes = [path.stat().st_size for path in site.rglob("*") if path.is_file()]
    assert sum(sizes) <= LARGEST


def test_the_same_sources_give_the_same_site(site, outputs):
    def contents():
        return {path: path.read_bytes() for path in site.rglob("*") if path.is_file()}

    before = contents()
    build_site(project.ROOT, outputs, outputs / "site")
    assert [path for path, content in contents().items() if before.pop(path) != content] == []
    assert before == {}
    assert sorted(path.name for path in outputs.iterdir()) == ["blog", "site"]


# What is refused


@pytest.fixture
def repository(tmp_path):
    """A clone whose guide and reproductions can be changed; all else leads to the real one."""
    copied = tmp_path / "repository"
    for folder in ("docs", "atlas"):
        shutil.copytree(project.ROOT / folder, copied / folder)
    for path in project.ROOT.iterdir():
        if not (copied / path.name).exists():
            (copied / path.name).symlink_to(path)
    return copied


def break_all_that_sphinx_sees(repository):
    """A page too many, links to no page and to no heading: all in one, a build takes long."""
    (repository / "docs" / "new.md").write_text("# New\n")
    with (repository / "docs" / "audit.md").open("a") as page:
        page.write("\nSee [there](nowhere.md), [there](watch.md#nowhere).\n")


def take_away(repository):
    (repository / "docs" / "costs.md").unlink()


def spoil_fields(repository):
    (repository / "atlas" / "reproductions" / "each_fit_starts_over.md").write_text("# Title\n")


def lose_script(repository):
    (repository / "atlas" / "reproductions" / "each_fit_starts_over.py").unlink()


@pytest.mark.parametrize(
    ("spoil", "refusal"),
    [
        (
            break_all_that_sphinx_sees,
            r"docs/new.md: WARNING: document isn't included in any toctree.* \(and 2 more\)",
        ),
        (take_away, r"guide/index.md:\d+: WARNING: .*costs"),
        (spoil_fields, "each_fit_starts_over.md: does not begin with fields"),
        (lose_script, "has no each_fit_starts_over.py beside it"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_is_wrong_is_named_and_the_old_site_stays(tmp_path, repository, spoil, refusal):
    spoil(repository)
    outputs = tmp_path / "outputs"
    shutil.copytree(BLOG, outputs / "blog")
    (outputs / "site").mkdir()
    (outputs / "site" / "index.html").write_text("old")
    with pytest.raises(BadInput, match=refusal) as refused:
        build_site(repository, outputs, outputs / "site")
    assert "\n" not in str(refused.value)
    assert [path.read_text() for path in (outputs / "site").iterdir()] == ["old"]
    assert sorted(path.name for path in outputs.iterdir()) == ["blog", "site"]


def test_the_script_ends_with_code_2_and_one_line_where_there_is_no_atlas(tmp_path):
    source = shutil.copytree(project.ROOT / "src", tmp_path / "src")  # a clone without an atlas
    done = subprocess.run(
        [sys.executable, project.ROOT / "scripts" / "build_site.py"],
        env=os.environ | {"PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert re.fullmatch(r"build_site: .* is no clone of this repository.*\n", done.stderr)
    assert done.stdout == ""
    assert not (tmp_path / "outputs" / "site").exists()
