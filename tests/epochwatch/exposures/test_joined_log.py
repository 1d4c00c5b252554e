"""The logs of several workers are read as one, against plain lists; what is no such log is not."""

import functools
import itertools
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from epochwatch import ExposureLog
from epochwatch._exposures import log as log_module
from epochwatch._exposures.counts import Counts
from epochwatch._exposures.log_files import LogPart
from epochwatch.errors import BadInput
from epochwatch.exposures import JoinedLog, TrainedBatch, first_divergence, span, whole_steps
from tests import recipes
from tests.epochwatch.exposures import records
from tests.epochwatch.exposures.distributed import (
    Training,
    together,
    trainings,
    write_worker,
    written,
)

COLUMNS = [("fit", "int32"), ("epoch", "int32"), ("step", "int64"), ("replica", "int32")]
COLUMNS += [("index", "int64")]

drawn = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    """No test here is of a power cut."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def read_back(batches):
    """List trained batches as `Training.batches` does, without the worker."""
    return [(*batch[:3], batch.replica, batch.index.tolist()) for batch in batches]


def without_worker(batches):
    """Leave the worker out of batches of a training."""
    return [(*batch[:4], batch[5]) for batch in batches]


@drawn
@given(training=trainings(), part=st.integers(0, 4), at_once=st.integers(1, 7))
def test_what_all_workers_trained_comes_back_by_step_and_replica(
    training, part, at_once, tmp_path_factory, monkeypatch
):
    monkeypatch.setattr(log_module, "ROWS_AT_ONCE", at_once)
    log = written(tmp_path_factory.mktemp("logs") / "log", training, part)
    check_batches(log, training)
    check_rows(log, training)
    check_counts(log, training)
    check_ends(log, training)


def check_batches(log, training):
    """All batches, those of some epochs, and those of whole steps."""
    batches = without_worker(training.batches())
    assert read_back(log.batches()) == batches
    for fit, epoch in itertools.product((None, 1, 2), (None, 1, 2, 3)):
        made = training.steps[: max(training.made)]
        if any(matches(fit, epoch, step) for step in made):
            wanted = [batch for batch in batches if matches(fit, epoch, batch)]
            assert read_back(log.batches(epoch, fit)) == wanted
    by_step = itertools.groupby(batches, key=lambda batch: batch[:3])
    steps = [(*place, together(batch[4] for batch in group)) for place, group in by_step]
    assert records.read_back(whole_steps(log.batches())) == steps


def matches(fit, epoch, batch):
    """Whether a batch is of an epoch that was asked for."""
    return fit in (None, batch[0]) and epoch in (None, batch[1])


def check_rows(log, training):
    """The table, whose last column is the worker where there are several."""
    workers, rows, table = len(training.made), training.rows(), log.to_arrow()
    is_joined = workers > 1
    assert isinstance(log, JoinedLog) == is_joined
    assert [each.share.worker for each in log.workers] == list(range(workers))
    columns = COLUMNS + [("worker", "int32")] * is_joined
    assert [(field.name, str(field.type)) for field in table.schema] == columns
    rows = [row[: len(columns)] for row in rows]
    assert list(zip(*table.to_pydict().values(), strict=True)) == rows
    assert (len(log), log.complete) == (len(rows), True)


def check_counts(log, training):
    """Counts and coverage, against dictionaries and sets."""
    rows = training.rows()
    assert dict(log.counts()) == dict(Counter(row[4] for row in rows))
    stream, seen, wanted = {-3, 0, 1, 2**63 - 1}, set(), []
    for _, of_epoch in itertools.groupby(rows, key=lambda row: row[:2]):
        seen |= {row[4] for row in of_epoch}
        wanted.append(len(seen & stream) / len(stream))
    assert log.coverage(np.array([*stream])).tolist() == wanted


def check_ends(log, training):
    """Who stopped where, and what is left where the others are cut."""
    ends = [training.steps[made - 1][:3] if made else None for made in training.made]
    first, last = min(training.made), max(training.made)
    assert [each.end for each in log.workers] == ends
    assert log.end == ends[training.made.index(last)]
    if isinstance(log, JoinedLog):
        assert log.common_end == ends[training.made.index(first)]
        assert log.stopped_first == tuple(
            worker for worker, made in enumerate(training.made) if made == first != last
        )
        cut, wanted = log.to_common_step(), training.cut()
        assert read_back(cut.batches()) == without_worker(wanted.batches())
        assert {each.end for each in cut.workers} == {log.common_end}
        assert (cut.end, cut.common_end, cut.stopped_first) == (*[log.common_end] * 2, ())
        assert len(cut) == len(wanted.rows())


@st.composite
def two_records(draw):
    """Draw two records of one training that may differ in any batch, as dictionaries by place."""
    places = [
        (1, epoch, step, replica) for epoch in (1, 2) for step in (0, 1) for replica in (0, 1)
    ]
    batch = st.lists(st.integers(0, 1), min_size=1, max_size=2)
    mine = draw(st.dictionaries(st.sampled_from(places), batch))
    changes = draw(st.dictionaries(st.sampled_from(places), batch, max_size=2))
    return mine, draw(st.sampled_from([mine, mine | changes, changes]))


@given(records=two_records())
def test_two_trainings_diverge_where_a_walk_along_both_finds_it(records):
    def batches(record):
        for (*place, replica), batch in sorted(record.items()):
            yield TrainedBatch(*place, np.array(batch), replica)

    mine, theirs = records
    rows = (
        (place, row, pair)
        for place in sorted({*mine, *theirs})
        for row, pair in enumerate(
            itertools.zip_longest(mine.get(place, []), theirs.get(place, []))
        )
        if pair[0] != pair[1]
    )
    wanted = next(((*place[:3], row, *pair, place[3]) for place, row, pair in rows), None)
    assert first_divergence(batches(mine), batches(theirs)) == wanted


# Two workers of two replicas, 10 rows a step: the last step of the first epoch is 1, 1, 0, 0.
STEPS = [
    (1, 1, 0, [[0, 1], [2, 3], [4, 5], [6, 7]]),
    (1, 1, 1, [[8], [9], [], []]),
    (1, 2, 0, [[8, 9], [0, 1], [2, 3], [4, 5]]),
]
WHOLE = Training(STEPS, [3, 3], 2)


def test_a_divergence_names_the_replica(tmp_path):
    changed = [*STEPS[:2], (1, 2, 0, [[8, 9], [0, 1], [2, 7], [4, 5]])]
    mine, theirs = (
        written(tmp_path / "a", WHOLE),
        written(tmp_path / "b", Training(changed, [3, 3], 2)),
    )
    assert str(mine.first_divergence(theirs)) == (
        "first divergence at fit 1, epoch 2, step 0, replica 2, row 1: 3 here, 7 there"
    )
    # One device that trains the same steps whole has the same record, step by step.
    rows = [(*place, together(batches)) for *place, batches in STEPS]
    alone = records.written(tmp_path / "c", rows)
    assert first_divergence(whole_steps(mine.batches()), alone.batches()) is None
    assert str(alone.first_divergence(mine)) == (
        "first divergence at fit 1, epoch 1, step 0, replica 0, row 2: 2 here, nothing there"
    )


def test_positions_are_followed_step_by_step(tmp_path):
    log = written(tmp_path / "log", WHOLE)
    followed = span(log.batches(), np.arange(10))
    assert [column.tolist() for column in followed] == [[0, 1, 2], [0, 8, 8], [7, 9, 5], [2, 3]]


def test_an_epoch_that_another_fit_stands_within_is_joined(tmp_path):
    """A callback may call `fit`; joined, epochs stand in the order of their numbers."""
    steps = [(1, 1, 0, [[0], [1]]), (2, 1, 0, [[2], [3]]), (1, 1, 1, [[4], [5]])]
    log = written(tmp_path / "log", Training(steps, [3, 3], 1), part=1)
    places = [(1, 1, 0), (1, 1, 0), (1, 1, 1), (1, 1, 1), (2, 1, 0), (2, 1, 0)]
    assert [batch[:3] for batch in log.batches()] == places
    assert log.coverage(np.arange(6)).tolist() == [4 / 6, 1.0]


def test_logs_of_an_interrupted_training_are_joined_worker_by_worker(tmp_path):
    first = Training([(1, 1, 0, [[0], [1]]), (1, 2, 0, [[2], [3]])], [2, 2], 1)
    second = Training([(1, 3, 0, [[4], [5]])], [1, 1], 1)
    logs = written(tmp_path / "a", first), written(tmp_path / "b", second)
    joined = ExposureLog.join(logs)
    assert [batch[:3] for batch in joined.batches()] == [
        (1, 1, 0),
        (1, 1, 0),
        (1, 2, 0),
        (1, 2, 0),
        (2, 3, 0),
        (2, 3, 0),
    ]
    assert joined.to_arrow()["worker"].to_pylist() == [0, 1] * 3
    assert repr(joined) == (
        f"<JoinedLog {tmp_path}/a + {tmp_path}/b (2 workers): 6 exposures to fit 2, epoch 3, "
        "step 0; complete>"
    )
    alone = records.written(tmp_path / "c", [(1, 3, 0, [6])])
    with pytest.raises(BadInput, match="join: got logs of 1 and 2 workers, allowed: logs of as"):
        ExposureLog.join([joined, alone])


def test_a_training_that_went_on_with_more_devices_is_joined(tmp_path):
    alone = records.written(tmp_path / "a", [(1, 1, 0, [0, 1])])
    more = written(tmp_path / "b", Training([(1, 2, 0, [[2], [3]])], [1], 2))
    table = ExposureLog.join([alone, more]).to_arrow()
    assert table["replica"].to_pylist() == [0, 0, 0, 1]
    assert table["index"].to_pylist() == [0, 1, 2, 3]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_log_says_what_it_is(workers, tmp_path):
    training = Training([(*place, b[: 2 * workers]) for *place, b in STEPS], [3, 1][:workers], 2)
    log = written(tmp_path / "log", training)
    said = {
        1: "<ExposureLog {}: 10 exposures to fit 1, epoch 2, step 0; complete>",
        2: "<JoinedLog {} (2 workers): 14 exposures to fit 1, epoch 2, step 0; complete; worker 1 "
        "stopped first, at fit 1, epoch 1, step 0>",
    }
    assert repr(log) == said[workers].format(tmp_path / "log")
    assert log.metadata == {"of": 0}
    with pytest.raises(BadInput, match=r"no epoch 3 in .*log.*, which has fit 1, epochs 1 to 2"):
        log.batches(epoch=3)


def test_what_ended_a_worker_is_said_of_all(tmp_path):
    write_worker(tmp_path / "log", WHOLE, 0).close()
    writer = write_worker(tmp_path / "log", WHOLE._replace(made=[3, 0]), 1)
    writer.fail("ENOSPC")
    writer.close("KeyboardInterrupt")
    log = ExposureLog.read(tmp_path / "log")
    assert (log.complete, log.failed_with, log.interrupted_by) == (
        False,
        "ENOSPC",
        "KeyboardInterrupt",
    )
    assert (log.common_end, log.stopped_first, len(log.to_common_step())) == (None, (1,), 0)
    assert repr(log).endswith(
        "; worker 1 cut off by ENOSPC; worker 1 stopped first, with nothing trained>"
    )


# A worker that says when its second step is in its log, and goes on until it is killed.
WORKER = """
import sys
from tests.epochwatch.exposures.distributed import Training, write_worker
from tests.epochwatch.exposures.records import on_disk
training = Training([(1, 1, step, [[2 * step], [2 * step + 1]]) for step in range(4)], [4, 2], 1)
on_disk(write_worker(sys.argv[1], training, 1, part=1))
print(flush=True)
sys.stdin.readline()
"""


def test_a_worker_that_is_killed_stopped_first_and_what_it_trained_is_there(tmp_path):
    training = Training(
        [(1, 1, step, [[2 * step], [2 * step + 1]]) for step in range(4)], [4, 4], 1
    )
    command = [sys.executable, "-c", WORKER, tmp_path / "log"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        assert worker.stdout.readline() == b"\n"
        worker.kill()
    write_worker(tmp_path / "log", training, 0).close()
    log = ExposureLog.read(tmp_path / "log")
    assert (log.complete, log.stopped_first, log.common_end) == (False, (1,), (1, 1, 1))
    assert [batch.index.item() for batch in log.batches()] == [0, 1, 2, 3, 4, 6]
    assert [batch.index.item() for batch in log.to_common_step().batches()] == [0, 1, 2, 3]
    assert repr(log).endswith(
        "worker 1 cut off; worker 1 stopped first, at fit 1, epoch 1, step 1>"
    )


def copied(source, target):
    """Put a copy of one folder in place of another."""
    shutil.rmtree(target)
    shutil.copytree(source, target)


def plain_in_place(folder):
    """Put the log of one device in place of a worker's."""
    shutil.rmtree(folder / "worker=1")
    records.written(folder / "worker=1", [(1, 1, 0, [1])])


