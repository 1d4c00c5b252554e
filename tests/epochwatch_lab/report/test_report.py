"""The report: its numbers against plain counting, and what is refused."""

import base64
import collections
import re
import shutil
import sys
import tempfile
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochwatch import ExposureLog
from epochwatch.errors import BadInput
from epochwatch_lab._cli import main
from epochwatch_lab._report import matrix, page, stream_file, tables, write, write_report
from epochwatch_lab._report.population import OTHER, population_of
from epochwatch_lab._report.subject import Subject
from tests.epochwatch.exposures import distributed
from tests.epochwatch.exposures.records import FIT, INDEX, in_a_folder, numbered, rows, written


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


def test_of_several_workers_the_report_has_all_that_they_trained(tmp_path, capsys):
    steps = [(1, 1, 0, [[0, 1], [2, 3]]), (1, 1, 1, [[4], []]), (1, 2, 0, [[0], [4]])]
    log = distributed.written(tmp_path / "log", distributed.Training(steps, [3, 2], 1))
    epochs, exposures = matrix.exposure_matrix(log, {"all": np.arange(5)})
    assert exposures["all"].tolist() == [[1, 1], [1, 0], [1, 0], [1, 0], [1, 0]]
    assert [(epoch.steps, epoch.first.tolist()) for epoch in epochs] == [
        (2, [0, 1, 2, 3]),
        (1, [0]),
    ]
    code, _ = ran(capsys, "report", tmp_path / "log", "--output", tmp_path / "there.html")
    assert code == 0
    shutil.rmtree(tmp_path / "log" / "worker=1")
    code, line = ran(capsys, "report", tmp_path / "log")
    assert code == 2
    assert re.fullmatch(r"epochwatch: .*log: lacks worker=1, allowed: .*\n", line)


def test_counts_beyond_a_byte_are_exact(tmp_path):
    log = written(tmp_path / "log", [(1, 1, 0, [7] * 70_000), (1, 2, 0, [7] * 3)])
    _, exposures = matrix.exposure_matrix(log, {"all": np.array([7])})
    assert exposures["all"].tolist() == [[70_000, 3]]


def test_more_than_a_browser_holds_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(matrix, "MOST_CELLS", 3)
    log = written(tmp_path / "log", [(1, 1, 0, [0, 1]), (1, 2, 0, [0])])
    with pytest.raises(BadInput, match="2 samples × 2 epochs, allowed: a product of up to 3;"):
        matrix.exposure_matrix(log, {"all": np.arange(2)})


def test_images_keep_their_ink():
    images = np.array([[[0, 127, 128], [255, 0, 200]], [[0, 0, 0], [0, 0, 255]]], np.uint8)
    assert page.black_and_white(images) == bytes([0b00110100, 0b00000100])


def test_what_is_packed_is_no_html_and_comes_back():
    content = b"</script>" * 9 + bytes(range(256))
    packed = page.packed_text(content)
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
    subject = Subject.from_folder(small_run)
    rng, population = (
        np.random.default_rng(0),
        population_of(subject.notebook, subject.parameters, subject.log),
    )
    exposures = {
        name: rng.poisson(mean, (len(samples.index), 100)).astype(np.uint8)
        for name, samples in population.streams.items()
    }
    epochs = [matrix.LoggedEpoch(1, n, 1, np.arange(1), np.arange(1)) for n in range(1, 101)]
    html = write.counted_page(subject, population, epochs, exposures)
    assert 4_000_000 < len(html.encode()) < 6_000_000


