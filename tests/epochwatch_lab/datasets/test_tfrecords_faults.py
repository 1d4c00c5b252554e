"""Damaged exports: one line with file and record, and everything that is whole is still read."""

import gzip
import shutil

import pytest
import tensorflow as tf

from epochwatch.errors import BadInput
from epochwatch_lab.datasets import tfrecords
from epochwatch_lab.datasets.tfrecords import (
    Faults,
    Reading,
    _framing,
    damage,
    find_export,
    read_export,
)

pytestmark = pytest.mark.slow

RECORDS = 17  # in each of two files
HURT, WHOLE = range(RECORDS), [(1, record) for record in range(RECORDS)]
SMALL = {"ratio": 4, "bands": 3, "patch": 8, "kernel": 2, "files": 2}


@pytest.fixture(scope="module")
def undamaged(tmp_path_factory):
    """Exports in two files, packed and not; no mixer, so that none counts the patches."""
    made = {}
    for packed in (False, True):
        made[packed] = tmp_path_factory.mktemp("packed" if packed else "plain")
        tfrecords.write_export(made[packed], 2 * RECORDS, **SMALL, compressed=packed)
        (made[packed] / "mixed-mixer.json").unlink()
    return made


@pytest.fixture
def hurt(undamaged, tmp_path):
    """Damage the first file of a copy, and find the export."""

    def do(harm, packed=False):
        shutil.copytree(undamaged[packed], tmp_path / "export")
        harm(sorted((tmp_path / "export").iterdir())[0])
        return find_export(tmp_path / "export", "landcover")

    return do


def read_skipping(export, how=None):
    """Read all that can be read: file and record of each, and the faults."""
    faults = Faults("skip")
    records = read_export(export, faults, reading=how)
    return [tfrecords.file_and_record(int(targets["index"])) for _, targets in records], faults


def at(harm, record=5):
    """Do one of the known kinds of damage at a record."""
    return lambda file: harm(file, record)


def turned_over(part):
    """Turn a byte over in a part of a file."""

    def harm(file):
        content = bytearray(file.read_bytes())
        content[int(len(content) * part)] ^= 0xFF
        file.write_bytes(content)

    return harm


def cut(part):
    """Cut a file off."""
    return lambda file: file.write_bytes(file.read_bytes()[: int(file.stat().st_size * part)])


def repacked(harm):
    """Damage what is in a packed file, which is packed again and whole."""

    def do(file):
        plain = file.with_suffix("")
        plain.write_bytes(gzip.decompress(file.read_bytes()))
        harm(plain)
        file.write_bytes(gzip.compress(plain.read_bytes()))
        plain.unlink()

    return do


def empty(file):
    """Leave nothing of a file."""
    file.write_bytes(b"")


def packed_nothing(file):
    """Leave a packed file with nothing in it."""
    file.write_bytes(gzip.compress(b""))


def junk(file):
    """Put something that is no Example in the place of record 5, framed and checked."""
    records = list(tf.data.TFRecordDataset(str(file)).as_numpy_iterator())
    with tf.io.TFRecordWriter(str(file)) as writer:
        for number, record in enumerate(records):
            writer.write(b"\xff\xff" if number == 5 else record)


CASES = {
    "data": (at(damage.corrupt_data), [5], "corrupt: the checksum of its data is wrong"),
    "first": (at(damage.corrupt_data, 0), [0], "record 0: corrupt: the checksum of its data"),
    "last": (at(damage.corrupt_data, 16), [16], "record 16: corrupt: the checksum of its data"),
    "length": (
        at(damage.corrupt_length),
        range(5, 17),
        "the checksum of its length is wrong; everything",
    ),
    "truncated": (at(damage.truncate), range(5, 17), "truncated: 845 of its 1,690 bytes are missi"),
    "header": (cut(0.5003), range(8, 17), "record 8: truncated: "),
    "band": (at(damage.drop_band), [5], "the band 'B2' is missing"),
    "size": (at(damage.shrink_patch), [5], "the band 'landcover' has 99 values, allowed: 10 × 10"),
    "junk": (junk, [5], "corrupt: it is not a tf.train.Example"),
    "empty": (empty, range(17), "record 0: empty: the file has no record"),
}
PACKED = {
    "packed, data": (repacked(at(damage.corrupt_data)), [5], "the checksum of its data is wrong"),
    "packed, band": (repacked(at(damage.drop_band)), [5], "the band 'B2' is missing"),
    "packed, empty": (empty, range(17), "record 0: empty: the file has no record"),
    "packed, nothing": (packed_nothing, range(17), "record 0: empty: the file has no record"),
}

