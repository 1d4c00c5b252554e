"""The pages of the site as the real Chromium has them.

What is looked at is kept in outputs/screenshots.
"""

import itertools
import json
import re
import shutil
import subprocess
import sys

import pytest

from epochwatch_lab._runs import project
from epochwatch_lab._site.build import build_site
from epochwatch_lab._site.cells import cell_measure, cell_variety
from tests.epochwatch_lab.conftest import LOOKS, SCREENSHOTS
from tests.epochwatch_lab.looks import CONTRASTS, WIDER
from tests.epochwatch_lab.site.cells import (
    ATLAS,
    DOCS,
    NAME,
    ORACLE,
    PAGE,
    RAW,
    feed_of,
    found_by,
    id_of,
    loss_of,
    shown_verdict,
    with_reproduction,
)

pytestmark = pytest.mark.slow

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture
def shown(site, opened):
    return opened(site / "index.html")


IDS = """() => [...document.querySelectorAll("#rows tr")].map(row => new URLSearchParams(
  row.querySelector("a").hash.slice(1)).get("cell"))"""


def listed(shown):
    """The cells in the list, which are as many as it says."""
    cells = shown.evaluate(IDS)
    count = re.search(r"\d+", shown.get_by_role("status").inner_text())
    assert int(count[0]) == len(cells) == len(set(cells))
    return cells


def has_address(shown, fragment):
    """Wait until the page's address is this; a dialog's event of closing comes after the click."""
    shown.wait_for_function("fragment => location.hash === `#${fragment}`", arg=fragment)


def chosen_of(name):
    """Every value that some cell is found by, and so must be on offer."""
    return sorted({value for cell in RAW for value in ORACLE[name](cell)})


SELECTS = [name for name in ORACLE if chosen_of(name) not in ([], ["1"])]


def test_without_a_filter_there_are_all_cells(shown):
    assert set(listed(shown)) == found_by()
    assert shown.get_by_role("status").inner_text() == f"All {len(RAW)} cells"


@pytest.mark.parametrize("name", SELECTS)
def test_each_choice_of_a_filter_shows_exactly_its_cells(shown, name):
    select = shown.locator(f"#{name}")
    offered = select.locator("option").evaluate_all("all => all.map(one => one.value)")
    assert offered[0] == ""
    kinds = {cell["feed"] for cell in RAW}
    several = {kind for kind in kinds if len({feed_of(c) for c in RAW if c["feed"] == kind}) > 1}
    needless = kinds - several if name == "feed" else set()
    assert set(offered[1:]) == set(chosen_of(name)) - needless
    for value in offered[1:]:
        select.select_option(value)
        assert set(listed(shown)) == found_by(**{name: value}) != set()


@pytest.mark.parametrize("name", ["loses", "unsound", "disagrees"])
def test_what_is_only_shown_is_exactly_that(shown, name):
    shown.locator(f"#{name}").check()
    assert set(listed(shown)) == found_by(**{name: "1"}) != set()


def test_where_nothing_is_found_it_says_so(shown):
    shown.get_by_label("Runs differed").check()
    assert listed(shown) == []
    assert shown.locator("#table").is_hidden()
    shown.get_by_role("button", name="Reset").click()
    shown.get_by_text(f"All {len(RAW)} cells").wait_for()
    assert set(listed(shown)) == found_by()


def test_filters_are_joined(shown):
    wanted = {"backend": "tensorflow", "fits": "2", "keras": "keras 3.15.1"}
    for name, value in wanted.items():
        shown.locator(f"#{name}").select_option(value)
    assert set(listed(shown)) == found_by(**wanted) != found_by(fits="2")


@pytest.mark.parametrize(
    ("words", "has_them"),
    [
        ("generator JAX", lambda c: c["feed"] == "generator" and "jax" in c["file"]),
        ("tf_keras", lambda c: c["environment"]["package"] == "tf_keras"),
        ("empty generator", lambda c: "empty generator" in (c["raised"] or "")),
        ("peeked", lambda c: "peeked" in ((c["expected"] or {}).get("rule") or "")),
        ("ran out of data", lambda c: "ran out of data" in str(c["warnings"])),
        (
            "steps_per_epoch=15 skips",
            lambda c: shown_verdict(c) == "skips" and c["steps_per_epoch"] == 15,
        ),
        ("(", lambda c: True),
        ("nowhere", lambda c: False),
    ],
)
def test_words_are_searched_in_all_that_is_known_of_a_cell(shown, words, has_them):
    shown.get_by_role("searchbox").fill(words)
    assert set(listed(shown)) == {id_of(cell) for cell in RAW if has_them(cell)}