def ran(capsys, *words):
    """Run the command, and return its exit code and the line it prints."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["epochwatch", *map(str, words)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code
    printed = capsys.readouterr()
    return code, (printed.err if code else printed.out)


def test_the_command_says_where_the_report_is(small_run, capsys, tmp_path):
    code, line = ran(capsys, "report", small_run, "--output", tmp_path / "there.html")
    assert (code, line) == (0, f"{tmp_path}/there.html\n")
    assert (tmp_path / "there.html").read_text().startswith("<!doctype html>")
    assert not (small_run / "report.html").exists()


def is_refused(capsys, *words, because):
    """Assert that a command ends with code 2 and one line."""
    code, line = ran(capsys, "report", *words)
    assert code == 2
    assert re.fullmatch(rf"epochwatch: report: .*{because}.*\n", line)


def test_what_is_no_run_no_sweep_and_no_log_is_refused(tmp_path, capsys):
    for name, content in {"findings.json": '{"findings": {}}', "other.txt": "x"}.items():
        folder = tmp_path / name.partition(".")[0]
        folder.mkdir()
        (folder / name).write_text(content)
        is_refused(capsys, folder, because="holds nothing to report, allowed: a finished .*; make")
        assert [path.name for path in folder.iterdir()] == [name]
    is_refused(capsys, tmp_path / "none", because="none does not exist, allowed:")
    is_refused(capsys, tmp_path / "other/other.txt", because="is a file, allowed:")


def test_a_damaged_run_is_refused(tmp_path, small_run, capsys):
    for name in ("run.json", "findings.json"):
        damaged = shutil.copytree(small_run, tmp_path / name)
        for content in ("[1, ", "[1]"):
            (damaged / name).write_text(content)
            is_refused(capsys, damaged, because=rf"{name} is damaged: .*; make the run again")


def test_a_log_of_nothing_and_a_sweep_of_nothing_are_refused(tmp_path, capsys):
    written(tmp_path / "log", [])
    is_refused(capsys, tmp_path / "log", because="has no exposures")
    (tmp_path / "findings.json").write_text('{"findings": {"sweep": "s", "runs": []}}')
    is_refused(capsys, tmp_path, because="'s' has no list of runs")


STREAM_FILES = {
    "streams.npz": lambda path: np.savez(path, rare=np.uint8([2, 1]), rest=np.array([3, -4])),
    "streams.json": lambda path: path.write_text('{"rare": [1, 2], "rest": [-4, 3]}'),
    "streams.csv": lambda path: path.write_text(
        "\ufeffname,stream,index\na,rare,1\nb,rest,-4\nc,rest,3\nd,rare,2\n"
    ),
}


@pytest.mark.parametrize("name", STREAM_FILES)
def test_a_log_is_counted_by_the_streams_of_a_file(name, tmp_path, capsys):
    log = written(tmp_path / "log", [(1, 1, 0, [1, 3]), (1, 2, 0, [3, 9])])
    STREAM_FILES[name](tmp_path / name)
    streams = stream_file.read_streams(tmp_path / name)
    assert {stream: index.tolist() for stream, index in streams.items()} == {
        "rare": [1, 2],
        "rest": [-4, 3],
    }
    population = population_of("", {}, log, streams)
    indices = {stream: samples.index for stream, samples in population.streams.items()}
    _, exposures = matrix.exposure_matrix(log, indices)
    table = tables.stream_table(population, exposures)
    assert [[cell.text for cell in row[:5]] for row in table.rows] == [
        ["rare", "2", "1", "1", "50.0%"],
        ["rest", "2", "1", "1", "50.0%"],
        [OTHER, "1", "1", "0", "100.0%"],
    ]
    assert ran(capsys, "report", log.folder, "--streams", tmp_path / name)[0] == 0
    html = (log.folder / "report.html").read_text()
    assert "50.0%" in html


@pytest.mark.parametrize(
    ("name", "content", "because"),
    [
        ("s.txt", b"1 2 3", r"got .*s.txt; allowed: .npz, .*; .json, .*; .csv with the columns"),
        ("s.json", b"[1, 2]", "it is not a JSON object"),
        ("s.json", b'{"rare": [1, ', "cannot be read"),
        ("s.json", b'{"rare": [1.0]}', "a stream is not a list of integers"),
        ("s.json", b'{"rare": [true]}', "a stream is not a list of integers"),
        ("s.json", b'{"rare": []}', r"the stream 'rare' is float64 \(0,\)"),
        ("s.json", b'{"rare": [9223372036854775808]}', "has an index too large for int64"),
        ("s.json", b'{"rare": [99999999999999999999]}', r"the stream 'rare' is object \(1,\)"),
        ("s.json", b"{}", "has no stream"),
        ("s.csv", b"index,label\n1,a\n", "'stream'"),
        ("s.csv", b"index,stream\n1.5,a\n", "invalid literal for int"),
        ("s.csv", b"index,stream\n1\n", "a row without a stream"),
        ("s.csv", b"", "has no stream"),
        ("s.npz", b"PK", "cannot be read"),
        ("s.npz", b"", "cannot be read"),
    ],
)
def test_a_file_that_names_no_streams_is_refused(name, content, because, tmp_path, capsys):
    log = written(tmp_path / "log", [(1, 1, 0, [1])])
    (tmp_path / name).write_bytes(content)
    code, line = ran(capsys, "report", log.folder, "--streams", tmp_path / name)
    assert code == 2
    assert re.fullmatch(rf"epochwatch: --streams: .*{because}.*\n", line)
    assert not (log.folder / "report.html").exists()


def test_streams_of_a_sweep_are_refused(tmp_path, capsys):
    (tmp_path / "findings.json").write_text('{"findings": {"sweep": "s", "runs": [{}]}}')
    STREAM_FILES["streams.json"](tmp_path / "streams.json")
    words = ("report", tmp_path, "--streams", tmp_path / "streams.json")
    code, line = ran(capsys, *words)
    assert (code, "is a sweep, allowed: a run or an exposure log" in line) == (2, True)


def test_a_place_that_cannot_be_written_is_refused(small_run, tmp_path, capsys):
    (tmp_path / "r.html").mkdir()
    place = tmp_path / "r.html"
    is_refused(capsys, small_run, "--output", place, because="cannot be written .*--output")
    code, line = ran(capsys, "report", small_run, "--output", tmp_path / "no" / "r.html")
    assert (code, line.count("\n")) == (2, 1)
    assert "--output: the folder" in line


def test_without_bokeh_the_extra_is_named(small_run, monkeypatch, capsys):
    for name in [name for name in sys.modules if name.startswith("epochwatch_lab._report.p")]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("page", "plots"):
        monkeypatch.delattr(f"epochwatch_lab._report.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "bokeh.embed", None)
    because = r"bokeh is not installed; pip install 'epochwatch\[report\]'"
    is_refused(capsys, small_run, because=because)


def test_the_tables_say_what_was_trained(small_run):
    subject = Subject.from_folder(small_run)
    population = population_of(subject.notebook, subject.parameters, subject.log)
    indices = {name: samples.index for name, samples in population.streams.items()}
    epochs, exposures = matrix.exposure_matrix(subject.log, indices)
    summary = tables.stream_table(population, exposures)
    shown = [[cell.text for cell in row] for row in summary.rows]
    assert shown[0] == ["minority", "6,742", "4", "6,738", "0.1%", "0", "0", "2"]
    evidence = tables.boundary_table(epochs, population).rows
    assert [[cell.text for cell in row] for row in evidence] == [
        ["after epoch 1", "minority", "0 … 3", "0 … 1"],
        ["after epoch 1", "majority", "0 … 3", "4 … 5"],
    ]


def test_a_record_that_was_cut_off_says_so(tmp_path):
    written(tmp_path / "log", [(1, 1, 0, [1, 2])])
    (tmp_path / "log" / "manifest.json").unlink()
    assert not ExposureLog.read(tmp_path / "log").complete
    assert "cut off there" in write_report(tmp_path / "log").read_text()