INTERLEAVED = pytest.param(Reading(2, parallel=2), id="interleaved", marks=pytest.mark.slow)
IN_EITHER_ORDER = pytest.mark.parametrize("how", [pytest.param(None, id="in order"), INTERLEAVED])


@pytest.mark.parametrize("case", [*CASES, *PACKED])
@IN_EITHER_ORDER
def test_skipping_reads_every_other_record_and_counts_what_it_skipped(case, how, hurt):
    harm, lost, told = {**CASES, **PACKED}[case]
    read, faults = read_skipping(hurt(harm, case in PACKED), how)
    assert sorted(read) == [(0, record) for record in HURT if record not in lost] + WHOLE
    (fault,) = faults
    assert fault.file.startswith("mixed-00000.tfrecord")
    assert told in str(fault)
    assert faults.skipped == ("empty" not in told)
    assert faults.cut_files == ("everything after it" in str(fault))


@pytest.mark.parametrize("case", [*CASES, *PACKED])
def test_stopping_says_it_in_one_line_with_file_and_record(case, hurt):
    harm, lost, told = {**CASES, **PACKED}[case]
    export, faults = hurt(harm, case in PACKED), Faults("stop")
    with pytest.raises(BadInput) as raised, faults.in_one_line():
        list(read_export(export, faults))
    line = str(raised.value)
    assert told in line
    assert line.startswith("mixed-00000.tfrecord")
    assert f", record {min(lost)}: " in line
    assert line.endswith('or read with Faults("skip"), which leaves it out and counts it')
    assert "\n" not in line


@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("harm", [cut, turned_over], ids=["cut", "turned over"])
def test_damage_of_a_packed_file_is_always_noticed_and_nothing_comes_twice(harm, part, hurt):
    read, faults = read_skipping(hurt(harm(part), packed=True))
    of_first = [record for number, record in read if number == 0]
    assert [pair for pair in read if pair[0] == 1] == WHOLE
    assert of_first == sorted(set(of_first))
    told = {fault.record for fault in faults}
    assert told, "something is wrong, and it must be said"
    assert not told & set(of_first)
    if not faults.cut_files:
        assert told | set(of_first) == set(HURT)


def test_several_damaged_records_are_each_told_and_the_runs_between_are_read(hurt):
    def harm(file):
        for record in (3, 4, 9):
            damage.corrupt_data(file, record)

    read, faults = read_skipping(hurt(harm))
    assert [fault.record for fault in faults] == [3, 4, 9]
    assert [r for n, r in read if n == 0] == [r for r in HURT if r not in (3, 4, 9)]


def test_read_again_a_fault_is_counted_once(hurt):
    export, faults = hurt(at(damage.corrupt_data)), Faults("skip")
    records = read_export(export, faults).repeat(3)
    assert sum(1 for _ in records) == 3 * (2 * RECORDS - 1)
    assert faults.skipped == 1
    assert faults.as_json() == [
        {
            "file": "mixed-00000.tfrecord",
            "record": 5,
            "what": "corrupt: the checksum of its data is wrong",
            "ends_file": False,
            "lost": 1,
        }
    ]


def test_a_file_cut_off_between_two_records_is_told_by_the_mixer(tmp_path):
    tfrecords.write_export(tmp_path, 2 * RECORDS, **SMALL, compressed=False)
    damage.cut_between(tmp_path / "mixed-00000.tfrecord", 5)
    faults = Faults("skip")
    counts = tfrecords.survey_export(find_export(tmp_path, "landcover"), faults)
    assert len(counts.index) == 5 + RECORDS
    (fault,) = faults
    assert "12 of the 34 patches that mixer.json promises are in no file" in str(fault)
    assert faults.skipped == 12
    with pytest.raises(BadInput, match="12 of the 34 patches"):
        tfrecords.survey_export(find_export(tmp_path, "landcover"))


