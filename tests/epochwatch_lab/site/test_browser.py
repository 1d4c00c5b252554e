"""The atlas' page as the real Chromium has it.

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
from epochwatch_lab._site.atlas_page import write_atlas_page
from epochwatch_lab._site.synonyms import OFTEN_SEARCHED
from tests.epochwatch_lab.conftest import LOOKS, SCREENSHOTS
from tests.epochwatch_lab.looks import CONTRASTS, WIDER
from tests.epochwatch_lab.site.cells import (
    ATLAS,
    NAME,
    ORACLE,
    PAGE,
    RAW,
    SYMPTOM,
    TITLE,
    WHOLE,
    address_of,
    feed_of,
    findings_of,
    found_by,
    raw_cells,
    release_of,
    rows_of,
    shown_verdict,
    with_reproduction,
)

pytestmark = pytest.mark.slow

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"
BY_ADDRESS = {address_of(cell): cell for cell in RAW}
NARROW = [(360, scheme) for scheme in ("light", "dark")]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page of a few cells."""
    folder = tmp_path_factory.mktemp("page")
    write_atlas_page(with_reproduction(shutil.copytree(ATLAS, folder / "atlas")), folder / "page")
    return folder / "page" / "index.html"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The page of all cells."""
    folder = tmp_path_factory.mktemp("whole")
    write_atlas_page(WHOLE, folder)
    return folder / "index.html"


@pytest.fixture
def shown(page, opened):
    return opened(page)


# Of each row, the addresses of its cells, opened where there are several.
ROWS = """async () => {
  for (const summary of document.querySelectorAll("#rows summary"))
    if (!summary.parentElement.open) summary.click();
  await new Promise((done) => setTimeout(done, 50));
  return [...document.querySelectorAll("#rows tr")].map(row =>
    [...row.querySelectorAll("a")].map(link => link.hash.slice(1)));
}"""


def rows_of_page(shown):
    while (more := shown.locator("#more")).is_visible():
        more.click()
    return shown.evaluate(ROWS)


def listed(shown):
    """The cells in the list, which are as many as it says."""
    cells = [address for row in rows_of_page(shown) for address in row]
    count = re.search(r"\d+", shown.locator("#count").inner_text())
    assert len(cells) == len(set(cells)) == (int(count[0]) if count else 0)
    return set(cells)


def has_address(shown, fragment):
    """Wait until the page's address is this; a dialog's event of closing comes after the click."""
    shown.wait_for_function("fragment => location.hash === `#${fragment}`", arg=fragment)


def values_of(name, cells=RAW):
    """Every value that some cell is found by, and so must be on offer."""
    return sorted({value for cell in cells for value in ORACLE[name](cell)})


def offered(shown, name):
    """What a filter offers, and the number that it says of each."""
    options = shown.locator(f"#by-{name} option").evaluate_all(
        "all => all.map(one => [one.value, one.textContent])"
    )
    assert options[0] == ["", "any"]
    return {
        value: int(re.search(r"\(([\d,]+)\)$", text)[1].replace(",", ""))
        for value, text in options[1:]
    }


TOGGLES = ("loses", "silent", "disagrees", "differ")
SELECTS = [name for name in ORACLE if name not in TOGGLES and len(values_of(name)) > 1]


def test_without_a_filter_there_are_all_cells(shown):
    assert listed(shown) == found_by()
    assert shown.locator("#count").inner_text().startswith(f"All {len(RAW)} cells, in ")


@pytest.mark.parametrize("name", SELECTS)
def test_each_choice_of_a_filter_says_its_number_and_shows_exactly_its_cells(shown, name):
    counts = offered(shown, name)
    assert counts == {value: len(found_by(**{name: value})) for value in values_of(name)}
    for value in counts:
        shown.locator(f"#by-{name}").select_option(value)
        assert listed(shown) == found_by(**{name: value}) != set()


@pytest.mark.parametrize("name", TOGGLES)
def test_what_is_only_shown_is_exactly_that(shown, name):
    expected = found_by(**{name: "1"})
    if not expected:
        assert shown.locator(f"#by-{name}").count() == 0
        return
    shown.locator(f"#by-{name}").check()
    assert listed(shown) == expected


def test_filters_are_joined_and_say_what_each_choice_would_leave(shown):
    wanted = {"backend": "tensorflow", "fits": "2", "keras": "Keras 3.15"}
    for name, value in wanted.items():
        shown.locator(f"#by-{name}").select_option(value)
    assert listed(shown) == found_by(**wanted) != found_by(fits="2")
    for name in SELECTS:
        others = {key: value for key, value in wanted.items() if key != name}
        assert offered(shown, name) == {
            value: len(found_by(**others, **{name: value})) for value in values_of(name)
        }
    shown.get_by_role("button", name="Clear").click()
    shown.get_by_text(f"All {len(RAW)} cells").wait_for()
    assert listed(shown) == found_by()


def test_the_whole_atlas_has_the_numbers_that_plain_counting_gives(whole, opened):
    shown, cells = opened(whole), list(raw_cells(WHOLE))
    names = [name for name in ORACLE if name not in TOGGLES and len(values_of(name, cells)) > 1]
    for name in names:
        counted = {}
        for cell in cells:
            for value in set(ORACLE[name](cell)):
                counted[value] = counted.get(value, 0) + 1
        assert offered(shown, name) == counted, name
    for name in TOGGLES:
        number = len([cell for cell in cells if ORACLE[name](cell)])
        assert not number or f"({number:,})" in shown.locator(f"label:has(#by-{name})").inner_text()


# Cells of a row differ in these alone, and have every combination of the values.
MAY_DIFFER = {
    "validation": lambda cell: cell["validation"],
    "execution": lambda cell: cell["steps_per_execution"],
    "backend": lambda cell: cell["environment"]["backend"],
    "keras": release_of,
    "feed": feed_of,
    "seeded": lambda cell: cell["seeded"],
}


def test_a_row_stands_for_cells_of_one_outcome_and_for_every_combination_that_it_names(
    whole, opened
):
    cells = {address_of(cell): cell for cell in raw_cells(WHOLE)}
    shown = opened(whole, hash_="#fits=2&backend=jax")
    rows = rows_of_page(shown)
    grouped = [[cells[address] for address in row] for row in rows]
    assert max(map(len, grouped)) > 10
    for row in grouped:
        same = {
            json.dumps(
                [
                    shown_verdict(cell),
                    findings_of(cell),
                    cell["raised"],
                    cell["act"],
                    cell["steps_per_epoch"],
                    cell["how"],
                    [
                        ((cell.get("observed") or {}).get("samples") or {}).get(key)
                        for key in ("lost", "reachable")
                    ],
                    cell["texts"]
                    if (cell.get("observed") or {}).get("order", {}).get("fixed")
                    else 0,
                ]
            )
            for cell in row
        }
        assert len(same) == 1
        values = [{get(cell) for cell in row} for get in MAY_DIFFER.values()]
        named = set(itertools.product(*values))
        assert {tuple(get(cell) for get in MAY_DIFFER.values()) for cell in row} == named


def test_a_row_says_which_cells_it_stands_for(whole, opened):
    shown = opened(
        whole, hash_="#feed=tf_data%28repeat%29&steps=5&fits=1&keras=Keras+3.15&verdict=resumes"
    )
    text = shown.locator("#rows tr").first.inner_text()
    for words in ("tf_data(repeat)", "steps_per_epoch=5", "3.15", "TensorFlow, JAX", "resumes"):
        assert words in text
    assert "with and without validation_data" in text


@pytest.mark.parametrize(
    ("words", "has_them"),
    [
        ("generator JAX", lambda c: c["feed"] == "generator" and "jax" in c["file"]),
        ("tf_keras", lambda c: c["environment"]["package"] == "tf_keras"),
        ("ran out of data", lambda c: "ran out of data" in str(c["warnings"])),
        ("peeked", lambda c: "peeked" in ((c.get("expected") or {}).get("rule") or "")),
        (
            "steps_per_epoch=15 skips",
            lambda c: shown_verdict(c) == "skips" and c["steps_per_epoch"] == 15,
        ),
        (
            "OUT_OF_RANGE",
            lambda c: "runs dry" in findings_of(c) or "ran out of data" in str(c["warnings"]),
        ),
        ("starts over", lambda c: "restarts" in findings_of(c) or c["finding"] == NAME),
        ("Sequence", lambda c: c["feed"] == "py_dataset"),
        ("workers", lambda c: "workers" in c["options"]),
        ("DataLoader", lambda c: c["feed"] == "torch_loader"),
        (SYMPTOM, lambda c: c["finding"] == NAME),
        ("keras#19037", lambda c: c["finding"] == NAME),
        ("each generator on JAX", lambda c: c["feed"] == "generator" and "jax" in c["file"]),
        ('steps_per_execution="auto"', lambda c: c["act"] == "auto_execution"),
        ("(", lambda c: True),
    ],
)
def test_words_are_searched_in_all_that_is_known_and_by_what_they_mean(shown, words, has_them):
    shown.get_by_role("searchbox").fill(words)
    assert listed(shown) == {address_of(cell) for cell in RAW if has_them(cell)}


def test_a_search_leads_to_the_page_that_explains_it(shown):
    shown.get_by_role("searchbox").fill(SYMPTOM)
    link = shown.locator("#pages a")
    assert link.inner_text() == TITLE
    assert link.get_attribute("href") == f"../reproductions/{NAME}.html"


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("loss 0", "every_other_epoch_trains_nothing"),
        ("same order", "seeded_fit_shuffles_the_same_way_every_epoch"),
        ("use_multiprocessing", None),
        ("OUT_OF_RANGE", "every_other_epoch_trains_nothing"),
        ("val_loss changes", "shuffled_feed_validates_on_other_rows"),
        *((words, None) for words in OFTEN_SEARCHED),
    ],
)
def test_words_of_users_find_something_in_the_whole_atlas(whole, opened, words, name):
    shown = opened(whole)
    shown.get_by_role("searchbox").fill(words)
    assert shown.locator("#rows tr").count() or shown.locator("#pages a").count()
    targets = shown.locator("#pages a").evaluate_all("all => all.map(one => one.href)")
    assert name is None or any(target.endswith(f"/{name}.html") for target in targets)


def test_where_nothing_is_found_it_says_what_would_find_something(shown):
    shown.locator("#by-backend").select_option("jax")
    shown.get_by_role("searchbox").fill("generator nowhere")
    assert listed(shown) == set()
    assert shown.locator("#table").is_hidden()
    helped = shown.locator("#none").inner_text()
    assert "without “nowhere”" in helped
    assert "without “generator”" not in helped
    assert "only “" not in helped
    offered_words = shown.locator("#none ul").last.locator("a")
    assert {"loss: 0", "skips", "restore"} & set(offered_words.all_text_contents())
    shown.get_by_role("link", name="without “nowhere”").click()
    assert listed(shown) == {
        address_of(cell)
        for cell in RAW
        if cell["environment"]["backend"] == "jax" and cell["feed"] == "generator"
    }
    assert shown.locator("#none").is_hidden()


def test_where_no_word_alone_is_at_fault_each_is_offered_by_itself(shown):
    shown.get_by_role("searchbox").fill("nowhere generator nobody")
    shown.get_by_role("link", name="only “generator”").click()
    assert listed(shown) == {address_of(cell) for cell in RAW if "generator" in str(cell)}


def test_the_address_says_what_is_shown_and_the_way_back_works(shown):
    shown.locator("#by-backend").select_option("tensorflow")
    shown.locator("#by-verdict").select_option("restarts")
    shown.get_by_role("searchbox").press_sequentially("arrays")
    after = listed(shown)
    has_address(shown, "q=arrays&backend=tensorflow&verdict=restarts")
    shown.go_back()
    assert listed(shown) == found_by(backend="tensorflow", verdict="restarts")
    assert shown.get_by_role("searchbox").input_value() == ""
    shown.go_back()
    assert listed(shown) == found_by(backend="tensorflow")
    shown.go_back()
    assert listed(shown) == found_by()
    for _ in range(3):
        shown.go_forward()
    assert listed(shown) == after
    shown.reload()
    shown.wait_for_selector("html[data-ready]", state="attached")
    assert listed(shown) == after
    assert shown.locator("#by-verdict").input_value() == "restarts"


def test_an_address_of_another_atlas_does_no_harm(page, opened):
    shown = opened(page, hash_="#backend=theano&sort=colour&x=1&q=jax")
    assert listed(shown) == found_by(backend="jax")
    assert shown.locator("#by-backend").input_value() == ""
    shown = opened(page, hash_="#keras-9.9/jax/arrays")
    assert "No cell has the address keras-9.9/jax/arrays" in shown.get_by_role("alert").inner_text()
    assert not shown.get_by_role("dialog").is_visible()
    assert listed(shown) == found_by()
    shown = opened(page, hash_="#keras-9.9/jax/generator/steps=5")
    others = [link.inner_text() for link in shown.get_by_role("alert").get_by_role("link").all()]
    called = [address for address in BY_ADDRESS if address.endswith("/generator/steps=5")]
    assert sorted(others) == sorted(address.rsplit("/", 2)[0] for address in called) != []


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("anchor", ["feed", "guarantees", "cells", "evidence"])
def test_an_anchor_lands_where_it_names(whole, opened, anchor, width):
    shown = opened(whole, width, hash_=f"#{anchor}")
    at_end = "document.documentElement.scrollHeight - innerHeight - scrollY"
    shown.wait_for_function(
        f"Math.abs(byId('{anchor}').getBoundingClientRect().top) < 40 || {at_end} < 2"
    )
    assert 0 <= shown.locator(f"#{anchor}").bounding_box()["y"] < 900


def test_every_cell_has_an_address_that_opens_it(page, opened):
    shown = opened(page)
    for address, cell in BY_ADDRESS.items():
        shown.goto("about:blank")  # from another page, or only the hash would change
        shown.goto(f"{page.as_uri()}#{address}")
        dialog = shown.get_by_role("dialog", name=f"{feed_of(cell)}: ")
        assert dialog.locator(".verdict").first.inner_text() == shown_verdict(cell)
        text = " ".join(dialog.inner_text().split())
        assert address in text
        assert ((cell.get("expected") or {}).get("rule") or "") in text
        assert (cell["raised"] or "") in text
        for warning in cell["warnings"]:
            assert " ".join(warning.split()) in text
        if cell["finding"]:
            explained = dialog.get_by_role("link", name=TITLE)
            assert explained.get_attribute("href") == f"../reproductions/{NAME}.html"


def test_the_order_is_drawn_a_square_a_batch_and_told_in_words(page, opened):
    shown = opened(page, hash_="#keras-3.15/tensorflow/arrays(shuffle=false)/steps=3/fits=2")
    dialog = shown.get_by_role("dialog")
    lines = [picture.get_attribute("aria-label") for picture in dialog.get_by_role("img").all()]
    assert lines == ["batches 0 to 2", "batches 3 to 5", "batches 6 to 8"] * 2
    numbers = dialog.locator("svg").all_text_contents()
    assert numbers == ["012", "345", "678"] * 2
    colours = dialog.locator("svg path").evaluate_all(
        "all => all.map(one => one.getAttribute('fill'))"
    )
    assert colours[:9] == colours[9:]
    assert len(set(colours)) == 9


def test_where_rows_are_drawn_each_has_its_number(page, opened):
    address = next(
        address
        for address, cell in BY_ADDRESS.items()
        if cell["feed"] == "tf_data" and cell["act"] == "fit" and "(" in str(cell["texts"])
    )
    shown = opened(page, hash_=f"#{address}")
    pictures = shown.get_by_role("dialog").locator("svg").all()
    epochs = [text for fit in BY_ADDRESS[address]["texts"] for text in fit][: len(pictures)]
    assert len(epochs) >= 3
    for picture, text in zip(pictures, epochs, strict=True):
        # A batch that came whole, as 3 or as a range, is a number; of others each row is one.
        numbers = "".join(
            str(batch[0] // 2 if batch[0] % 2 == 0 and batch[1] == batch[0] + 1 else row)
            for batch in rows_of(text)
            for row in (batch[:1] if batch[0] % 2 == 0 and batch[1] == batch[0] + 1 else batch)
        )
        assert picture.text_content() == numbers


def test_closing_a_cell_leads_back_to_the_list(page, opened):
    wanted = "keras-3.15/tensorflow/generator/steps=5"
    shown = opened(page, hash_="#backend=tensorflow")
    shown.goto(page.as_uri() + f"#{wanted}")
    shown.get_by_role("dialog").wait_for()
    shown.get_by_role("button", name="Close").click()
    has_address(shown, "backend=tensorflow")
    assert listed(shown) == found_by(backend="tensorflow")
    shown.go_back()
    assert shown.get_by_role("dialog").is_visible()


def test_the_commands_of_a_cell_observe_it_again(page, opened):
    address = "keras-3.15/tensorflow/tf_data(repeat)/steps=5"
    shown = opened(page, hash_=f"#{address}")
    venv, install, echo = shown.get_by_label("Commands").inner_text().split("\n", 2)
    assert venv == "uv venv --python 3.11 .venv-cell"
    required = BY_ADDRESS[address]["environment"]["requires"]
    assert install == "uv pip install --python .venv-cell " + " ".join(
        f"'{one}'" for one in required
    )
    command = echo.replace(".venv-cell/bin/python", sys.executable)
    done = subprocess.run(
        ["sh", "-c", command], cwd=project.ROOT, capture_output=True, text=True, check=True
    )
    seen = json.loads(done.stdout)["seen"]
    assert seen["observed"]["verdict"] == "resumes"
    assert [
        row for fit in seen["trained"] for epoch in fit for batch in epoch for row in batch
    ] == [
        row
        for fit in BY_ADDRESS[address]["trained"]
        for epoch in fit
        for batch in epoch
        for row in batch
    ]


# Tell me your feed

WALK = """() => {
  const selects = [...document.querySelectorAll("#picker select")], seen = [];
  const walk = (i) => {
    if (i === selects.length)
      return seen.push(document.querySelector("#answer > p:last-child a").hash.slice(1));
    for (const value of [...selects[i].options].map((one) => one.value)) {
      selects[i].value = value;
      selects[i].dispatchEvent(new Event("change"));
      walk(i + 1);
    }
  };
  walk(0);
  return seen;
}"""


def can_be_chosen(cell):
    return (
        cell["act"] in ("fit", "restore")
        and cell["steps_per_execution"] == 1
        and not cell["validation"]
    )


def test_the_six_choices_lead_to_every_plain_cell_and_nowhere_else(shown):
    led = shown.evaluate(WALK)
    assert sorted(led) == sorted(address_of(cell) for cell in RAW if can_be_chosen(cell))


def test_a_choice_shows_what_happens_what_to_do_and_the_cell(whole, opened):
    shown = opened(whole)
    for label, choice in {
        "Keras and backend": "Keras 3.15 on TensorFlow",
        "Feed": "Python generator",
        "Its length": "unknown until it ends",
        "steps_per_epoch": "3 of 10: does not divide a pass",
        "Calls of fit": "one",
    }.items():
        shown.get_by_label(label, exact=True).and_(shown.locator("#picker select")).select_option(
            choice
        )
    assert "replays" in shown.locator("#said").inner_text()
    answer = shown.locator("#answer")
    drawn = [picture.get_attribute("aria-label") for picture in answer.get_by_role("img").all()]
    assert drawn[:3] == ["batches 0 to 2", "batches 3 to 5", "batches 6 to 8"]
    assert "while True:" in answer.get_by_label("Code to paste").inner_text()
    command = answer.get_by_label("Command").inner_text()
    assert command.startswith(
        "epochwatch explain --feed generator --batches 10 --steps-per-epoch 3"
    )
    page = answer.locator("a[href^='../reproductions/']")
    assert (
        page.get_attribute("href")
        == "../reproductions/generator_replays_its_first_two_batches.html"
    )
    answer.get_by_role("link", name="keras-3.15/tensorflow/generator/steps=3").click()
    assert shown.get_by_role("dialog").is_visible()


def picked(shown):
    """What is chosen, by label, and what the page says has changed."""
    fields = shown.locator("#picker .field").evaluate_all(
        "all => all.map(one => [one.querySelector('label').textContent,"
        " one.querySelector('select').selectedOptions[0].text,"
        " one.querySelector('small').textContent])"
    )
    return {label: choice for label, choice, _ in fields}, [note for *_, note in fields if note]


def test_a_choice_stays_by_its_number_in_the_address_and_after_a_reload(whole, opened):
    shown = opened(whole)
    steps = shown.locator("#pick-3")
    shown.locator("#pick-2").select_option("it never ends")
    has_address(shown, "choose=keras-3.15/tensorflow/generator(endless)/steps=3")
    assert picked(shown)[0]["steps_per_epoch"] == "3"
    assert steps.locator("option").all_text_contents() == ["3", "5", "10", "15"]
    shown.locator("#pick-2").select_option("unknown until it ends")
    assert picked(shown)[0]["steps_per_epoch"].startswith("3 of 10")
    assert picked(shown)[1] == []
    shown.locator("#pick-1").select_option("PyDataset, 2 workers, 100 batches")
    choice, notes = picked(shown)
    assert choice["steps_per_epoch"].startswith("30 of 100")
    assert notes == ["was: unknown until it ends", "was: 3 of 10: does not divide a pass"]
    has_address(shown, "choose=keras-3.15/tensorflow/py_dataset(workers=2;batches=100)/steps=30")
    shown.reload()
    shown.wait_for_selector("html[data-ready]", state="attached")
    assert picked(shown) == (choice, [])


def test_a_cell_that_is_opened_is_chosen_and_says_why(whole, opened):
    address = "keras-3.15/tensorflow/py_dataset(shuffled_in=on_epoch_end)/steps=5"
    shown = opened(whole, hash_=f"#{address}")
    text = shown.get_by_role("dialog").inner_text()
    assert "Within a pass a batch came twice." in text
    page = shown.get_by_role("dialog").locator("a[href^='../reproductions/']").first
    assert page.get_attribute("href").endswith("/py_dataset_is_shuffled_in_mid_pass.html")
    shown.get_by_role("button", name="Close").click()
    has_address(shown, f"choose={address}")
    assert picked(shown)[0]["Feed"] == "PyDataset, shuffled_in=on_epoch_end"


# Everybody


def test_the_keyboard_alone_is_enough(shown):
    press = shown.keyboard.press

    def focused():
        return shown.evaluate("document.activeElement.id || document.activeElement.textContent")

    def tab_to(name):
        for _ in range(80):
            if focused() == name:
                return
            press("Tab")
        pytest.fail(f"{name} is not reached")

    press("Tab")
    assert focused() == "Skip to the cells"
    assert shown.locator(".skip").bounding_box()["y"] >= 0
    tab_to("pick-0")
    before = shown.locator("#answer").inner_text()
    press("ArrowDown")
    assert shown.locator("#answer").inner_text() != before
    shown.evaluate("document.activeElement.blur()")
    shown.locator(".skip").focus()
    press("Enter")
    assert focused() == "cells"
    press("Tab")
    assert focused() == "q"
    tab_to("by-backend")
    press("T")  # the first backend that begins so
    assert listed(shown) == found_by(backend="tensorflow")
    tab_to("by-loses")
    press("Space")
    left = listed(shown)
    assert left == found_by(backend="tensorflow", loses="1")
    shown.locator("#by-loses").focus()
    for _ in range(30):
        press("Tab")
        if focused() in left:
            break
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert shown.evaluate(outline) == "solid"
    press("Enter")
    assert focused() == "cell-title"
    press("Escape")
    has_address(shown, "backend=tensorflow&loses=1")


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A page of more rows than are shown at once, as if of many versions."""
    folder = tmp_path_factory.mktemp("many")
    with_reproduction(folder)
    read = json.loads((ATLAS / "keras-3.15.1-tensorflow.json").read_text())
    for minor in range(4):
        about = read["environment"] | {"keras": f"3.{minor}.0"}
        # The runs of no two are alike, or they would share their rows.
        cells = [cell | {"raised": f"ValueError: {minor}"} for cell in read["cells"]]
        written = json.dumps(read | {"environment": about, "cells": cells})
        (folder / f"keras-3.{minor}.0-tensorflow.json").write_text(written)
    write_atlas_page(folder, folder / "page")
    return folder / "page" / "index.html"


