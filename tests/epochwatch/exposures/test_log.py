"""A log comes back as it was written, wherever its parts are cut."""

import itertools
import json
import resource
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochwatch import ExposureLog
from epochwatch._exposures import log as log_module
from epochwatch._exposures import writer as writer_module
from epochwatch._exposures.log_files import LogPart, seal
from epochwatch._exposures.writer import ExposureWriter
from epochwatch.errors import BadInput
from tests.epochwatch.exposures.records import RECORDS, in_a_folder, read_back, rows, write, written

FIRST_EDITION = Path(__file__).parent / "first_edition.exposures"
TWO_FITS = [
    (1, 1, 0, [1, 2]),
    (1, 1, 1, [3]),
    (1, 2, 0, [4, 5]),
    (2, 1, 0, [6]),
    (2, 2, 0, [7, 8]),
    (2, 2, 1, [9]),
]


@in_a_folder
@given(record=RECORDS, part=st.integers(1, 12), at_once=st.integers(1, 7))
def test_what_was_trained_comes_back_wherever_parts_and_reads_are_cut(
    record, part, at_once, tmp_path_factory, monkeypatch
):
    monkeypatch.setattr(writer_module, "EXPOSURES_A_PART", part)
    monkeypatch.setattr(log_module, "ROWS_AT_ONCE", at_once)
    log = written(tmp_path_factory.mktemp("logs") / "log", record)
    table = log.to_arrow()
    assert list(zip(*table.to_pydict().values(), strict=True)) == rows(record)
    assert read_back(log.batches()) == record
    assert len(log) == len(rows(record))
    assert log.end == (tuple(record[-1][:3]) if record else None)
    assert log.complete
    for fit, epoch in itertools.product((None, 1, 2, 3), (None, 1, 2, 3)):
        wanted = [b for b in record if fit in (None, b[0]) and epoch in (None, b[1])]
        if wanted:
            assert read_back(log.batches(epoch, fit)) == wanted


@in_a_folder
@given(record=RECORDS, part=st.integers(1, 12), at_once=st.integers(1, 7))
def test_counts_and_coverage_agree_with_sets_and_dictionaries(
    record, part, at_once, tmp_path_factory, monkeypatch
):
    monkeypatch.setattr(writer_module, "EXPOSURES_A_PART", part)
    monkeypatch.setattr(log_module, "ROWS_AT_ONCE", at_once)
    log = written(tmp_path_factory.mktemp("logs") / "log", record)
    flat = [row[3] for row in rows(record)]
    assert dict(log.counts()) == {index: flat.count(index) for index in set(flat)}
    streams = {"some": [-3, 0, 1], "others": [2**63 - 1, 0, 77, 0]}
    wanted, seen = {name: [] for name in streams}, set()
    for _, batches in itertools.groupby(record, key=lambda batch: batch[:2]):
        seen |= {index for batch in batches for index in batch[3]}
        for name, stream in streams.items():
            wanted[name].append(len(seen & set(stream)) / len(set(stream)))
    arrays = {name: np.array(stream) for name, stream in streams.items()}
    assert {name: c.tolist() for name, c in log.coverage(arrays).items()} == wanted
    assert log.coverage(arrays["some"]).tolist() == wanted["some"]


def test_columns_and_types_are_those_of_the_contract(tmp_path):
    table = written(tmp_path / "log", [(1, 1, 0, [7, 8])]).to_arrow()
    assert table.schema == pa.schema(
        [("fit", pa.int32()), ("epoch", pa.int32()), ("step", pa.int64()), ("index", pa.int64())]
    )
    assert table.to_pylist()[1] == {"fit": 1, "epoch": 1, "step": 0, "index": 8}


def test_other_engines_read_the_parts_as_plain_parquet(tmp_path):
    """As DuckDB and Polars do, by a glob: the columns and no more, in the order trained."""
    written(tmp_path / "log", TWO_FITS, part=2)
    parts = sorted((tmp_path / "log").glob("part-*.parquet"))
    table = pa.concat_tables(pa.parquet.read_table(part) for part in parts)
    assert table.schema.names == ["fit", "epoch", "step", "index"]
    assert list(zip(*table.to_pydict().values(), strict=True)) == rows(TWO_FITS)