BREAKAGES = {
    "log: lacks worker=1, allowed: a log of each of the 2 workers; copy it there": lambda f: (
        shutil.rmtree(f / "worker=1")
    ),
    "log: lacks worker=0, allowed: a log of each of the 2": lambda f: (
        [path.unlink() for path in (f / "worker=0").iterdir()]
    ),
    "log: lacks worker=0, allowed: a log of each": lambda f: (
        [shutil.rmtree(f / name) for name in ("worker=0", "worker=1")]
    ),
    "worker=1: holds the log of worker 0, not of worker 1: it is there twice or was": lambda f: (
        copied(f / "worker=0", f / "worker=1")
    ),
    "worker=2: holds the log of worker 0, not of worker 2": lambda f: shutil.copytree(
        f / "worker=0", f / "worker=2"
    ),
    "worker=1: is of the run '.*' of 2 workers, not of '.*' of 2 as the others": lambda f: copied(
        f.parent / "other" / "worker=1", f / "worker=1"
    ),
    "worker=1: is of the run '.*' of 3 workers, not of '.*' of 2 as the others": lambda f: copied(
        f.parent / "three" / "worker=1", f / "worker=1"
    ),
    "worker=1: holds the log of a training of one process, not of worker 1": plain_in_place,
    "workers.json: damaged; delete this file to read the log": lambda f: (
        f / "workers.json"
    ).write_text('{"workers": "2"}'),
    "part-000000.parquet: damaged": lambda f: (f / "worker=1" / "part-000000.parquet").write_bytes(
        b"PAR1"
    ),
}