def test_more_rows_are_shown_when_asked_for_and_the_keyboard_goes_on_there(many, opened):
    shown = opened(many)
    assert shown.locator("#rows tr").count() == 60
    more = shown.get_by_role("button", name="Show 60 more of ")
    more.focus()
    shown.keyboard.press("Enter")
    assert shown.locator("#rows tr").count() == 120
    rows = "[...document.querySelectorAll('#rows tr')]"
    assert shown.evaluate(f"{rows}.indexOf(document.activeElement.closest('tr'))") == 60
    total = 4 * len([cell for cell in RAW if cell["file"] == "keras-3.15.1-tensorflow"])
    assert len(listed(shown)) == total
    assert more.is_hidden()


def test_screen_readers_are_told_what_there_is(shown):
    for role, name in (
        ("banner", None),
        ("main", None),
        ("contentinfo", None),
        ("navigation", "Site"),
        ("navigation", "On this page"),
        ("search", "Cells"),
        ("form", "Your feed"),
        ("region", "Tell me your feed"),
        ("region", "One screen of guarantees"),
        ("region", "All cells"),
        ("region", "Evidence"),
        ("searchbox", "Search"),
        ("group", "Only"),
        ("table", "Ways of calling fit, and what was trained"),
        ("table", "What holds for each feed"),
        ("heading", "The atlas of fit"),
        ("columnheader", "What happens"),
        ("rowheader", "tf_data(repeat)"),
        ("checkbox", "Rows lost"),
    ):
        assert shown.get_by_role(role, name=name).count() > 0, (role, name)
    assert shown.get_by_role("status").count() == 2
    for name in ("Feed", "Backend", "Keras", "What happens", "Calls of fit"):
        found = shown.locator("#filters").get_by_role("combobox", name=name, exact=True)
        assert found.count() == 1
    assert shown.locator("html").get_attribute("lang") == "en"
    summaries = shown.locator("#rows :is(summary, a)").evaluate_all(
        "all => all.map(one => one.ariaLabel)"
    )
    assert all(summaries)
    assert shown.locator("#rows svg:not([aria-label])").count() == 0
    levels = [int(h.evaluate("h => h.tagName")[1]) for h in shown.get_by_role("heading").all()]
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))