def test_the_address_says_what_is_shown_and_the_way_back_works(shown):
    shown.locator("#backend").select_option("tensorflow")
    shown.locator("#verdict").select_option("restarts")
    shown.get_by_role("searchbox").press_sequentially("arrays")
    after = listed(shown)
    has_address(shown, "q=arrays&backend=tensorflow&verdict=restarts")
    shown.go_back()
    assert set(listed(shown)) == found_by(backend="tensorflow", verdict="restarts")
    assert shown.get_by_role("searchbox").input_value() == ""
    shown.go_back()
    assert set(listed(shown)) == found_by(backend="tensorflow")
    shown.go_back()
    assert set(listed(shown)) == found_by()
    shown.go_forward()
    shown.go_forward()
    shown.go_forward()
    assert listed(shown) == after
    shown.reload()
    shown.wait_for_selector("html[data-ready]", state="attached")
    assert listed(shown) == after
    assert shown.locator("#verdict").input_value() == "restarts"


def test_an_address_of_another_atlas_does_no_harm(site, opened):
    shown = opened(site / "index.html", hash_="#backend=theano&sort=colour&cell=none&x=1&q=jax")
    assert set(listed(shown)) == found_by(backend="jax")
    assert shown.locator("#backend").input_value() == ""
    assert not shown.get_by_role("dialog").is_visible()


def test_a_verdict_in_the_legend_and_a_number_in_the_summary_lead_to_their_cells(shown):
    shown.locator(".legend").get_by_role("link", name="skips").click()
    assert set(listed(shown)) == found_by(verdict="skips")
    shown.get_by_text("Verdicts by Keras version and backend").click()
    row = shown.get_by_role("row", name="keras 3.15.1 torch")
    row.get_by_role("link").first.click()
    wanted = {"keras": "keras 3.15.1", "backend": "torch", "verdict": "restarts"}
    assert set(listed(shown)) == found_by(**wanted)


def groups(values):
    return [value for value, _ in itertools.groupby(values)]


def test_the_list_can_be_put_in_other_orders(shown):
    def verdicts():
        return shown.locator("[data-label=Verdict] .verdict").all_inner_texts()

    before = verdicts()
    order = shown.get_by_label("Order of the list")
    order.select_option("verdict")
    assert sorted(verdicts()) == sorted(before)
    worst_first = ["restarts", "skips", "replays", "runs dry", "overruns", "raises"]
    assert groups(verdicts()) == [*worst_first, "reshuffles", "resumes"]
    order.select_option("feed")
    feeds = groups(id_.split(": ")[1] for id_ in listed(shown))
    assert len(feeds) == len(set(feeds))


def row_of(shown, cell):
    return shown.locator("#rows tr").nth(shown.evaluate(IDS).index(id_of(cell)))


@pytest.mark.parametrize("cell", RAW[:13:3], ids=id_of)
def test_a_row_says_what_the_cell_says(shown, cell):
    row = row_of(shown, cell)

    def text_of(label):
        return row.locator(f"[data-label='{label}']").inner_text()

    assert text_of("Lost") == (loss_of(cell) or "–")
    assert text_of("Variety") == (cell_variety(cell) or "–")
    assert text_of("Measured") == (cell_measure(cell) or "–")
    steps = [[len(epoch) for epoch in fit] for fit in cell["trained"] if fit]
    assert text_of("Steps run") == "\n".join(" ".join(map(str, fit)) for fit in steps)
    assert text_of("Verdict").startswith(shown_verdict(cell))
    assert row.get_by_role("link").count() == 2


def test_the_order_is_drawn_a_square_a_batch_and_told_in_words(shown):
    cell = next(c for c in RAW if "restarts" in str(c["observed"]) and c["feed"] == "arrays")
    picture = row_of(shown, cell).get_by_role("img")
    assert picture.get_attribute("aria-label") == (
        "fit 1, epoch 1: batches 0 to 2; fit 1, epoch 2: batches 3 to 5; "
        "fit 1, epoch 3: batches 6 to 8; fit 2, epoch 1: batches 0 to 2; "
        "fit 2, epoch 2: batches 3 to 5; fit 2, epoch 3: batches 6 to 8"
    )
    drawn = picture.locator("path").evaluate_all("all => all.map(one => one.getAttribute('d'))")
    assert "".join(drawn).count("M") == 18
    assert len(drawn) == 9


