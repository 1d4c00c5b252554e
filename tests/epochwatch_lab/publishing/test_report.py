"""The report: its numbers against plain counting, and the page as the real Chromium has it."""

import base64
import collections
import io
import json
import os
import re
import shutil
import tempfile
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageColor
from playwright.sync_api import sync_playwright

from epochwatch import ExposureLog
from epochwatch._cli import main
from epochwatch._report.style import NEVER
from epochwatch.errors import BadInput
from epochwatch_lab import load_mnist, one_vs_rest
from epochwatch_lab._report import matrix, page, tables, write, write_report
from epochwatch_lab._report.population import OTHER, Population, Samples, population_of
from epochwatch_lab._report.subject import Subject
from tests.epochwatch.exposures.records import FIT, INDEX, in_a_folder, numbered, rows, written

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"
INT64 = np.iinfo(np.int64)
PLAIN = r"console: \[bokeh .*\] document idle"


def run_folder(folder, record, **changes):
    """Write the folder of a finished run, as far as a report reads it."""
    folder.mkdir(exist_ok=True)
    written(folder / "exposures", record)
    run = {"notebook": "01_does_fit_resume", "run": "small", "parameters": {"positive_digit": 1}}
    findings = {"verdict": "resumes", "test": {"pr_auc": 0.5}}
    (folder / "run.json").write_text(json.dumps(run | changes))
    said = {"answer": "**Yes**, it does.", "findings": findings | changes}
    (folder / "findings.json").write_text(json.dumps(said))
    return folder


@pytest.fixture(scope="module")
def streams():
    return one_vs_rest(*load_mnist().train)


@pytest.fixture(scope="module")
def small_run(streams, tmp_path_factory):
    """Two epochs of MNIST: minority positions 0 to 3, majority 0 to 7, and 5 once more."""
    few, many = streams.minority.index[:4].tolist(), streams.majority.index[:8].tolist()
    epochs = [[few + many[:4]], [few[:2] + many[4:] + [many[5]]]]
    return run_folder(tmp_path_factory.mktemp("small") / "run", numbered([epochs]))


@in_a_folder
@given(st.lists(FIT, min_size=1, max_size=3).map(numbered), st.sets(INDEX, min_size=1))
def test_the_matrix_is_what_counting_row_by_row_gives(record, stream):
    stream = np.array(sorted(stream), np.int64)
    with tempfile.TemporaryDirectory() as folder:
        log = written(f"{folder}/log", record, part=2)
        epochs, exposures = matrix.exposure_matrix(log, {"given": stream})
        shares = log.coverage(stream)
    counted = collections.Counter((fit, epoch, index) for fit, epoch, _, index in rows(record))
    expected = [[counted[e.fit, e.epoch, i] for e in epochs] for i in stream.tolist()]
    assert exposures["given"].tolist() == expected
    assert matrix.coverage(exposures["given"]).tolist() == shares.tolist()
    assert sum(epoch.steps for epoch in epochs) == len(record)


def test_counts_beyond_a_byte_are_exact(tmp_path):
    log = written(tmp_path / "log", [(1, 1, 0, [7] * 70_000), (1, 2, 0, [7] * 3)])
    _, exposures = matrix.exposure_matrix(log, {"all": np.array([7])})
    assert exposures["all"].tolist() == [[70_000, 3]]


def test_more_than_a_browser_holds_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(matrix, "MOST_CELLS", 3)
    log = written(tmp_path / "log", [(1, 1, 0, [0, 1]), (1, 2, 0, [0])])
    with pytest.raises(BadInput, match="2 samples × 2 epochs, allowed: 3 of both together"):
        matrix.exposure_matrix(log, {"all": np.arange(2)})


def test_images_keep_their_ink():
    images = np.array([[[0, 127, 128], [255, 0, 200]], [[0, 0, 0], [0, 0, 255]]], np.uint8)
    assert page.bits(images) == bytes([0b00110100, 0b00000100])


def test_what_is_packed_is_no_html_and_comes_back():
    content = b"</script>" * 9 + bytes(range(256))
    packed = page.packed(content)
    assert re.fullmatch(r"[A-Za-z0-9+/=]+", packed)
    assert zlib.decompress(base64.b64decode(packed)) == content