@pytest.mark.parametrize(("width", "scheme"), [*LOOKS, *NARROW])
@pytest.mark.parametrize("part", ["page", "cell", "nothing"])
def test_it_is_legible_and_scrolls_down_only(whole, opened, part, width, scheme):
    hashes = {"cell": "#keras-3.15/jax/tf_data(finite)/steps=15/fits=2", "nothing": "#q=xyz+jax"}
    shown = opened(whole, width, scheme, hash_=hashes.get(part, ""))
    if part == "page":
        shown.get_by_text("How to read a row").click()
        shown.locator("#rows summary").first.click()
    assert shown.evaluate(WIDER) <= 0
    assert [text for text in shown.evaluate(CONTRASTS) if text[0] < 4.5] == []
    parts = "[...document.querySelectorAll('dialog *')]"
    assert shown.evaluate(f"{parts}.filter(e => e.scrollWidth > innerWidth).length") == 0
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    name = f"atlas-{part}-{width}-{scheme}.png"
    shown.screenshot(path=SCREENSHOTS / name, full_page=part == "page")


def test_the_guarantees_are_on_one_screen_of_a_desk(whole, opened):
    shown = opened(whole, 1280, hash_="#guarantees")
    assert shown.locator(".guarantees").bounding_box()["height"] <= 1024
    targets = shown.locator(".guarantees a").evaluate_all(
        "all => all.map(one => one.hash.slice(1))"
    )
    assert set(targets) <= {address_of(cell) for cell in raw_cells(WHOLE)}


