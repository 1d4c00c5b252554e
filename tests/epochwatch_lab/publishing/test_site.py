"""The site: its numbers against plain counting, and its pages as the real Chromium has them.

The atlas it is built from is `atlas/` beside this file: a few real cells. What is looked at is
kept in outputs/screenshots.
"""

import itertools
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
from hypothesis import given
from hypothesis import strategies as st

from epochwatch.errors import BadInput
from epochwatch_lab._site.build import build_site
from epochwatch_lab._site.cells import read_files, toll_of, verdict_of
from epochwatch_lab._site.columns import ABSENT, columns_of
from epochwatch_lab._site.page import colours
from epochwatch_lab.atlas.cells import Cell
from epochwatch_lab.runs import project
from tests.epochwatch_lab.publishing.test_pages import CONTRASTS, SCREENSHOTS, WIDER

ATLAS = Path(__file__).with_name("atlas")
BLOG = project.ROOT / "outputs" / "blog"
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"
NAME = "each_fit_starts_over"
TITLE = "Each call of `fit` starts over"
PAGE = f"""---
title: {TITLE.replace("`", "")}
verdict: restarts
warns: false
---
# {TITLE}

What is seen, as [the script]({NAME}.py) prints it; see [the evidence](../keras-3.15.1-jax.json),
[another](../../README.md) and [Keras](https://keras.io).

| | TensorFlow |
|---|---|
| keras-3.15 | seen |

```python
print({{1: "a"}})  # twice
```
"""
LOST = ("restarts", "skips", "replays")


def raw_cells(atlas=ATLAS):
    """The cells as a plain reader of the files has them, each with its file."""
    for path in sorted(atlas.glob("*.json")):
        read = json.loads(path.read_text())
        for cell in read["cells"]:
            yield cell | {"file": path.stem, "environment": read["environment"]}


def id_of(cell):
    return f"{cell['file']}: {Cell(*(cell[field] for field in Cell._fields)).name}"


RAW = list(raw_cells())


def counted(rows, trained):
    """Count by brute force: what was never trained, and what came again too early."""
    order = [row for fit in trained for epoch in fit for batch in epoch for row in batch]
    order = [row for row in order if row in rows]
    never = set(rows) - set(order)
    lengths = range(len(order) + 1)
    whole = len(order) if never else next(n for n in lengths if set(order[:n]) == set(rows))
    return len(never), whole - len(set(order[:whole]))


def costs(cell):
    if cell["raised"]:
        return None, None
    balanced = "choose" in cell["options"].get("pipeline", "")
    streams = [range(10), range(10, 12)] if balanced else [range(20)]
    by_stream = [counted(rows, cell["trained"]) for rows in streams]
    return tuple(map(sum, zip(*by_stream, strict=True)))


def is_costly(cell):
    observed = cell["observed"]
    if not observed:
        return False
    return observed["verdict"] in LOST or any(costs(cell)) or observed["batches"]["passed_over"] > 0


def feed_of(cell):
    return id_of(cell).split(": ")[1]


def verdict_said(cell):
    return cell["observed"]["verdict"] if cell["observed"] else "raises"


# For each filter, what a cell is found by.
ORACLE = {
    "feed": lambda cell: [cell["feed"], feed_of(cell)],
    "backend": lambda cell: [cell["environment"]["backend"]],
    "keras": lambda cell: ["{package} {keras}".format(**cell["environment"])],
    "verdict": lambda cell: [verdict_said(cell)],
    "steps_per_epoch": lambda cell: [str(cell["steps_per_epoch"] or "none")],
    "steps_per_execution": lambda cell: [str(cell["steps_per_execution"])],
    "fits": lambda cell: [str(cell["fits"])],
    "validation": lambda cell: ["yes" if cell["validation"] else "no"],
    "finding": lambda cell: [cell["finding"], "some"] if cell["finding"] else [],
    "costly": lambda cell: ["1"] if is_costly(cell) else [],
    "disagrees": lambda cell: ["1"] if (cell["expected"] or {}).get("agrees") is False else [],
    "differs": lambda cell: ["1"] if cell["others"] else [],
}


def found_by(**wanted):
    asked = wanted.items()
    return {
        id_of(cell) for cell in RAW if all(value in ORACLE[name](cell) for name, value in asked)
    }


# What is counted

BATCH = st.lists(st.integers(0, 19), min_size=1, max_size=2)
TRAINED = st.lists(st.lists(st.lists(BATCH, max_size=12), max_size=3), max_size=2)


@given(TRAINED, st.sampled_from([{}, {"pipeline": "choose_from_datasets"}]))
def test_the_toll_is_what_counting_by_brute_force_gives(trained, options):
    cell = {"raised": None, "options": options, "trained": trained}
    assert toll_of(cell) == costs(cell)


@pytest.mark.parametrize("cell", RAW, ids=id_of)
def test_what_was_never_trained_is_what_the_audit_says(cell):
    told = (cell["observed"] or {"samples": {"never_trained": None}})["samples"]["never_trained"]
    assert told in (None, costs(cell)[0])