def test_exposures_of_samples_in_no_stream_are_not_lost(tmp_path, streams):
    log = written(tmp_path / "log", [(1, 1, 0, [0, 60_000, -1])])
    population = population_of("01_does_fit_resume", {"positive_digit": 1}, log)
    assert population.streams[OTHER].index.tolist() == [-1, 60_000]
    assert population.streams["minority"].index.tolist() == streams.minority.index.tolist()


@pytest.mark.parametrize("mean", [1, 3])
def test_60_000_samples_by_100_epochs_stay_under_6_megabytes(streams, small_run, mean):
    """Drawn at random with replacement: nothing can be packed worse than that."""
    subject = Subject.of(small_run)
    rng, population = (
        np.random.default_rng(0),
        population_of(subject.notebook, subject.parameters, subject.log),
    )
    exposures = {
        name: rng.poisson(mean, (len(samples.index), 100)).astype(np.uint8)
        for name, samples in population.streams.items()
    }
    epochs = [matrix.Epoch(1, n, 1, np.arange(1), np.arange(1)) for n in range(1, 101)]
    html = write.counted_page(subject, population, epochs, exposures)
    assert 4_000_000 < len(html.encode()) < 6_000_000


def ran(capsys, *words):
    """Run the command, and return its exit code and the line it says."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["epochwatch", *map(str, words)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code
    said = capsys.readouterr()
    return code, (said.err if code else said.out)


def test_the_command_says_where_the_report_is(small_run, capsys, tmp_path):
    code, said = ran(capsys, "report", small_run, "--output", tmp_path / "there.html")
    assert (code, said) == (0, f"{tmp_path}/there.html\n")
    assert (tmp_path / "there.html").read_text().startswith("<!doctype html>")
    assert not (small_run / "report.html").exists()


def is_refused(capsys, *words, because):
    """Say whether a command ends with code 2 and one line."""
    code, said = ran(capsys, "report", *words)
    assert code == 2
    assert re.fullmatch(rf"epochwatch: report: .*{because}.*\n", said)


def test_what_is_no_run_no_sweep_and_no_log_is_refused(tmp_path, capsys):
    for name, content in {"findings.json": '{"findings": {}}', "other.txt": "x"}.items():
        folder = tmp_path / name.partition(".")[0]
        folder.mkdir()
        (folder / name).write_text(content)
        is_refused(capsys, folder, because="has none of these, allowed: a finished run .*; make")
        assert [path.name for path in folder.iterdir()] == [name]
    is_refused(capsys, tmp_path / "none", because="none is not there, allowed:")
    is_refused(capsys, tmp_path / "other/other.txt", because="is a file, allowed:")


def test_a_damaged_run_is_refused(tmp_path, small_run, capsys):
    for name in ("run.json", "findings.json"):
        damaged = shutil.copytree(small_run, tmp_path / name)
        (damaged / name).write_text("[1, ")
        is_refused(capsys, damaged, because=rf"{name} cannot be read \(JSONDecodeError\)")
        (damaged / name).write_text("[1]")
        is_refused(capsys, damaged, because=rf"{name} is no JSON object; run it again")


def test_a_log_of_nothing_and_a_sweep_of_nothing_are_refused(tmp_path, capsys):
    written(tmp_path / "log", [])
    is_refused(capsys, tmp_path / "log", because="has no exposures")
    (tmp_path / "findings.json").write_text('{"findings": {"sweep": "s", "runs": []}}')
    is_refused(capsys, tmp_path, because="'s' has no list of runs")


def test_a_place_that_cannot_be_written_is_refused(small_run, tmp_path, capsys):
    (tmp_path / "r.html").mkdir()
    place = tmp_path / "r.html"
    is_refused(capsys, small_run, "--output", place, because="cannot be written .*--output")
    code, said = ran(capsys, "report", small_run, "--output", tmp_path / "no" / "r.html")
    assert (code, said.count("\n")) == (2, 1)
    assert "--output: there is no folder" in said


def test_without_bokeh_the_extra_is_named(small_run, monkeypatch, capsys):
    monkeypatch.setattr(write.importlib.util, "find_spec", lambda name: None)
    is_refused(capsys, small_run, because=r'pip install "epochwatch\[report\]"')


def test_the_tables_say_what_was_trained(small_run):
    subject = Subject.of(small_run)
    population = population_of(subject.notebook, subject.parameters, subject.log)
    indices = {name: samples.index for name, samples in population.streams.items()}
    epochs, exposures = matrix.exposure_matrix(subject.log, indices)
    summary = tables.of_streams(population, exposures)
    told = [[cell.text for cell in row] for row in summary.rows]
    assert told[0] == ["minority", "6,742", "4", "6,738", "0.1%", "0", "0", "2"]
    evidence = tables.of_boundaries(epochs, population).rows
    assert [[cell.text for cell in row] for row in evidence] == [
        ["after epoch 1", "minority", "0 … 3", "0 … 1"],
        ["after epoch 1", "majority", "0 … 3", "4 … 5"],
    ]


@pytest.fixture(scope="module")
def browser():
    found = shutil.which("chromium")
    remedy = "chromium is not on the PATH: apt-get install chromium"
    if not found and os.environ.get("CI"):
        pytest.fail(remedy)
    if not found:
        pytest.skip(remedy)
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])


@pytest.fixture
def opened(browser):
    """Opens a report without a network; in the end, nothing must have gone wrong in it."""
    wrong, contexts = [], []

    def no_network(route):
        if not route.request.url.startswith("file:"):
            wrong.append(f"asked for {route.request.url[:80]}")
            route.abort()
        else:
            route.continue_()

    def dismissed(dialog):
        wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def opens(path, width=1280, scheme="light"):
        viewport = {"width": width, "height": 900}
        context = browser.new_context(viewport=viewport, color_scheme=scheme, offline=True)
        contexts.append(context)
        context.route("**/*", no_network)
        shown = context.new_page()
        shown.on("dialog", dismissed)
        shown.on("console", lambda message: wrong.append(f"console: {message.text}"))
        shown.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        shown.goto(path.as_uri())
        shown.wait_for_selector("html[data-ready]", state="attached")
        return shown

    yield opens
    for context in contexts:
        context.close()
    assert [what for what in wrong if not re.match(PLAIN, what)] == []


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
    population = Population({"all": Samples(stream)}, [], complete=True)
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_telephone_scrolls_down_only(report, opened, scheme):
    shown = opened(report, width=360, scheme=scheme)
    assert shown.evaluate("document.documentElement.scrollWidth") == 360


def test_pictures_are_drawn_in_the_colour_of_the_text(report, opened):
    for scheme in ("light", "dark"):
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
    samples = Samples(np.array([3, 4, 5]), np.zeros(3, np.uint8))
    html = write.log_page(Subject.of(folder), Population({EVIL: samples}, [EVIL], True))
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
    """What a sweep's findings say of one of its runs."""
    streams = {"minority": {"samples": 4, "trained": 4}, "majority": {"samples": 8, "trained": 2}}
    findings = {"verdict": "resumes", "streams": streams, "test": {"pr_auc": 0.25}}
    parameters = {"positive_digit": number, "epochs": 2, "run_name": f"r{number}"}
    return {"id": f"{number}", "folder": f"01/r{number}", "state": "finished",
            "parameters": parameters, "findings": findings} | changes  # fmt: skip