def test_the_mixer_counts_what_is_lost_behind_damage(tmp_path):
    tfrecords.write_export(tmp_path, 2 * RECORDS, **SMALL, compressed=False)
    damage.corrupt_length(tmp_path / "mixed-00000.tfrecord", 5)
    faults = Faults("skip")
    counts = tfrecords.survey_export(find_export(tmp_path, "landcover"), faults)
    assert [fault.lost for fault in faults] == [1, 11]
    assert faults.skipped + len(counts.index) == 2 * RECORDS


def test_ignoring_errors_loses_what_we_save(hurt):
    export = hurt(at(damage.corrupt_data))
    assert len(read_skipping(export)[0]) == 2 * RECORDS - 1
    silently = sum(1 for _ in tfrecords.read_silently(export))
    assert silently < 2 * RECORDS - 1


def test_a_training_that_is_stopped_says_so_in_one_line(hurt):
    import keras

    export, faults = hurt(at(damage.drop_band)), Faults("stop")
    model = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    feed = read_export(export, faults).map(lambda x, targets: (x, targets["label"])).batch(4)
    told = pytest.raises(BadInput, match=r"^mixed-00000.tfrecord, record 5: .*B2")
    with told, faults.in_one_line():
        model.fit(feed, verbose=0)


def test_other_errors_pass_through():
    with pytest.raises(ZeroDivisionError), Faults().in_one_line():
        1 / 0  # noqa: B018


def test_the_checksum_is_that_of_tensorflow(undamaged):
    file = sorted(undamaged[False].iterdir())[0]
    content = file.read_bytes()
    assert _framing.masked_crc(content[:8]) == int.from_bytes(content[8:12], "little")
    assert [frame.number for frame in _framing.read_frames(file)] == list(HURT)


@pytest.fixture
def with_mixer(tmp_path):
    """An export whose mixer counts its patches."""
    tfrecords.write_export(tmp_path, 2 * RECORDS, **SMALL, compressed=False)
    return lambda: find_export(tmp_path, "landcover")


@pytest.mark.parametrize("case", CASES)
@IN_EITHER_ORDER
def test_where_there_is_a_mixer_what_left_no_trace_is_counted_too(case, how, with_mixer):
    harm, lost, _ = CASES[case]
    harm(with_mixer().files[0])
    read, faults = read_skipping(with_mixer(), how)
    assert faults.skipped == len(lost)
    assert len(read) == 2 * RECORDS - len(lost)


def test_a_deleted_file_is_missed_at_the_end_of_a_whole_pass(with_mixer):
    with_mixer().files[1].unlink()
    faults = Faults("skip")
    assert sum(1 for _ in read_export(with_mixer(), faults).repeat(2)) == 2 * RECORDS
    assert faults.skipped == RECORDS
    stopping = Faults()
    with pytest.raises(BadInput, match="17 of the 34 patches"), stopping.in_one_line():
        list(read_export(with_mixer(), stopping))
    assert sum(1 for _ in read_export(with_mixer()).take(5)) == 5


def test_of_a_part_of_an_export_the_mixer_promises_nothing(with_mixer, tmp_path):
    """Files chosen by how their names begin, or by number: the mixer tells of the others too."""
    by_name = find_export(tmp_path, "landcover", prefix="mixed-00001")
    by_number = with_mixer()._replace(chosen=(0,))
    for export in (by_name, by_number):
        assert export.promised is None
        assert sum(1 for _ in read_export(export)) == RECORDS
        assert len(tfrecords.survey_export(export).index) == RECORDS
    assert with_mixer().promised == 2 * RECORDS


@pytest.mark.parametrize("faults", ["skip", 1])
def test_faults_that_are_none_are_one_line(faults, with_mixer):
    with pytest.raises(BadInput, match="faults: got .*, allowed: Faults"):
        read_export(with_mixer(), faults)


@pytest.mark.parametrize("harm", damage.WAYS.values(), ids=damage.WAYS)
def test_a_trial_says_what_either_reader_was_left_with(harm):
    trial = damage.try_damage(harm)
    assert ", record " in trial.said
    assert trial.read + trial.skipped == damage.TRIAL["patches"]
    assert trial.silently <= trial.read < damage.TRIAL["patches"]


def test_a_trial_that_stops_is_one_line():
    with pytest.raises(BadInput, match="record 5: the band 'B2' is missing"):
        damage.try_damage(damage.drop_band, on_fault="stop")