@pytest.mark.parametrize(
    ("raised", "verdict"),
    [
        ("did not end in 60 s", "hangs"),
        ("the process ended with exit code -11", "crashes"),
        ("IndexError: list index out of range", "raises"),
    ],
)
def test_a_cell_without_a_verdict_says_how_it_ended(raised, verdict):
    assert verdict_of({"raised": raised}) == verdict


def test_nothing_is_lost_in_the_columns():
    files = read_files(ATLAS)
    packed = json.loads(json.dumps(columns_of(files)))
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
    for ground, ink in colours(20):
        low, high = sorted([light(ground), light(ink)])
        assert (high + 0.05) / (low + 0.05) >= 4.5
    grounds = [light(ground) for ground, _ in colours(20)]
    assert grounds == sorted(grounds)


# What is built


@pytest.fixture(scope="module")
def atlas(tmp_path_factory):
    """The atlas with a reproduction."""
    folder = tmp_path_factory.mktemp("atlas")
    shutil.copytree(ATLAS, folder, dirs_exist_ok=True)
    return with_reproduction(folder)


def with_reproduction(folder, page=PAGE):
    (folder / "reproductions").mkdir()
    (folder / "reproductions" / f"{NAME}.md").write_text(page)
    (folder / "reproductions" / f"{NAME}.py").write_text("import keras\n\nprint(1 < 2)\n")
    (folder / "reproductions" / "README.md").write_text("# About\n")
    return folder


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """The outputs of a fresh clone: the posts, and no run."""
    folder = tmp_path_factory.mktemp("outputs")
    shutil.copytree(BLOG, folder / "blog")
    return folder


@pytest.fixture(scope="module")
def site(atlas, outputs):
    return build_site(atlas, outputs, outputs / "site").index.parent


def soup(page):
    return bs4.BeautifulSoup(page.read_text(), "html.parser")


def test_every_link_leads_to_a_file_or_an_anchor(site):
    pages = {page: soup(page) for page in site.rglob("*.html")}
    assert len(pages) == 2 + len(list((BLOG / "_github").glob("*.md")))
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
    build_site(atlas, outputs, outputs / "site")
    assert (site / "index.html").read_bytes() == before
    assert sorted(path.name for path in outputs.iterdir()) == ["blog", "site"]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("keras-3.15.1-jax.json", '{"schema": 1', "keras-3.15.1-jax.json: is damaged"),
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
def test_what_is_damaged_is_named_and_the_old_site_stays(tmp_path, atlas, name, content, told):
    damaged, place = shutil.copytree(atlas, tmp_path / "atlas"), tmp_path / "outputs" / "site"
    place.mkdir(parents=True)
    (place / "index.html").write_text("old")
    if content is None:
        (damaged / name).unlink()
    else:
        (damaged / name).write_text(content)
    with pytest.raises(BadInput, match=told) as refusal:
        build_site(damaged, tmp_path / "outputs", place)
    assert "\n" not in str(refusal.value)
    assert [path.read_text() for path in (tmp_path / "outputs").rglob("*.*")] == ["old"]


def test_the_script_ends_with_code_2_and_one_line_where_there_is_no_atlas(tmp_path):
    source = shutil.copytree(
        project.ROOT / "src", tmp_path / "src", symlinks=True
    )  # a clone without an atlas
    done = subprocess.run(
        [sys.executable, project.ROOT / "scripts" / "build_site.py"],
        env=os.environ | {"PYTHONPATH": str(source)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert re.fullmatch(r"build_site: .*/atlas: got no file of the atlas; .*\n", done.stderr)
    assert not (tmp_path / "outputs").exists()


# What is seen


@pytest.fixture(scope="module")
def browser(chromium):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])


@pytest.fixture
def opened(browser):
    """Opens a page without a network; in the end, nothing must have gone wrong in it."""
    wrong, contexts = [], []

    def files_only(route):
        if not route.request.url.startswith("file:"):
            wrong.append(f"asked for {route.request.url[:80]}")
        route.continue_()

    def opens(path, width=1280, scheme="light", hash_="", **options):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True, **options
        )
        contexts.append(context)
        context.route("**/*", files_only)
        shown = context.new_page()
        shown.on("console", lambda message: wrong.append(f"console: {message.text}"))
        shown.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        shown.on("requestfailed", lambda asked: wrong.append(f"failed: {asked.url}"))
        shown.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
        shown.goto(path.as_uri() + hash_)
        if path.name == "index.html" and options.get("java_script_enabled", True):
            shown.wait_for_selector("html[data-ready]", state="attached")
        return shown

    yield opens
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def shown(site, opened):
    return opened(site / "index.html")


IDS = """() => [...document.querySelectorAll("#rows tr")].map(row => new URLSearchParams(
  row.querySelector("a").hash.slice(1)).get("cell"))"""


