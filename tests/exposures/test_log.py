"""A log comes back as it was written, whatever happened to the process that wrote it."""

import itertools
import json
import resource
import subprocess
import sys
import textwrap

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from epochwatch import ExposureLog
from epochwatch.errors import BadInput
from epochwatch.exposures import log as log_module
from epochwatch.exposures import writer as writer_module
from epochwatch.exposures.writer import ExposureWriter

INT64 = st.integers(-(2**63), 2**63 - 1)
EPOCHS = st.lists(
    st.lists(st.lists(INT64, min_size=1, max_size=5), min_size=1, max_size=4), max_size=5
)


def write(folder, epochs, fit=1):
    """Write epochs of batches, a flush an epoch."""
    writer = ExposureWriter(folder)
    writer.open()
    for number, batches in enumerate(epochs, start=1):
        lengths = np.array([len(batch) for batch in batches])
        writer.append(fit, number, 0, lengths, np.concatenate(batches).astype(np.int64))
        writer.flush()
    return writer


def read_back(log):
    """Read a log as epochs of batches, checking that steps count from 0."""
    epochs = {}
    for batch in log.batches():
        batches = epochs.setdefault(batch.epoch, [])
        assert batch.step == len(batches)
        batches.append(batch.index.tolist())
    return list(epochs.values())


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(epochs=EPOCHS, part=st.integers(1, 12))
def test_batches_come_back_in_order_wherever_the_seams_of_the_parts_are(
    epochs, part, tmp_path_factory, monkeypatch
):
    monkeypatch.setattr(writer_module, "EXPOSURES_A_PART", part)
    monkeypatch.setattr(log_module, "ROWS_AT_ONCE", 3)  # so that batches are cut when read
    folder = tmp_path_factory.mktemp("logs") / "log"
    write(folder, epochs).close()
    log = ExposureLog.read(folder)
    assert read_back(log) == epochs
    assert len(log) == sum(len(batch) for batches in epochs for batch in batches)
    assert log.complete
    assert log.interrupted_by is None


def test_columns_and_types_are_those_of_the_contract(tmp_path):
    write(tmp_path / "log", [[[7, 8]]]).close()
    table = ExposureLog.read(tmp_path / "log").to_arrow()
    assert table.schema == pa.schema(
        [("fit", pa.int32()), ("epoch", pa.int32()), ("step", pa.int64()), ("index", pa.int64())]
    )
    assert table.to_pylist()[1] == {"fit": 1, "epoch": 1, "step": 0, "index": 8}


def test_counts_and_coverage_agree_with_a_plain_count(tmp_path):
    rng = np.random.default_rng(0)
    epochs = [[rng.integers(0, 50, 7).tolist() for _ in range(6)] for _ in range(4)]
    write(tmp_path / "log", epochs).close()
    log = ExposureLog.read(tmp_path / "log")
    flat = [index for batches in epochs for batch in batches for index in batch]
    assert dict(log.counts()) == {index: flat.count(index) for index in set(flat)}
    stream = np.arange(0, 50, 2)
    seen = list(itertools.accumulate((set(itertools.chain(*e)) for e in epochs), set.union))
    wanted = [len(part & set(stream.tolist())) / len(stream) for part in seen]
    assert log.coverage(stream).tolist() == wanted
    assert log.coverage({"even": stream})["even"].tolist() == wanted


def test_a_record_without_its_end_reads_to_where_it_ends_and_says_so(tmp_path):
    write(tmp_path / "log", [[[1, 2]], [[3, 4], [5, 6]]])  # never closed
    (tmp_path / "log" / ".part-000002.parquet.part").write_bytes(b"PAR1 half")
    log = ExposureLog.read(tmp_path / "log")
    assert not log.complete
    assert repr(log).endswith("6 exposures to fit 1, epoch 2, step 1; cut off there>")
    assert read_back(log) == [[[1, 2]], [[3, 4], [5, 6]]]


def test_after_sigkill_every_complete_part_reads_back(tmp_path):
    script = textwrap.dedent("""
        import os, signal, sys
        import numpy as np
        from epochwatch.exposures.writer import ExposureWriter
        writer = ExposureWriter(sys.argv[1])
        writer.open()
        for epoch in (1, 2, 3):
            writer.append(1, epoch, 0, np.array([4]), np.arange(4) + epoch)
            if epoch == 3:
                os.kill(os.getpid(), signal.SIGKILL)
            writer.flush()
    """)
    killed = subprocess.run([sys.executable, "-c", script, tmp_path / "log"], check=False)
    assert killed.returncode == -9
    assert read_back(ExposureLog.read(tmp_path / "log")) == [[[1, 2, 3, 4]], [[2, 3, 4, 5]]]


def damaged(path):
    """Cut a file in half."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


BREAKAGES = {
    r"part-000001\.parquet: damaged": lambda f: damaged(f / "part-000001.parquet"),
    "a part of the log is missing, doubled": lambda f: (f / "part-000001.parquet").unlink(),
    "the last parts are missing": lambda f: (f / "part-000002.parquet").unlink(),
    r"manifest\.json: damaged": lambda f: damaged(f / "manifest.json"),
    "got a log of version 9, allowed: 1": lambda f: (f / "manifest.json").write_text(
        json.dumps({"schema": 9})
    ),
    "not a part of an exposure log": lambda f: pa.parquet.write_table(
        pa.table({"index": [1]}), f / "part-000000.parquet"
    ),
}


@pytest.mark.parametrize("told", BREAKAGES)
def test_a_broken_log_is_refused_in_one_line(told, tmp_path):
    folder = tmp_path / "log"
    write(folder, [[[1]], [[2]], [[3]]]).close()
    BREAKAGES[told](folder)
    with pytest.raises(BadInput, match=told) as refusal:
        ExposureLog.read(folder)
    assert "\n" not in str(refusal.value)


def test_a_flipped_byte_is_told_or_changes_nothing(tmp_path):
    folder = tmp_path / "log"
    index = np.random.default_rng(0).permutation(400)
    write(folder, [index.reshape(-1, 4).tolist()]).close()
    part, intact = folder / "part-000000.parquet", ExposureLog.read(folder).to_arrow()
    content = part.read_bytes()
    told = 0
    for place in range(0, len(content), 7):
        changed = bytearray(content)
        changed[place] ^= 0x10
        part.write_bytes(changed)
        try:
            assert ExposureLog.read(folder).to_arrow().equals(intact)
        except BadInput:
            told += 1
    assert told > 100


def test_a_log_may_have_more_parts_than_a_process_may_open_files(tmp_path):
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    write(tmp_path / "log", [[[n]] for n in range(150)]).close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (120, limit[1]))
    try:
        assert len(ExposureLog.read(tmp_path / "log").counts()) == 150
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)


def test_what_is_no_log_is_refused(tmp_path):
    with pytest.raises(BadInput, match="no exposure log; give the folder"):
        ExposureLog.read(tmp_path)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match="cannot make the folder .* choose another path"):
        ExposureWriter(tmp_path / "file" / "log")


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
    writer = ExposureWriter(tmp_path / "log")
    for number, index in enumerate(epochs, start=1):
        writer.append(1, number, 0, np.full(3750, 16), index)
        writer.flush()
    writer.close()
    size = sum(file.stat().st_size for file in (tmp_path / "log").iterdir())
    assert size / len(ExposureLog.read(tmp_path / "log")) <= at_most
