"""Notebook 05 with small parameters, on an export of one's own with damage in it, and bad ones."""

import pytest

from epochwatch_lab.datasets import tfrecords
from epochwatch_lab.datasets.tfrecords import damage

NOTEBOOK = "05_satellite_scale_imbalance"
SMALL = {"epochs": 4, "buffer": 40, "batch_size": 8, "files": 3, "run_name": "small"}


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    """An export of one's own: 600 patches, of which one record is damaged."""
    folder = tmp_path_factory.mktemp("own")
    tfrecords.write_export(
        folder, 600, ratio=49, bands=3, patch=12, kernel=2, files=2, compressed=False, seed=4
    )
    damage.corrupt_data(folder / "mixed-00001.tfrecord", 7)
    return folder


@pytest.mark.slow
def test_an_export_of_ones_own_is_read_and_what_is_skipped_is_in_the_report(export, cells_run):
    made = cells_run(NOTEBOOK, **SMALL, export=str(export))
    findings = made.findings
    assert findings["export"]["records"] == 599
    assert (findings["export"]["shape"], findings["export"]["margin"]) == ([14, 14], 1)
    (fault,) = findings["faults"]
    assert (fault["file"], fault["record"]) == ("mixed-00001.tfrecord", 7)
    assert "Of 587 patches without the rare class, `fit` trained on only 48" in made.answer
    assert "it could be as few as 12." in made.answer
    assert findings["streams"] == {"majority": 587, "minority": 12}
    assert findings["lengths"] == {"minority": 3, "majority": 147, "minority_epochs": 49}
    rows = {(row["read"], row["fits"]): row for row in findings["ways"]}
    for (_, fits), row in rows.items():
        if fits == 1:
            assert (row["trained"], row["most_often"]) == (4 * 3 * 4, 1)
        if row["furthest"]:
            assert row["furthest"] <= row["within_reach"]
    assert rows["file after file", 4]["trained"] == 3 * 4
    assert rows["file after file", 4]["most_often"] == 4
    assert 3 * 4 < rows["shuffle", 4]["trained"] <= 40 + 3 * 4 - 1
    assert rows["interleave", 1]["files"] == 3
    assert findings["verdicts"] == {"1": "resumes", "2": "restarts"}
    assert findings["lost"] == {"1": 0, "2": 3 * 4}
    assert findings["same_records_for_both_models"]
    assert findings["mixed_is_the_same"]
    assert findings["exposed"]["patches"] == [48, 96]
    assert "data_sha256" not in made.record["environment"]
    assert not [name for name in made.record["files"] if "tfrecord" in name], "no data is kept"


@pytest.mark.slow
def test_where_the_class_is_not_so_rare_everything_is_trained(cells_run):
    """40 patches without the rare class, of which five steps of four take 20 an epoch."""
    made = cells_run(NOTEBOOK, **SMALL, patches=60, ratio=2, bands=2, kernel=0)
    assert made.findings["lengths"] == {"minority": 5, "majority": 10, "minority_epochs": 2}
    rows = {(row["read"], row["fits"]): row for row in made.findings["ways"]}
    assert {row["trained"] for (_, fits), row in rows.items() if fits == 1} == {40}
    assert rows["file after file", 4]["trained"] == 20
    assert made.findings["mixed_is_the_same"]
    assert made.answer.startswith("**`fit` trained on all 40 patches without the rare class.**")
    assert made.answer.endswith("again for each epoch, it could be as few as 20.")


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"kernel": 4}, "kernel: got 4, allowed: an even integer to a quarter of patch, 2"),
        ({"kernel": 1}, "kernel: got '1', allowed: an even integer from 0 to 256"),
        ({"ratio": 1}, "ratio: got '1', allowed: an integer from 2 to 50,000"),
        ({"label_band": ""}, "label_band: got '', allowed: a text that is not empty"),
        ({"batch_size": 15}, "an odd batch cannot be balanced"),
        ({"patchs": 8}, "patchs: unknown parameter"),
    ],
    ids=str,
)
def test_a_bad_parameter_is_one_line(parameters, told, epochwatch_run, tmp_path):
    done = epochwatch_run(notebook=NOTEBOOK, **parameters)
    assert done.returncode == 2
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "outputs").exists()