def test_a_log_of_the_first_edition_is_read(tmp_path):
    folder = shutil.copytree(FIRST_EDITION, tmp_path / "log")
    log = ExposureLog.read(folder)
    record = [(fit, e, s, [{6: -6, 8: 2**62}.get(i, i) for i in b]) for fit, e, s, b in TWO_FITS]
    assert read_back(log.batches()) == record
    assert (log.complete, log.interrupted_by) == (True, "KeyboardInterrupt")
    assert log.metadata == {"feed": "arrays"}
    # Its parts do not say whose they are, so none is taken for one of a log of today, or it.
    written(tmp_path / "today", [(1, 1, 0, [1, 2]), (1, 1, 1, [3])], part=2)
    shutil.copy(tmp_path / "today" / "part-000000.parquet", folder)
    with pytest.raises(BadInput, match="belongs to another log"):
        ExposureLog.read(folder)


def test_an_epoch_that_another_fit_stands_within_has_one_coverage(tmp_path):
    """A callback may call `fit`; what that trained stands where it was trained."""
    record = [(1, 1, 0, [0]), (2, 1, 0, [1]), (1, 1, 1, [2]), (1, 2, 0, [3])]
    log = written(tmp_path / "log", record)
    assert log.coverage(np.arange(4)).tolist() == [0.75, 0.5, 1.0]


def logs_of(folder, *epochs):
    """Write logs of one fit each, a batch an epoch, which is the epoch's number and its log's."""
    return [
        written(folder / str(number), [(1, epoch, 0, [epoch, number]) for epoch in of_log], part=1)
        for number, of_log in enumerate(epochs)
    ]


def places(log):
    """List the epochs of a log, and by which log they were trained."""
    return [(batch.fit, batch.epoch, batch.index[1]) for batch in log.batches()]


def test_logs_of_an_interrupted_training_are_joined(tmp_path):
    logs = logs_of(tmp_path, [1, 2], [3], [4, 5])
    joined = ExposureLog.join(logs)
    assert places(joined) == [(1, 1, 0), (1, 2, 0), (2, 3, 1), (3, 4, 2), (3, 5, 2)]
    assert places(ExposureLog.join([ExposureLog.join(logs[:2]), logs[2]])) == places(joined)
    assert (len(joined), joined.end, joined.complete) == (10, (3, 5, 0), True)
    assert joined.to_arrow()["fit"].to_pylist() == [1, 1, 1, 1, 2, 2, 3, 3, 3, 3]
    assert joined.counts()[0] == 2
    assert joined.coverage(np.arange(1, 6)).tolist() == [0.2, 0.4, 0.6, 0.8, 1.0]
    assert read_back(joined.batches(fit=2)) == [(2, 3, 0, [3, 1])]
    assert repr(joined) == (
        f"<ExposureLog {tmp_path}/0 + {tmp_path}/1 + {tmp_path}/2: 10 exposures to fit 3, epoch "
        "5, step 0; complete>"
    )


def test_of_an_earlier_log_what_was_trained_again_can_be_left_out(tmp_path):
    first, second = logs_of(tmp_path, [1, 2, 3, 4], [3, 4, 5])
    joined = ExposureLog.join([first, second], drop_redone=True)
    assert places(joined) == [(1, 1, 0), (1, 2, 0), (2, 3, 1), (2, 4, 1), (2, 5, 1)]
    # Only of the fit that was interrupted: those before it were not trained again.
    two_fits = written(
        tmp_path / "fits", [(1, 3, 0, [3, 7]), *[(2, n, 0, [n, 7]) for n in (1, 2)]], 1
    )
    for begins, kept in {3: [(1, 3), (2, 1), (2, 2)], 2: [(1, 3), (2, 1)], 1: [(1, 3)]}.items():
        (log,) = logs_of(tmp_path / str(begins), [begins])
        joined = ExposureLog.join([two_fits, log], drop_redone=True)
        assert [place[:2] for place in places(joined)] == [*kept, (3, begins)]


