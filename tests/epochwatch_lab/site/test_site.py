"""The site: its numbers against plain counting, and what is built.

The atlas it is built from is `atlas/` beside this file: a few real cells.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import bs4
import pytest

from epochwatch.errors import BadInput
from epochwatch_lab._runs import project
from epochwatch_lab._site.build import build_site
from epochwatch_lab._site.cells import (
    cell_facts,
    cell_measure,
    cell_variety,
    cell_verdict,
    read_files,
)
from epochwatch_lab._site.columns import ABSENT, packed_columns
from epochwatch_lab._site.guide import ORDER, read_guide
from epochwatch_lab._site.page import row_colours
from epochwatch_lab._site.texts import as_html
from tests.epochwatch_lab.conftest import LOOKS
from tests.epochwatch_lab.site.cells import (
    ATLAS,
    BLOG,
    DOCS,
    NAME,
    ORACLE,
    RAW,
    id_of,
    loses,
    loss_of,
)

# What is counted


@pytest.mark.parametrize("cell", RAW, ids=id_of)
def test_what_is_lost_is_what_counting_by_hand_gives(cell):
    facts = cell_facts(cell)
    assert facts["loss"] == loss_of(cell)
    assert facts["loses"] == loses(cell)


@pytest.mark.parametrize(
    ("order", "variety"),
    [
        ({"fixed": True, "alike": False, "shuffled_by": None}, "not shuffled"),
        ({"fixed": False, "alike": False, "shuffled_by": "fit"}, "fit shuffles"),
        ({"fixed": False, "alike": True, "shuffled_by": "feed"}, "alike"),
    ],
)
def test_the_variety_of_a_cell_is_the_audits(order, variety):
    assert cell_variety({"observed": {"order": order}}) == variety


@pytest.mark.parametrize(
    ("population", "by", "unmeasured", "measure"),
    [
        (20, "pass", [], "20 in a pass"),
        (12, "came round", [], "12 came round"),
        (None, None, [], "no end"),
        (None, None, ["the coverage of 0"], "unmeasured"),
    ],
)
def test_a_cell_says_by_what_its_rows_are_known(population, by, unmeasured, measure):
    samples = {"population": population, "population_by": by}
    assert cell_measure({"observed": {"samples": samples, "unmeasured": unmeasured}}) == measure


@pytest.mark.parametrize(
    ("raised", "verdict"),
    [
        ("did not end in 60 s", "hangs"),
        ("the process ended with exit code -11", "crashes"),
        ("IndexError: list index out of range", "raises"),
    ],
)
def test_a_cell_without_a_verdict_says_how_it_ended(raised, verdict):
    assert cell_verdict({"raised": raised}) == verdict


def test_nothing_is_lost_in_the_columns():
    files = read_files(ATLAS)
    packed = json.loads(json.dumps(packed_columns(files)))
    cells = [cell for file in files for cell in file.cells]
    assert len(packed["cells"]) == len(cells) == len(RAW)
    for ranks, cell in zip(packed["cells"], cells, strict=True):
        record = {}
        for (name, values), rank in zip(packed["columns"], ranks, strict=False):
            first, _, key = name.partition(".")
            if first == "cell" and rank != ABSENT:
                key, _, part = key.partition(".")
                if part:
                    record.setdefault(key, {})[part] = values[rank]
                else:
                    record[key] = values[rank]
        assert record == cell


def test_the_newest_keras_comes_first():
    assert [file.name for file in read_files(ATLAS)] == [
        "keras-3.15.1-jax",
        "keras-3.15.1-tensorflow",
        "keras-3.15.1-torch",
        "tf_keras-2.21.0-tensorflow",
    ]


def light(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_numbers_stand_out_from_the_colours_they_are_written_on():
    for ground, ink in row_colours(20):
        low, high = sorted([light(ground), light(ink)])
        assert (high + 0.05) / (low + 0.05) >= 4.5
    grounds = [light(ground) for ground, _ in row_colours(20)]
    assert grounds == sorted(grounds)


# What is built


def soup(page):
    return bs4.BeautifulSoup(page.read_text(), "html.parser")


def test_every_link_leads_to_a_file_or_an_anchor(site):
    pages = {page: soup(page) for page in site.rglob("*.html")}
    assert len(pages) == 2 + len(ORDER) + len(list((BLOG / "_github").glob("*.md")))
    for page, read in pages.items():
        for link in read.find_all(href=True) + read.find_all(src=True):
            to = urlsplit(link.get("href") or link.get("src"))
            if to.scheme:
                assert (link.name, to.scheme) == ("a", "https")
                continue
            target = (page.parent / unquote(to.path)).resolve() if to.path else page
            assert target.is_file(), link
            if "=" in to.fragment:
                assert set(parse_qs(to.fragment)) <= ORACLE.keys()
            elif to.fragment:
                assert pages[target].find(id=to.fragment), link


def test_pages_of_the_guide_lead_to_each_other_and_to_notebooks(site):
    page = soup(site / "guide" / "audit.html")
    assert page.h1["id"] == "audit-your-feed-in-ci"
    watch = soup(site / "guide" / "watch.html")
    assert "what_is_watched.html" in [a["href"] for a in watch.main.find_all("a")]
    atlas = soup(site / "guide" / "atlas.html")
    assert "../notebooks/03_ways_to_feed_fit.html" in [a["href"] for a in atlas.find_all("a")]
    listed = [a["href"] for a in soup(site / "index.html").select("#guide + ul a")]
    assert listed == [f"guide/{name}.html" for name in ORDER]


@pytest.mark.parametrize("change", ["missing", "unknown", "untitled"])
def test_a_guide_that_is_not_whole_is_refused(tmp_path, change):
    docs = shutil.copytree(DOCS, tmp_path / "docs")
    if change == "missing":
        (docs / "watch.md").unlink()
    else:
        (docs / ("watch.md" if change == "untitled" else "new.md")).write_text("text\n")
    with pytest.raises(BadInput, match=r"(watch|new)\.md: ") as refused:
        read_guide(docs)
    assert "\n" not in str(refused.value)


def test_pictures_written_as_html_lead_on():
    text = '<p><picture><source srcset="../img/a-narrow.png"><img src="../img/a.png"></picture></p>'
    places = {Path("/r/img/a.png"): "img/a.png", Path("/r/img/a-narrow.png"): "img/a-narrow.png"}
    html = as_html(text, Path("/r/posts/a.md"), places, "notebooks/a.html")
    assert 'srcset="../img/a-narrow.png"' in html
    assert 'src="../img/a.png"' in html
    assert 'src=""' in as_html(text, Path("/r/posts/a.md"), {}, "notebooks/a.html")


def test_a_link_out_of_the_site_is_text(site):
    page = soup(site / "reproductions" / f"{NAME}.html")
    assert "another" in page.main.p.text
    assert [a["href"] for a in page.main.p.find_all("a")] == [
        f"{NAME}.py",
        "../atlas/keras-3.15.1-jax.json",
        "https://keras.io",
    ]


def test_a_corner_of_a_table_without_a_name_is_no_header(site):
    page = soup(site / "reproductions" / f"{NAME}.html")
    assert [cell.name for cell in page.tr.find_all(True)] == ["td", "th"]


def test_the_evidence_is_the_committed_files(site):
    copied = {path.name: path.read_bytes() for path in (site / "atlas").iterdir()}
    assert copied == {path.name: path.read_bytes() for path in ATLAS.iterdir()}


def test_the_same_atlas_gives_the_same_page(site, atlas, outputs):
    before = (site / "index.html").read_bytes()
    build_site(atlas, DOCS, outputs, outputs / "site")
    assert (site / "index.html").read_bytes() == before
    assert sorted(path.name for path in outputs.iterdir()) == ["blog", "site"]


@pytest.mark.parametrize(
    ("name", "content", "refusal"),
    [
        ("keras-3.15.1-jax.json", '{"schema": 2', "keras-3.15.1-jax.json: is damaged"),
        ("keras-3.15.1-jax.json", '{"environment": {}, "cells": []}', "jax.json: is damaged"),
        (
            "keras-3.15.1-jax.json",
            '{"environment": {"package": "keras", "keras": "3", "backend": "jax"}, "cells": [{}]}',
            "jax.json: is damaged",
        ),
        (f"reproductions/{NAME}.md", "# Title", "does not begin with the fields title"),
        (f"reproductions/{NAME}.md", None, f"cells name '{NAME}', but there is no"),
        (f"reproductions/{NAME}.py", None, f"has no {NAME}.py beside it"),
    ],
)
def test_what_is_damaged_is_named_and_the_old_site_stays(tmp_path, atlas, name, content, refusal):
    damaged, place = shutil.copytree(atlas, tmp_path / "atlas"), tmp_path / "outputs" / "site"
    place.mkdir(parents=True)
    (place / "index.html").write_text("old")
    if content is None:
        (damaged / name).unlink()
    else:
        (damaged / name).write_text(content)
    with pytest.raises(BadInput, match=refusal) as refused:
        build_site(damaged, DOCS, tmp_path / "outputs", place)
    assert "\n" not in str(refused.value)
    assert [path.read_text() for path in (tmp_path / "outputs").rglob("*.*")] == ["old"]


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
    assert re.fullmatch(r"build_site: .*/atlas: holds no file of the atlas; .*\n", done.stderr)
    assert not (tmp_path / "outputs").exists()


# What is seen; test_browser.py looks at all of it


def test_a_browser_opens_the_page_and_counts_its_cells(site, opened):
    shown = opened(site / "index.html", *LOOKS[0])
    assert shown.get_by_role("status").inner_text() == f"All {len(RAW)} cells"