def listed(shown):
    """The cells in the list, which are as many as it says."""
    found = shown.evaluate(IDS)
    told = re.search(r"\d+", shown.get_by_role("status").inner_text())
    assert int(told[0]) == len(found) == len(set(found))
    return found


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


@pytest.mark.parametrize("name", ["costly", "disagrees"])
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
    ("words", "found"),
    [
        ("generator JAX", lambda c: c["feed"] == "generator" and "jax" in c["file"]),
        ("tf_keras", lambda c: c["environment"]["package"] == "tf_keras"),
        ("empty generator", lambda c: "empty generator" in (c["raised"] or "")),
        ("peeked", lambda c: "peeked" in ((c["expected"] or {}).get("rule") or "")),
        ("ran out of data", lambda c: "ran out of data" in str(c["warnings"])),
        ("steps_per_epoch=15 skips", lambda c: verdict_said(c) == "skips"),
        ("(", lambda c: True),
        ("nowhere", lambda c: False),
    ],
)
def test_words_are_searched_in_all_that_is_told_of_a_cell(shown, words, found):
    shown.get_by_role("searchbox").fill(words)
    assert set(listed(shown)) == {id_of(cell) for cell in RAW if found(cell)}


def test_the_address_says_what_is_shown_and_the_way_back_works(shown):
    shown.locator("#backend").select_option("tensorflow")
    shown.locator("#verdict").select_option("restarts")
    shown.get_by_role("searchbox").press_sequentially("arrays")
    after = listed(shown)
    assert urlsplit(shown.url).fragment == "q=arrays&backend=tensorflow&verdict=restarts"
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

    def told(label):
        return row.locator(f"[data-label='{label}']").inner_text()

    never, repeated = costs(cell)
    assert told("Never trained") == ("–" if never is None else str(never))
    assert told("Repeated") == ("–" if repeated is None else str(repeated))
    steps = [[len(epoch) for epoch in fit] for fit in cell["trained"] if fit]
    assert told("Steps run") == "\n".join(" ".join(map(str, fit)) for fit in steps)
    assert told("Verdict").startswith(verdict_said(cell))
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
        "uv pip install --python .venv-cell 'keras==3.15.1", "tensorflow==2.21.0", "jax==0.10.2",
        "torch==2.13.0", "grain==0.2.18", "ml-dtypes", "numpy", "pyarrow", "rich'",
    ]  # fmt: skip
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
    assert urlsplit(shown.url).fragment == "backend=tensorflow"
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
        if focused() == "costly":
            break
    press("Space")
    assert set(listed(shown)) == found_by(backend="tensorflow", costly="1")
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
    dialog.wait_for(state="hidden")
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
        ("banner", None), ("main", None), ("contentinfo", None), ("navigation", "On this page"),
        ("search", "Cells"), ("region", "Cells"), ("region", "Verdicts"), ("region", "Files"),
        ("searchbox", "Search"), ("group", "Only"), ("status", None),
        ("table", "Ways of calling fit, and what was trained"),
        ("heading", "The atlas of fit"), ("columnheader", "Never trained"),
        ("rowheader", "tf_data(repeat)"), ("checkbox", "Data lost or repeated"),
    ):  # fmt: skip
        assert shown.get_by_role(role, name=name).count() > 0, (role, name)
    for name in ("Feed", "Backend", "Keras version", "Verdict", "steps_per_epoch", "Calls of fit"):
        assert shown.get_by_role("combobox", name=name, exact=True).count() == 1
    assert shown.locator("html").get_attribute("lang") == "en"
    names = [row.get_attribute("aria-label") for row in shown.locator("#rows a").all()]
    assert len(set(names)) == len(names) == 2 * len(RAW)
    levels = [int(h.evaluate("h => h.tagName")[1]) for h in shown.get_by_role("heading").all()]
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))


LOOKS = [(width, scheme) for width in (360, 1280) for scheme in ("light", "dark")]


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
@pytest.mark.parametrize("page", ["index", "cell", f"reproductions/{NAME}", "notebooks"])
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
    assert [found for found in shown.evaluate(CONTRASTS) if found[0] < 4.5] == []
    parts = "[...document.querySelectorAll('dialog *')]"
    assert shown.evaluate(f"{parts}.filter(e => e.scrollWidth > innerWidth).length") == 0
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    name = f"site-{page.partition('/')[0]}-{width}-{scheme}.png"
    shown.screenshot(path=SCREENSHOTS / name, full_page=page != "cell")


def test_without_javascript_the_numbers_and_the_files_are_there(site, opened):
    shown = opened(site / "index.html", java_script_enabled=False)
    assert shown.get_by_text("To search the cells needs JavaScript.").is_visible()
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
    shown = opened(build_site(atlas, outputs, tmp_path / "site").index, hash_=f"#q={EVIL}")
    assert len(listed(shown)) == 4
    shown.locator("#rows a").first.click()
    assert EVIL in shown.get_by_role("dialog").inner_text()
    assert shown.locator("img[src=x]").count() == 0
