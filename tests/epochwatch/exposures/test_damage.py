"""A damaged log is read exactly, or refused in one line; never read as something else."""

import json
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from epochwatch import ExposureLog
from epochwatch._exposures.log_files import seal
from epochwatch.errors import BadInput
from tests.epochwatch.exposures.records import read_back, rows, write

PARTS = [f"part-{number:06d}.parquet" for number in range(3)]
FLIPS = 400


def record_of(seed):
    """Make a record of two fits in three parts, with 24 exposures each."""
    index = np.random.default_rng(seed).integers(-99, 2**62, (3, 6, 4)).tolist()
    places = [(1, 1), (1, 2), (2, 1)]
    return [
        (*place, step, batch)
        for place, batches in zip(places, index, strict=True)
        for step, batch in enumerate(batches)
    ]


RECORD = record_of(seed=0)


@pytest.fixture(scope="module")
def intact(tmp_path_factory):
    """Two logs of the same form, which no test changes."""
    folder = tmp_path_factory.mktemp("intact")
    for name, record in (("log", RECORD), ("other", record_of(seed=1))):
        write(folder / name, record, part=6, metadata={"feed": "arrays"}).close()
    return folder


@pytest.fixture
def logs(intact, tmp_path):
    """Copies of the two."""
    return shutil.copytree(intact, tmp_path / "logs")


def everything_read(folder):
    """Read a log in every way there is."""
    log = ExposureLog.read(folder)
    record = read_back(log.batches())
    table = log.to_arrow()
    assert list(zip(*table.to_pydict().values(), strict=True)) == rows(record)
    assert len(log) == len(rows(record)) == sum(log.counts().exposures)
    assert log.end == (record[-1][:3] if record else None)
    assert len(log.coverage(np.arange(2))) == len({batch[:2] for batch in record})
    return record, log.complete, log.metadata


def rewritten(folder, table=None, change=lambda about: about, part=PARTS[1], **options):
    """Write a part anew as another tool might, with what it says of itself."""
    file = pq.ParquetFile(folder / part)
    about = json.loads(file.metadata.metadata[b"epochwatch"])
    if change is not None:
        del about["checksum"]
        metadata = {"epochwatch": seal(change(about))}
    else:
        metadata = {}
    table = file.read() if table is None else table(file.read())
    pq.write_table(table.replace_schema_metadata(metadata), folder / part, **options)


def column_replaced(name, values):
    """Make a function that replaces a column's values in a table."""

    def replace(table):
        place = table.schema.get_field_index(name)
        return table.set_column(place, name, values(table[name]))

    return lambda folder: rewritten(folder, replace)


def first_value(value):
    """Make a function that replaces the first value of a column."""
    return lambda column: pa.array([value, *column.to_pylist()[1:]], column.type)


def bytes_changed(name, change):
    """Make a function that changes a file's bytes."""
    return lambda folder: (folder / name).write_bytes(change((folder / name).read_bytes()))


def byte_flipped(place_in):
    """Make a function that flips a byte of a part, where the file says what stands there."""

    def flip(folder):
        path = folder / PARTS[1]
        content = bytearray(path.read_bytes())
        content[place_in(content, pq.read_metadata(path))] ^= 0x10
        path.write_bytes(content)

    return flip


def header_of_page(content, metadata):
    """Find the first byte of a column, which is of the header of its page."""
    return metadata.row_group(0).column(3).data_page_offset


