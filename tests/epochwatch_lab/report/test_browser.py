"""The report as the real Chromium has it."""

import io
import json
import re

import numpy as np
import pytest
from PIL import Image, ImageColor

from epochwatch._report.style import NEVER
from epochwatch_lab._report import page, write, write_report
from epochwatch_lab._report.population import Population, StreamSamples
from epochwatch_lab._report.subject import Subject
from tests.epochwatch.exposures.records import numbered, written
from tests.epochwatch_lab.conftest import LOOKS, SCHEMES
from tests.epochwatch_lab.report.runs import run_folder

pytestmark = pytest.mark.slow

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"
INT64 = np.iinfo(np.int64)


@pytest.fixture(scope="module")
def report(small_run, tmp_path_factory):
    return write_report(small_run, tmp_path_factory.mktemp("report") / "report.html")


def details(shown):
    return shown.locator("#details").inner_text().split("\n")


def test_a_sample_is_found_by_the_keyboard_alone(report, opened, streams):
    shown = opened(report)
    shown.locator("#position").focus()
    shown.keyboard.press("ArrowUp")
    shown.keyboard.press("Tab")  # to the index
    shown.keyboard.press("Tab")  # to the epoch
    shown.keyboard.press("ArrowUp")
    assert shown.locator("#index").input_value() == str(streams.minority.index[1])
    assert details(shown) == [
        "minority, position 1",
        f"index {streams.minority.index[1]}",
        "label 1",
        "exposures in epoch 2: 1",
        "exposures in all: 2",
    ]
    assert shown.locator("#details").get_attribute("aria-live") == "polite"


def test_a_sample_is_found_by_its_index(report, opened, streams):
    shown = opened(report)
    shown.locator("#index").fill(str(streams.majority.index[5]))
    assert details(shown)[0] == "majority, position 5"
    shown.locator("#epoch").fill("2")
    assert details(shown)[3:] == ["exposures in epoch 2: 2", "exposures in all: 2"]
    shown.locator("#index").fill("60000")
    assert details(shown) == ["no sample here has the index 60000"]


def test_the_next_sample_never_trained_is_found(report, opened):
    shown = opened(report)
    shown.locator("#next-never").click()
    assert (details(shown)[0], details(shown)[-1]) == ("minority, position 4", "never trained")
    shown.locator("#position").fill("6741")
    shown.locator("#next-never").click()
    assert details(shown)[0] == "majority, position 8"


def test_a_samples_own_image_is_shown_and_named(report, opened, streams):
    shown = opened(report)
    shown.locator("#position").fill("2")
    image = shown.locator("#image")
    index = streams.minority.index[2]
    assert image.get_attribute("alt") == f"The image of sample {index}, label 1"
    pixels = image.evaluate(
        """async (image) => {
            await image.decode();
            const canvas = Object.assign(document.createElement("canvas"), {width: 28, height: 28});
            const drawing = canvas.getContext("2d");
            drawing.drawImage(image, 0, 0);
            return [...drawing.getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 0);
        }"""
    )
    ink = np.where(streams.minority.images[2] >= page.INK, 0, 255)
    assert pixels == ink.ravel().tolist()


def test_the_pointer_shows_the_sample_under_it_and_a_click_keeps_it(report, opened):
    shown = opened(report)
    picture = shown.locator("#stream-1")
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + 140)
    shown.mouse.move(*middle)
    tip = shown.locator("#tip")
    tip.wait_for()
    name, index, *rest = tip.inner_text().split("\n")
    assert name.startswith("majority, position 2")  # of 53,258, so somewhere in the middle
    assert rest[-1] == "its cell: least 0, mean 0, most 0"
    assert tip.locator("img").get_attribute("src").startswith("data:image/png")
    shown.mouse.click(*middle)
    shown.locator("#details", has_text=index).wait_for()  # after the time of a double click
    assert details(shown)[:2] == [name, index]


def test_zooming_in_takes_fewer_samples_together(report, opened):
    shown = opened(report)
    caption = shown.locator("#bins-0")
    assert re.search("0 to 6,741: a column is a bin of 1. samples", caption.inner_text())
    for _ in range(4):
        shown.get_by_role("button", name="Zoom in").click()
    shown.get_by_text("a column is one sample, a row one epoch").wait_for()
    shown.get_by_role("button", name="Reset").click()
    shown.get_by_text("Positions 0 to 6,741").wait_for()