def test_every_cell_leads_to_its_evidence_and_its_reproduction(site, shown):
    for cell in RAW:
        evidence, reproduction = row_of(shown, cell).get_by_role("link").all()
        evidence.click()
        dialog = shown.get_by_role("dialog", name=feed_of(cell))
        text = dialog.inner_text()
        assert (cell["expected"] or {"rule": "raises"})["rule"] in text
        for warning in cell["warnings"]:
            assert warning.split("  ")[0] in " ".join(text.split())
        file = dialog.get_by_role("link", name=f"{cell['file']}.json")
        lines = (site / file.get_attribute("href")).read_text().splitlines()
        line = int(re.search(r"\.json, line (\d+)", text)[1])
        recorded = json.loads(lines[line - 1].rstrip(","))
        assert recorded.items() <= cell.items()
        dialog.get_by_text("The record").click()
        assert json.loads(dialog.locator("pre").last.inner_text()) == recorded
        shown.keyboard.press("Escape")
        dialog.wait_for(state="hidden")
        if cell["finding"]:
            assert reproduction.get_attribute("href") == f"reproductions/{NAME}.html"
            assert (site / f"reproductions/{NAME}.html").is_file()
        else:
            reproduction.click()
            assert shown.evaluate("document.activeElement.textContent") == "Reproduce it"
            assert f"echo '{id_of(cell).partition(': ')[2]}' |" in dialog.inner_text()
            shown.keyboard.press("Escape")
            dialog.wait_for(state="hidden")


def test_the_commands_of_a_cell_observe_it_again(shown):
    cell = next(c for c in RAW if id_of(c).startswith("keras-3.15.1-tensorflow: tf_data(repeat)"))
    row_of(shown, cell).get_by_role("link").first.click()
    venv, install, echo = shown.locator("dialog pre").first.inner_text().split("\n", 2)
    assert venv == "uv venv --python 3.11 .venv-cell"
    assert install.split("' '") == [
        "uv pip install --python .venv-cell 'keras==3.15.1",
        "tensorflow==2.21.0",
        "jax==0.10.2",
        "torch==2.13.0",
        "grain==0.2.18",
        "ml-dtypes",
        "numpy",
        "pyarrow",
        "rich'",
    ]
    command = echo.replace(".venv-cell/bin/python", sys.executable)
    done = subprocess.run(
        ["sh", "-c", command], cwd=project.ROOT, capture_output=True, text=True, check=True
    )
    seen = json.loads(done.stdout)["seen"]
    assert seen["trained"] == cell["trained"]
    assert seen["observed"]["verdict"] == "resumes"


def test_a_cell_has_an_address_of_its_own(site, opened):
    wanted = RAW[-1]
    shown = opened(site / "index.html", hash_=f"#cell={id_of(wanted)}&backend=tensorflow")
    assert shown.get_by_role("dialog", name=feed_of(wanted)).is_visible()
    shown.get_by_role("button", name="Close").click()
    has_address(shown, "backend=tensorflow")
    assert set(listed(shown)) == found_by(backend="tensorflow")
    shown.go_back()
    assert shown.get_by_role("dialog").is_visible()


def test_the_keyboard_alone_is_enough(shown):
    press = shown.keyboard.press

    def focused():
        return shown.evaluate("document.activeElement.id || document.activeElement.textContent")

    press("Tab")
    assert focused() == "Skip to the cells"
    assert shown.locator(".skip").bounding_box()["y"] >= 0
    press("Enter")
    assert focused() == "cells"
    press("Tab")
    assert focused() == "q"
    press("Tab")
    assert focused() == "feed"
    press("Tab")
    press("t")  # the first backend that begins so
    assert set(listed(shown)) == found_by(backend="tensorflow")
    for _ in range(30):
        press("Tab")
        if focused() == "loses":
            break
    press("Space")
    assert set(listed(shown)) == found_by(backend="tensorflow", loses="1")
    while not focused().startswith("Evidence"):
        press("Tab")
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert shown.evaluate(outline) == "solid"
    first = listed(shown)[0]
    press("Enter")
    dialog = shown.get_by_role("dialog")
    assert focused() == "cell-title"
    assert dialog.get_by_role("heading").first.inner_text() == first.partition(": ")[2]
    press("Escape")
    has_address(shown, "backend=tensorflow&loses=1")
    assert focused() == "Evidence"


@pytest.fixture(scope="module")
def many(outputs, tmp_path_factory):
    """A site of more cells than a page has: those of tensorflow, as if of many versions."""
    folder = with_reproduction(tmp_path_factory.mktemp("many"))
    read = json.loads((ATLAS / "keras-3.15.1-tensorflow.json").read_text())
    for minor in range(17):
        about = read["environment"] | {"keras": f"3.{minor}.0"}
        written = json.dumps(read | {"environment": about})
        (folder / f"keras-3.{minor}.0-tensorflow.json").write_text(written)
    rows = "[...document.querySelectorAll('#rows tr')]"
    assert shown.evaluate(f"{rows}.indexOf(document.activeElement.closest('tr'))") == 100
    assert shown.get_by_role("status").inner_text() == "All 221 cells"
    more = shown.get_by_role("button", name="Show 100 more of 121")
    more.focus()
    shown.keyboard.press("Enter")
    assert shown.locator("#rows tr").count() == 200
    rows = "[...document.querySelectorAll('#rows tr')]"
    assert shown.evaluate(f"{rows}.indexOf(document.activeElement.closest('tr'))") == 100
    shown.get_by_role("button", name="Show 21 more of 21").click()
    assert len(listed(shown)) == 221
    assert shown.locator("#more").is_hidden()
    newest = [id_.partition("-tensorflow")[0] for id_ in listed(shown)]
    assert newest[::13] == [f"keras-3.{minor}.0" for minor in reversed(range(17))]