def values_garbled(place):
    """Make a function that turns the second half of a column's bytes, which are values, over."""

    def garble(folder):
        path = folder / PARTS[1]
        column = pq.read_metadata(path).row_group(0).column(place)
        end = column.data_page_offset + column.total_compressed_size
        half = slice(end - column.total_compressed_size // 2, end)
        content = bytearray(path.read_bytes())
        content[half] = bytes(255 - byte for byte in content[half])
        path.write_bytes(content)

    return garble


def replaced_by_folder(folder):
    (folder / PARTS[1]).unlink()
    (folder / PARTS[1]).mkdir()


def replaced_by_dead_link(folder):
    (folder / PARTS[1]).unlink()
    (folder / PARTS[1]).symlink_to(folder / "gone")


def swapped(folder):
    (folder / PARTS[0]).rename(folder / "aside")
    (folder / PARTS[1]).rename(folder / PARTS[0])
    (folder / "aside").rename(folder / PARTS[1])


def copied(source, target):
    """Make a function that copies a file over another, within the folder of both logs."""
    return lambda folder: shutil.copy(folder.parent / source, folder.parent / target)


def deleted(*names):
    return lambda folder: [(folder / name).unlink() for name in names]


def together(*damages):
    return lambda folder: [damage(folder) for damage in damages]


def manifest_changed(change):
    """Make a function that changes what the manifest says, and seals it again."""

    def rewrite(folder):
        manifest = json.loads((folder / "manifest.json").read_text())
        del manifest["checksum"]
        (folder / "manifest.json").write_bytes(seal(change(manifest)))

    return rewrite


def without(key):
    return lambda content: {name: value for name, value in content.items() if name != key}


REFUSED = {
    "part cut to half": bytes_changed(PARTS[1], lambda content: content[: len(content) // 2]),
    "part without its last byte": bytes_changed(PARTS[1], lambda content: content[:-1]),
    "part cut to four bytes": bytes_changed(PARTS[1], lambda content: content[:4]),
    "part emptied": bytes_changed(PARTS[1], lambda content: b""),
    "last part emptied": bytes_changed(PARTS[2], lambda content: b""),
    "part of zeros": bytes_changed(PARTS[1], lambda content: bytes(len(content))),
    "part with a byte more": bytes_changed(PARTS[1], lambda content: content + b"\0"),
    "part that is text": bytes_changed(PARTS[1], lambda content: b"fit,epoch,step,index\n"),
    "part that is a folder": replaced_by_folder,
    "part that is a dead link": replaced_by_dead_link,
    "byte of the page's header": byte_flipped(header_of_page),
    "bytes of fit": values_garbled(0),
    "bytes of epoch": values_garbled(1),
    "bytes of step": values_garbled(2),
    "bytes of index": values_garbled(3),
    "byte of what the part says": byte_flipped(lambda content, _: content.index(b'"exposures"')),
    "byte of the checksum": byte_flipped(lambda content, _: content.index(b'"crc32"') + 20),
    "byte of the footer's length": byte_flipped(lambda content, _: len(content) - 8),
    "byte of the last magic": byte_flipped(lambda content, _: len(content) - 1),
    "parts swapped": swapped,
    "first part missing": deleted(PARTS[0]),
    "middle part missing": deleted(PARTS[1]),
    "last part missing": deleted(PARTS[2]),
    "middle part and manifest missing": deleted(PARTS[1], "manifest.json"),
    "part doubled behind the last": copied(f"log/{PARTS[2]}", "log/part-000003.parquet"),
    "part doubled over the next": copied(f"log/{PARTS[0]}", f"log/{PARTS[1]}"),
    "part of another log": copied(f"other/{PARTS[1]}", f"log/{PARTS[1]}"),
    "part of another log, no manifest": together(
        copied(f"other/{PARTS[1]}", f"log/{PARTS[1]}"), deleted("manifest.json")
    ),
    "all parts of another log": together(
        *(copied(f"other/{name}", f"log/{name}") for name in PARTS)
    ),
    "manifest of another log": copied("other/manifest.json", "log/manifest.json"),
    "part of no log": lambda folder: rewritten(folder, change=None),
    "part of version 9": lambda folder: rewritten(folder, change=lambda a: a | {"schema": 9}),
    "part that does not say which": lambda folder: rewritten(folder, change=without("part")),
    "part that says too many rows": lambda folder: rewritten(
        folder, change=lambda about: about | {"exposures": 25}
    ),
    "part with a row less": lambda folder: rewritten(folder, lambda table: table.slice(1)),
    "rows in another order": lambda folder: rewritten(
        folder, lambda table: table.take(list(range(24))[::-1])
    ),
    "column missing": lambda folder: rewritten(folder, lambda table: table.drop(["step"])),
    "column more": lambda folder: rewritten(
        folder, lambda table: table.append_column("replica", table["fit"])
    ),
    "columns in another order": lambda folder: rewritten(
        folder, lambda table: table.select(["index", "fit", "epoch", "step"])
    ),
    "step of int32": column_replaced("step", lambda column: column.cast(pa.int32())),
    "step of float64": column_replaced("step", lambda column: column.cast(pa.float64())),
    "step that is negative": column_replaced("step", first_value(-1)),
    "fit that is 0": column_replaced("fit", first_value(0)),
    "index that is another": column_replaced("index", first_value(5)),
    "index that is null": column_replaced("index", first_value(None)),
    "manifest cut to half": bytes_changed("manifest.json", lambda content: content[:60]),
    "manifest that is a list": bytes_changed("manifest.json", lambda content: b"[]"),
    "manifest that is a number": bytes_changed("manifest.json", lambda content: b"7"),
    "manifest that is no text": bytes_changed("manifest.json", lambda content: b"\xff\xfe\0"),
    "manifest nested without end": bytes_changed("manifest.json", lambda content: b"[" * 10**5),
    "manifest edited by hand": bytes_changed(
        "manifest.json", lambda content: content.replace(b"null", b'"no"')
    ),
    "manifest of version 9": manifest_changed(lambda manifest: manifest | {"schema": 9}),
    "manifest without its counts": manifest_changed(without("exposures")),
    "manifest of too many exposures": manifest_changed(
        lambda manifest: manifest | {"exposures": 99}
    ),
    "manifest of too few exposures": manifest_changed(lambda manifest: manifest | {"exposures": 9}),
}
# What is left to read, in batches, and whether the log calls itself complete.
READ = {
    "nothing": (lambda folder: None, 18, True),
    "manifest missing": (deleted("manifest.json"), 18, False),
    "manifest emptied": (bytes_changed("manifest.json", lambda content: b""), 18, False),
    "last part and manifest missing": (deleted(PARTS[2], "manifest.json"), 12, False),
    "part renamed, in its place": (
        lambda folder: (folder / PARTS[2]).rename(folder / "part-000009.parquet"),
        18,
        True,
    ),
    "part compressed otherwise": (lambda f: rewritten(f, compression="snappy"), 18, True),
    "part in row groups": (lambda f: rewritten(f, row_group_size=5), 18, True),
    "half a part aside": (
        lambda folder: (folder / ".part-000003.parquet.part").write_bytes(b"PAR1"),
        18,
        True,
    ),
    "something foreign beside": (lambda f: (f / "notes.txt").write_text("mine"), 18, True),
    "byte of the first magic": (byte_flipped(lambda *_: 0), 18, True),
}


@pytest.mark.parametrize("damage", REFUSED)
def test_a_damaged_log_is_refused_in_one_line(damage, logs):
    REFUSED[damage](logs / "log")
    with pytest.raises(BadInput) as refusal:
        everything_read(logs / "log")
    assert "\n" not in str(refusal.value)
    assert str(logs / "log") in str(refusal.value)


@pytest.mark.parametrize("damage", READ)
def test_what_is_whole_in_a_damaged_log_is_read_exactly(damage, logs):
    do, batches, complete = READ[damage]
    do(logs / "log")
    assert everything_read(logs / "log") == (RECORD[:batches], complete, {"feed": "arrays"})


def test_a_part_of_another_run_is_named(logs):
    """It has the number, the first exposure and the length that are expected here."""
    shutil.copy(logs / "other" / PARTS[1], logs / "log")
    with pytest.raises(
        BadInput, match=r"part-000001.parquet: belongs to another log \(its id is \w{16}"
    ):
        ExposureLog.read(logs / "log")


def test_of_a_damaged_part_not_even_the_first_batch_is_given_out(logs):
    column_replaced("index", lambda column: pa.array([*column.to_pylist()[:-1], 5]))(logs / "log")
    batches = ExposureLog.read(logs / "log").batches()
    read = [next(batches) for _ in range(5)]  # a batch waits for the next part
    with pytest.raises(BadInput, match=r"part-000001.parquet: damaged \(its values have"):
        next(batches)
    assert read_back(read) == RECORD[:5]


def test_bytes_changed_at_random_are_told_or_change_nothing(intact, tmp_path):
    rng, told = np.random.default_rng(0), 0
    contents = {path.name: path.read_bytes() for path in (intact / "log").iterdir()}
    folder = tmp_path / "log"
    folder.mkdir()
    for _ in range(FLIPS):
        name = rng.choice(sorted(contents))
        changed = bytearray(contents[name])
        for place in rng.integers(0, len(changed), rng.integers(1, 4)):
            changed[place] ^= int(rng.integers(1, 256))
        is_closed = bool(rng.integers(2))  # or killed: then nothing says how many rows there are
        for path, content in (contents | {name: bytes(changed)}).items():
            (folder / path).write_bytes(content)
        if not is_closed:
            (folder / "manifest.json").unlink()
        try:
            assert everything_read(folder) == (RECORD, is_closed, {"feed": "arrays"})
        except BadInput as refusal:
            assert "\n" not in str(refusal)
            told += 1
    assert told > FLIPS // 2