def test_a_single_sample_never_trained_among_many_has_its_mark(tmp_path, opened):
    stream = np.arange(50_000)
    log = written(tmp_path / "log", [(1, 1, 0, np.delete(stream, 30_000).tolist())])
    population = Population({"all": StreamSamples(stream)}, [], complete=True)
    html = write.log_page(Subject("run", "name", "title", log=log), population)
    (tmp_path / "report.html").write_text(html)
    shown = opened(tmp_path / "report.html", width=360)
    marks, bins = shown.evaluate(
        """() => ["never", "bins"].map((name) => Bokeh.documents.flatMap((document) =>
            document.get_model_by_name(name) ?? [])[0].data)"""
    )
    size = bins["right"][0] - bins["left"][0]
    first = 30_000 // size * size - 0.5
    assert (marks["left"], marks["right"]) == ([first], [first + size])
    of_the_bin = bins["left"].index(first)
    assert bins["low"][of_the_bin] == 0 < 0.99 < bins["mean"][of_the_bin] < bins["high"][of_the_bin]
    drawn = Image.open(io.BytesIO(shown.locator("#stream-0").screenshot())).convert("RGB")
    red = np.abs(np.asarray(drawn, int) - ImageColor.getrgb(NEVER)).max(axis=2) < 60
    assert np.count_nonzero(red) > 10  # pixels


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_the_page_scrolls_down_only(report, opened, width, scheme):
    shown = opened(report, width=width, scheme=scheme)
    assert shown.evaluate("document.documentElement.scrollWidth") == width


def test_pictures_are_drawn_in_the_colour_of_the_text(report, opened):
    for scheme in SCHEMES:
        shown = opened(report, scheme=scheme)
        text, axis = shown.evaluate(
            """() => [getComputedStyle(document.body).color, Bokeh.documents[0]
            .get_model_by_name("heat").left[0].axis_label_text_color]"""
        )
        assert text == axis


def test_text_is_text_whatever_is_in_it(tmp_path, opened):
    evil = dict.fromkeys(("notebook", "run"), EVIL)
    evil |= {"parameters": {EVIL: EVIL}, "environment": {EVIL: [EVIL]}}
    folder = run_folder(tmp_path / "run", [(1, 1, 0, [3, 4])], **evil, verdict=EVIL)
    samples = StreamSamples(np.array([3, 4, 5]), np.zeros(3, np.uint8))
    html = write.log_page(Subject.from_folder(folder), Population({EVIL: samples}, [EVIL], True))
    (tmp_path / "report.html").write_text(html)
    shown = opened(tmp_path / "report.html")
    assert shown.locator("h1").inner_text() == EVIL
    assert f"label {EVIL}" in details(shown)
    box = shown.locator("#coverage").bounding_box()
    shown.locator("#coverage").hover(position={"x": 70 + (box["width"] - 82) / 2, "y": 150})
    shown.locator(".bk-Tooltip").get_by_text(EVIL).wait_for()
    assert shown.locator("img[src=x]").count() == 0
    assert shown.locator("script:not([type])").count() == 2  # the page's own, and Bokeh


def test_a_log_alone_has_exact_indices_and_claims_no_more_than_it_knows(tmp_path, opened):
    fits = [[[[INT64.max, -5]]], [[[INT64.min, -5]]]]
    written(tmp_path / "log", numbered(fits))
    shown = opened(write_report(tmp_path / "log"))
    assert details(shown)[:2] == ["trained samples, position 0", f"index {INT64.min}"]
    shown.locator("#index").fill(str(INT64.max))
    assert details(shown)[0] == "trained samples, position 2"
    assert details(shown)[-2:] == ["exposures in epoch 1 of fit 1: 1", "exposures in all: 1"]
    assert shown.locator("#next-never").is_disabled()
    assert shown.locator("#image").is_hidden()
    assert "unknown" in shown.get_by_role("table", name="What was trained").inner_text()


def sweep_run(number, **changes):
    """What a sweep's findings hold of one of its runs."""
    streams = {"minority": {"samples": 4, "trained": 4}, "majority": {"samples": 8, "trained": 2}}
    findings = {"verdict": "resumes", "streams": streams, "test": {"pr_auc": 0.25}}
    parameters = {"positive_digit": number, "epochs": 2, "run_name": f"r{number}"}
    run = {"id": f"{number}", "folder": f"01/r{number}", "state": "finished"}
    return run | {"parameters": parameters, "findings": findings} | changes


def test_a_sweep_is_a_table_of_its_runs(tmp_path, opened):
    failed = sweep_run(7, state="failed", findings={}, folder=EVIL)
    folder = tmp_path / "sweeps" / "digits"
    folder.mkdir(parents=True)
    (tmp_path / "01/r1").mkdir(parents=True)
    (folder / "run.json").write_text("{}")
    findings = {"findings": {"sweep": EVIL, "runs": [sweep_run(1), failed]}}
    (folder / "findings.json").write_text(json.dumps(findings))
    shown = opened(write_report(folder), width=360)
    head, *runs = [row.split("\t") for row in shown.locator("table").inner_text().split("\n")[-3:]]
    coverages = ["coverage: minority", "coverage: majority"]
    assert head == ["run", "positive_digit", "state", "verdict", *coverages, "pr_auc"]
    assert runs[0] == ["1: r1", "1", "finished", "resumes", "100.0%", "25.0%", "0.25"]
    assert runs[1][:3] == [f"2: {EVIL.rpartition('/')[2]}", "7", "failed"]
    assert shown.get_by_text("1: r1").get_attribute("href") == "../../01/r1"
    assert shown.locator("#runs canvas").count() > 0
    assert shown.evaluate("document.documentElement.scrollWidth") == 360