def test_a_log_of_nothing_is_joined_to_any(tmp_path):
    nothing, something = logs_of(tmp_path, [], [4])
    for logs in ([nothing, something], [something, nothing], [nothing, something, nothing]):
        assert [place[1:] for place in places(ExposureLog.join(logs))] == [
            (4, int(something.folder.name))
        ]


@pytest.mark.parametrize(
    ("first", "second", "drop", "told"),
    [
        ([1, 2], [4], False, "epoch 4, but the log before ends with epoch 2: give the log between"),
        ([1, 2], [4], True, "epoch 4, but the log before ends with epoch 2: give the log between"),
        (
            [1, 2],
            [2, 3],
            False,
            "begins with epoch 2, .* epoch 2: if the training went on from earlier",
        ),
        (
            [1, 2],
            [1, 2],
            False,
            "begins with epoch 1, .* epoch 2: if the training went on from earlier",
        ),
    ],
)
def test_logs_that_do_not_follow_on_each_other_are_refused(first, second, drop, told, tmp_path):
    with pytest.raises(BadInput, match=told) as refusal:
        ExposureLog.join(logs_of(tmp_path, first, second), drop)
    assert "\n" not in str(refusal.value)


def test_epochs_in_one_part_cannot_be_left_out_one_by_one(tmp_path):
    first = written(tmp_path / "first", [(1, 1, 0, [0]), (1, 2, 0, [0])])
    (second,) = logs_of(tmp_path, [2])
    with pytest.raises(BadInput, match="ends with epoch 2: a part of that .* cannot be cut"):
        ExposureLog.join([first, second], drop_redone=True)


def test_joining_nothing_is_refused():
    with pytest.raises(BadInput, match="join: got no log, allowed: one or more"):
        ExposureLog.join([])


def test_of_the_parts_only_those_of_an_epoch_are_read(tmp_path, monkeypatch):
    log = written(tmp_path / "log", TWO_FITS, part=2)  # epochs 1; 2 and 1; 2
    read, real_rows = [], LogPart.rows
    monkeypatch.setattr(
        LogPart,
        "rows",
        lambda part, *args: read.append(part.about["part"]) or real_rows(part, *args),
    )
    assert read_back(log.batches(2)) == [TWO_FITS[2], *TWO_FITS[4:]]
    assert read == [1, 2]
    assert read_back(log.batches(1, fit=2)) == [TWO_FITS[3]]
    assert read == [1, 2, 1]
    assert read_back(log.batches(fit=1)) == TWO_FITS[:3]
    assert read == [1, 2, 1, 0, 1]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"epoch": 3}, "no epoch 3 in .*, which has fit 1, epochs 1 to 2; fit 2, epochs 1 to 2"),
        ({"epoch": 0, "fit": 1}, "no fit 1, epoch 0 in"),
        ({"fit": 3}, "no fit 3 in"),
    ],
)
def test_an_epoch_that_was_not_trained_is_refused_with_those_that_were(asked, told, tmp_path):
    log = written(tmp_path / "log", TWO_FITS)
    with pytest.raises(BadInput, match=told):
        log.batches(**asked)


def test_a_batch_kept_by_its_reader_keeps_no_chunk_of_rows(tmp_path):
    (batch, *_) = written(tmp_path / "log", TWO_FITS).batches()
    assert batch.index.base is None


def test_a_log_says_what_it_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert repr(written("log", TWO_FITS)) == (
        "<ExposureLog log: 9 exposures to fit 2, epoch 2, step 1; complete>"
    )
    assert repr(written("none", [])) == "<ExposureLog none: 0 exposures nothing trained; complete>"


def break_part(path, change):
    """Change the bytes of a part."""
    path.write_bytes(change(path.read_bytes()))