@pytest.mark.parametrize("told", BREAKAGES)
def test_what_is_no_log_of_one_run_is_refused_in_one_line(told, tmp_path):
    written(tmp_path / "log", WHOLE)
    written(tmp_path / "other", WHOLE)
    three = [(*place, [*batches, [], []]) for *place, batches in STEPS]
    written(tmp_path / "three", Training(three, [3] * 3, 2))
    BREAKAGES[told](tmp_path / "log")
    with pytest.raises(BadInput, match=told) as refusal:
        ExposureLog.read(tmp_path / "log")
    assert "\n" not in str(refusal.value)


def test_without_the_file_beside_them_the_folders_say_what_they_are_of(tmp_path):
    rows = written(tmp_path / "log", WHOLE).to_arrow()
    (tmp_path / "log" / "workers.json").unlink()
    (tmp_path / "log" / "worker=01").mkdir()  # none of ours
    for worker in (0, 1):
        (tmp_path / "log" / f"worker={worker}" / "manifest.json").unlink()
    log = ExposureLog.read(tmp_path / "log")
    assert log.to_arrow().equals(rows)
    assert repr(log).endswith("workers 0, 1 cut off>")
    alone = ExposureLog.read(tmp_path / "log" / "worker=1")
    assert (alone.share.worker, alone.share.replicas, len(alone)) == (1, (2, 3), 8)