def test_a_sweep_is_a_table_of_its_runs(tmp_path, opened):
    failed = sweep_run(7, state="failed", findings={}, folder=EVIL)
    folder = tmp_path / "sweeps" / "digits"
    folder.mkdir(parents=True)
    (tmp_path / "01/r1").mkdir(parents=True)
    (folder / "run.json").write_text("{}")
    said = {"findings": {"sweep": EVIL, "runs": [sweep_run(1), failed]}}
    (folder / "findings.json").write_text(json.dumps(said))
    shown = opened(write_report(folder), width=360)
    head, *runs = [row.split("\t") for row in shown.locator("table").inner_text().split("\n")[-3:]]
    assert head == ["run", "positive_digit", "state", "verdict", "coverage: minority",
                    "coverage: majority", "pr_auc"]  # fmt: skip
    assert runs[0] == ["1: r1", "1", "finished", "resumes", "100.0%", "25.0%", "0.25"]
    assert runs[1][:3] == [f"2: {EVIL.rpartition('/')[2]}", "7", "failed"]
    assert shown.get_by_text("1: r1").get_attribute("href") == "../../01/r1"
    assert shown.locator("#runs canvas").count() > 0
    assert shown.evaluate("document.documentElement.scrollWidth") == 360


def test_a_record_that_was_cut_off_says_so(tmp_path):
    written(tmp_path / "log", [(1, 1, 0, [1, 2])])
    (tmp_path / "log" / "manifest.json").unlink()
    assert not ExposureLog.read(tmp_path / "log").complete
    assert "cut off there" in write_report(tmp_path / "log").read_text()