def other_version(path):
    """Write a part as another version may."""
    with pa.parquet.ParquetWriter(path, pa.schema([("id", pa.int64())])) as parquet:
        parquet.add_key_value_metadata({"epochwatch": seal({"schema": 9})})


BREAKAGES = {
    r"part-000001\.parquet: damaged .* restore it or record again": lambda f: break_part(
        f / "part-000001.parquet", lambda content: content[: len(content) // 2]
    ),
    r"part-000002\.parquet: damaged .* restore it": lambda f: break_part(
        f / "part-000002.parquet", lambda content: b""
    ),
    "a part of the log is missing or is there twice; restore": lambda f: (
        f / "part-000001.parquet"
    ).unlink(),
    "2 exposures, but the manifest counts 3: .* restore the folder": lambda f: (
        f / "part-000002.parquet"
    ).unlink(),
    r"manifest\.json: damaged .*; delete this file to read": lambda f: break_part(
        f / "manifest.json", lambda content: content[: len(content) // 2]
    ),
    r"manifest\.json: damaged \(its text has another checksum\)": lambda f: break_part(
        f / "manifest.json", lambda content: content.replace(b"null", b'"no"')
    ),
    r"manifest\.json: damaged \(it names no version\)": lambda f: (f / "manifest.json").write_text(
        "[]"
    ),
    r"manifest\.json: got a log of version 9, allowed: 1 to 3; read it with": lambda f: (
        f / "manifest.json"
    ).write_text(json.dumps({"schema": 9})),
    r"part-000001\.parquet: got a log of version 9, allowed: 1 to 3; read it with": lambda f: (
        other_version(f / "part-000001.parquet")
    ),
    "not a part of an exposure log; read a folder that": lambda f: pa.parquet.write_table(
        pa.table({"index": [1]}), f / "part-000000.parquet"
    ),
}


@pytest.mark.parametrize("told", BREAKAGES)
def test_a_broken_log_is_refused_in_one_line(told, tmp_path):
    folder = tmp_path / "log"
    written(folder, [(1, 1, 0, [1]), (1, 2, 0, [2]), (1, 3, 0, [3])], part=1)
    BREAKAGES[told](folder)
    with pytest.raises(BadInput, match=told) as refusal:
        ExposureLog.read(folder)
    assert "\n" not in str(refusal.value)


def test_a_log_may_have_more_parts_than_a_process_may_open_files(tmp_path):
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    write(tmp_path / "log", [(1, 1, n, [n]) for n in range(150)], part=1).close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (120, limit[1]))
    try:
        assert len(ExposureLog.read(tmp_path / "log").counts()) == 150
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (lambda path: path.mkdir(), "holds no exposure log; give the folder"),
        (lambda path: path.touch(), "is a file; give the folder"),
        (lambda path: None, "does not exist; give the folder"),
    ],
    ids=["empty folder", "file", "nothing"],
)
def test_what_is_no_log_is_refused(made, told, tmp_path):
    made(tmp_path / "log")
    with pytest.raises(BadInput, match=told):
        ExposureLog.read(tmp_path / "log")


@pytest.mark.parametrize(
    ("epochs", "at_most"),
    [
        ([np.arange(60_000)] * 10, 0.05),
        ([np.random.default_rng(e).permutation(60_000) for e in range(10)], 2.3),
    ],
    ids=["in sequence", "shuffled"],
)
def test_an_exposure_takes_few_bytes(epochs, at_most, tmp_path):
    """Sizes are facts of the format, not of the machine, so they may be tested."""
    writer = ExposureWriter(tmp_path / "log", {"feed": "arrays", "parameters": {"epochs": 10}})
    for number, index in enumerate(epochs, start=1):
        writer.append(1, number, 0, np.full(3750, 16), index)
        writer.flush()
    writer.close()
    size = sum(file.stat().st_size for file in (tmp_path / "log").iterdir())
    assert size / len(ExposureLog.read(tmp_path / "log")) <= at_most