def test_only_one_part_of_each_worker_is_in_memory_at_a_time(tmp_path, monkeypatch):
    log = written(tmp_path / "log", WHOLE, part=1)
    is_open, most, real_rows = set(), [], LogPart.rows

    def rows(part, *args):
        is_open.add(part.path)
        most.append(len(is_open))
        yield from real_rows(part, *args)
        is_open.remove(part.path)

    monkeypatch.setattr(LogPart, "rows", rows)
    for ask, at_most in {
        log.batches: 2,
        log.counts: 1,
        lambda: log.coverage(np.arange(9)): 1,
    }.items():
        most.clear()
        for _ in ask() if ask == log.batches else [ask()]:
            pass
        assert (max(most), is_open) == (at_most, set())


def of_dataset(folder):
    """Count by pyarrow's dataset, of the folder as it is."""
    parts = pyarrow.dataset.dataset(folder, partitioning="hive", exclude_invalid_files=True)
    table = parts.to_table()
    assert table.schema.names == ["fit", "epoch", "step", "replica", "index", "worker"]
    counted = table.group_by("index").aggregate([([], "count_all")]).to_pydict()
    return dict(zip(counted["index"], counted["count_all"], strict=True))


def of_dask(folder):
    """Count by dask, a part a task."""
    dask = pytest.importorskip("dask")

    def count(path):
        return Counts.from_chunks(
            [pa.parquet.read_table(path, columns=["index"])["index"].to_numpy()]
        )

    counted = [dask.delayed(count)(path) for path in folder.glob("worker=*/part-*.parquet")]
    return dict(functools.reduce(Counts.plus, dask.compute(*counted, scheduler="synchronous")))


