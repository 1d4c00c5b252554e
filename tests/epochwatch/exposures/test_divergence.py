"""The first divergence of two records, against a plain walk along both."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochwatch._exposures import log as log_module
from tests.epochwatch.exposures.records import BATCH, INDEX, RECORDS, in_a_folder, written

SOME = st.integers(0, 9)


def walked(mine, theirs):
    """Go through the places in order, and there row by row."""
    mine, theirs = ({batch[:3]: batch[3] for batch in record} for record in (mine, theirs))
    for place in sorted({*mine, *theirs}):
        rows = itertools.zip_longest(mine.get(place, []), theirs.get(place, []))
        for row, (here, there) in enumerate(rows):
            if here != there:
                return (*place, row, here, there, None)  # of no replica
    return None


@st.composite
def changed(draw, record):
    """Change a record at one place, or not at all."""
    record = [(*batch[:3], list(batch[3])) for batch in record]
    if not record:
        return record
    at = draw(st.integers(0, len(record) - 1))
    index = record[at][3]
    row = draw(st.integers(0, len(index) - 1))
    match draw(st.sampled_from(["nothing", "index", "shorter", "longer", "ends", "no batch"])):
        case "index":
            index[row] = draw(INDEX)
        case "shorter":
            del index[max(row, 1) :]
        case "longer":
            index.extend(draw(BATCH))
        case "ends":
            del record[at:]
        case "no batch":
            del record[at]
    return record


PAIRS = RECORDS.flatmap(lambda record: st.tuples(st.just(record), changed(record) | RECORDS))


@in_a_folder
@given(pair=PAIRS, parts=st.tuples(SOME, SOME), at_once=st.integers(1, 7))
def test_two_records_diverge_where_a_walk_along_both_finds_it(
    pair, parts, at_once, tmp_path_factory, monkeypatch
):
    monkeypatch.setattr(log_module, "ROWS_AT_ONCE", at_once)
    folder = tmp_path_factory.mktemp("logs")
    mine, theirs = (
        written(folder / name, record, part)
        for name, record, part in zip("ab", pair, parts, strict=True)
    )
    assert mine.first_divergence(theirs) == walked(*pair)
    assert mine.first_divergence(mine) is None


RECORD = [(1, 1, 0, [1, 2, 3]), (1, 1, 1, [4, 5]), (1, 2, 0, [6, 7, 8])]


@pytest.mark.parametrize(
    ("theirs", "told"),
    [
        ([*RECORD[:2], (1, 2, 0, [6, 0, 8])], "epoch 2, step 0, row 1: 7 here, 0 there"),
        ([*RECORD[:2], (1, 2, 0, [6])], "epoch 2, step 0, row 1: 7 here, nothing there"),
        (RECORD[:2], "epoch 2, step 0, row 0: 6 here, nothing there"),
        ([RECORD[0], (1, 1, 1, [4, 5, 9]), RECORD[2]], "step 1, row 2: nothing here, 9 there"),
        ([RECORD[0], RECORD[2]], "epoch 1, step 1, row 0: 4 here, nothing there"),
        ([*RECORD, (2, 1, 0, [1])], "fit 2, epoch 1, step 0, row 0: nothing here, 1 there"),
    ],
)
def test_a_divergence_is_told_in_a_sentence(theirs, told, tmp_path):
    mine, theirs = written(tmp_path / "a", RECORD, part=1), written(tmp_path / "b", theirs)
    divergence = str(mine.first_divergence(theirs))
    assert divergence.startswith("first divergence at fit ")
    assert divergence.endswith(told)