def test_without_javascript_the_guarantees_and_the_evidence_are_there(page, opened):
    shown = opened(page, java_script_enabled=False)
    assert shown.get_by_text("Choosing and searching needs JavaScript.").is_visible()
    assert shown.locator("#filters").is_hidden()
    assert shown.locator("#table").is_hidden()
    row = shown.get_by_role("row", name="PyDataset 1 worker")
    assert "no: restarts" in row.inner_text()
    assert shown.locator(".files a").count() == 4


def test_text_is_text_whatever_is_in_it(tmp_path, opened):
    atlas = shutil.copytree(ATLAS, tmp_path / "atlas")
    with_reproduction(atlas, PAGE.replace(SYMPTOM, EVIL))
    path = atlas / "keras-3.15.1-jax.json"
    read = json.loads(path.read_text())
    read["warnings"] = [EVIL]
    for number, cell in enumerate(read["cells"]):
        cell |= {
            "warnings": [0],
            "raised": EVIL,
            "observed": None,
            "options": {"a": EVIL, "b": number},
        }
        cell["feed"] = "arrays"
    read["environment"]["date"] = EVIL
    path.write_text(json.dumps(read))
    write_atlas_page(atlas, tmp_path / "page")
    shown = opened(tmp_path / "page" / "index.html", hash_="#backend=jax")
    assert len(listed(shown)) == len(read["cells"])
    shown.locator("#rows a").first.click()
    assert EVIL in shown.get_by_role("dialog").inner_text()
    assert shown.locator("img[src=x]").count() == 0