def of_dask_dataframe(folder):
    """Count by dask's data frames, which need pandas."""
    pytest.importorskip("pandas")
    from dask import dataframe

    exposures = dataframe.read_parquet(f"{folder}/worker=*/*.parquet")
    assert sorted(exposures["worker"].unique().compute()) == [0, 1]
    return exposures.groupby("index").size().compute().to_dict()


def of_duckdb(folder):
    """Count by DuckDB, by a glob."""
    duckdb = pytest.importorskip("duckdb")
    parts = f"read_parquet('{folder}/worker=*/*.parquet', hive_partitioning=true)"
    assert duckdb.sql(f"SELECT DISTINCT worker FROM {parts} ORDER BY 1").fetchall() == [(0,), (1,)]
    return dict(duckdb.sql(f'SELECT "index", count(*) FROM {parts} GROUP BY 1').fetchall())


def of_polars(folder):
    """Count by Polars, by a glob."""
    polars = pytest.importorskip("polars")
    exposures = polars.scan_parquet(f"{folder}/worker=*/*.parquet", hive_partitioning=True)
    assert exposures.collect()["worker"].unique().sort().to_list() == [0, 1]
    return dict(exposures.group_by("index").len().collect().rows())


@pytest.mark.parametrize("engine", [of_dataset, of_dask, of_dask_dataframe, of_duckdb, of_polars])
def test_other_engines_count_the_same_by_a_glob(engine, tmp_path):
    log = written(tmp_path / "log", WHOLE._replace(made=[3, 2]), part=1)
    assert engine(tmp_path / "log") == dict(log.counts())


def test_the_page_prints_what_it_says_of_two_workers(tmp_path, monkeypatch):
    """Its blocks are shown there as `py`: nothing on the page trains in two processes."""
    monkeypatch.chdir(tmp_path)
    batches = [list(range(8 * step, 8 * step + 8)) for step in range(3)]
    steps = [(1, e, step, [batch, batch]) for e in (1, 2, 3) for step, batch in enumerate(batches)]
    written(Path("cluster.exposures"), Training(steps, [9, 9], 1))
    (page,) = (page for page in recipes.PAGES if page.name == "reading_logs.md")
    blocks = [block for block in recipes.blocks_of(page.read_text()) if block.language == "py"]
    names = {}
    for block in blocks:
        if not block.imports_what_is_not_here:
            assert recipes.differences(block, recipes.python_output(block.code, names)) == []
    assert [block.printed is None for block in blocks] == [False] * 4