def test_screen_readers_are_told_what_there_is(shown):
    for role, name in (
        ("banner", None),
        ("main", None),
        ("contentinfo", None),
        ("navigation", "On this page"),
        ("search", "Cells"),
        ("region", "Cells"),
        ("region", "Verdicts"),
        ("region", "Files"),
        ("searchbox", "Search"),
        ("group", "Only"),
        ("status", None),
        ("table", "Ways of calling fit, and what was trained"),
        ("heading", "The atlas of fit"),
        ("columnheader", "Lost"),
        ("rowheader", "tf_data(repeat)"),
        ("checkbox", "Rows lost"),
    ):
        assert shown.get_by_role(role, name=name).count() > 0, (role, name)
    for name in ("Feed", "Backend", "Keras version", "Verdict", "steps_per_epoch", "Calls of fit"):
        assert shown.get_by_role("combobox", name=name, exact=True).count() == 1
    assert shown.locator("html").get_attribute("lang") == "en"
    names = [row.get_attribute("aria-label") for row in shown.locator("#rows a").all()]
    assert len(set(names)) == len(names) == 2 * len(RAW)
    levels = [int(h.evaluate("h => h.tagName")[1]) for h in shown.get_by_role("heading").all()]
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
@pytest.mark.parametrize(
    "page",
    ["index", "cell", f"reproductions/{NAME}", "notebooks", "guide/audit", "guide/what_is_watched"],
)
def test_pages_are_legible_and_scroll_down_only(site, opened, page, width, scheme):
    notebooks = sorted((site / "notebooks").glob("*.html"))
    paths = {"index": site / "index.html", "cell": site / "index.html", "notebooks": notebooks[0]}
    path = paths.get(page, site / f"{page}.html")
    shown = opened(path, width, scheme)
    if page == "index":
        shown.get_by_text("Verdicts by Keras version and backend").click()
        shown.get_by_text("How to read a row").click()
    if page == "cell":
        shown.locator("#rows a").first.click()
        shown.get_by_text("The record").click()
    assert shown.evaluate(WIDER) <= 0
    assert [text for text in shown.evaluate(CONTRASTS) if text[0] < 4.5] == []
    parts = "[...document.querySelectorAll('dialog *')]"
    assert shown.evaluate(f"{parts}.filter(e => e.scrollWidth > innerWidth).length") == 0
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    name = f"site-{page.partition('/')[0]}-{width}-{scheme}.png"
    shown.screenshot(path=SCREENSHOTS / name, full_page=page != "cell")


def test_without_javascript_the_numbers_and_the_files_are_there(site, opened):
    shown = opened(site / "index.html", java_script_enabled=False)
    assert shown.get_by_text("Searching the cells needs JavaScript.").is_visible()
    assert shown.locator("#filters").is_hidden()
    assert shown.locator("#table").is_hidden()
    shown.get_by_text("Verdicts by Keras version and backend").click()
    row = shown.get_by_role("row", name="tf_keras 2.21.0")
    assert "restarts" in shown.locator(".summary thead").inner_text()
    assert row.get_by_role("cell").first.inner_text() == "tensorflow"
    assert shown.locator(".files a").count() == 4


def test_text_is_text_whatever_is_in_it(tmp_path, outputs, opened):
    atlas = shutil.copytree(ATLAS, tmp_path / "atlas")
    with_reproduction(atlas, PAGE.replace("verdict: restarts", f"verdict: {json.dumps(EVIL)}"))
    path = atlas / "keras-3.15.1-jax.json"
    read = json.loads(path.read_text())
    for cell in read["cells"]:
        cell |= {"warnings": [EVIL], "raised": EVIL, "observed": None, "options": {"a": EVIL}}
    read["environment"]["date"] = EVIL
    path.write_text(json.dumps(read))
    shown = opened(build_site(atlas, DOCS, outputs, tmp_path / "site").index, hash_=f"#q={EVIL}")
    assert len(listed(shown)) == 4
    shown.locator("#rows a").first.click()
    assert EVIL in shown.get_by_role("dialog").inner_text()
    assert shown.locator("img[src=x]").count() == 0
