"""What has been run is read from the folders, whatever else is in them."""

import json

import pytest

from epochwatch.errors import BadInput
from epochwatch_lab._runs import execute, ledger
from epochwatch_lab._runs.folder import RunFolder
from epochwatch_lab._runs.ledger import differences
from epochwatch_lab._runs.notebooks import SatelliteScaleImbalance
from epochwatch_lab._runs.record import is_finished


@pytest.fixture
def add(tmp_path):
    """Add the folder of a run, finished unless a name of a stage follows its own."""

    def made(name, run_id, findings=None, **parameters):
        folder = tmp_path / "notebook" / name
        folder.mkdir(parents=True)
        told = json.dumps({"findings": findings or {}, "answer": ""})
        (folder / "findings.json").write_text(told)
        record = {
            "id": run_id,
            "notebook": "notebook",
            "run": name.partition(".")[0],
            "parameters": parameters,
            "stages": {"all": 2.5},
            "environment": {"python": "3"},
            "files": {"findings.json": len(told)},
        }
        where = "run.json" if "." not in name else "attempt.json"
        (folder / where).write_text(json.dumps(record))
        return folder

    return made


def states(tmp_path):
    """The state of each folder."""
    return {entry.folder.name: entry.state for entry in ledger.entries(tmp_path)}


def test_finished_failed_and_running_are_told_apart_and_the_rest_is_passed_over(add, tmp_path):
    add("good", "aaaa1")
    add("bad.failed", "bbbb1")
    add("killed.attempt-12", "cccc1")
    add("made.attempt-34", "dddd1")
    (add("foreign", "eeee1") / "run.json").unlink()
    (tmp_path / "notebook" / "notes.txt").write_text("")
    with RunFolder(tmp_path, "notebook", "made")._lock:
        found = states(tmp_path)
    assert found == {
        "good": "finished",
        "bad.failed": "failed",
        "killed.attempt-12": "failed",
        "made.attempt-34": "running",
    }
    reasons = {entry.run: entry.reason for entry in ledger.entries(tmp_path)}
    assert reasons["good"] is None
    assert reasons["killed"] == "was killed before it finished"


@pytest.mark.parametrize(
    "record",
    [
        "",
        "[]",
        "{}",
        '{"a": 1}',
        '{"id": 1, "parameters": {}}',
        '{"id": "a", "parameters": 3}',
        '{"id": "a", "parameters": {}, "stages": null}',
        '{"id": "a", "parameters": {}, "stages": {"all": "2 s"}}',
        '{"id": "a", "parameters": {}, "environment": []}',
        b"\xff",
    ],
)
@pytest.mark.parametrize("name", ["one", "one.failed", "one.attempt-12"])
def test_a_damaged_record_is_a_failed_run_and_hides_no_other(name, record, add, tmp_path):
    add("good", "aaaa1")
    content = record if isinstance(record, bytes) else record.encode()
    where = "attempt.json" if "." in name else "run.json"
    (add(name, "bbbb1") / where).write_bytes(content)
    (tmp_path / "notebook" / name / "reason.txt").write_bytes(b"\xff why\nmore")
    assert states(tmp_path) == {"good": "finished", name: "failed"}
    entry = ledger.find(tmp_path, "one")
    assert (entry.id, entry.parameters) == (None, {})
    assert entry.reason == ("\ufffd why" if "." in name else "damaged: run.json; make it again")
    with pytest.raises(BadInput, match="got 'None', which fits no run"):
        ledger.find(tmp_path, "None")


def test_finished_is_what_has_its_id_and_every_file_as_it_was_written(add):
    folder = add("good", "aaaa1")
    assert is_finished(folder, "aaaa1")
    assert not is_finished(folder, "aaaa2")
    whole = (folder / "findings.json").read_text()
    for damage in (whole[:-1], whole + " ", None, "x" * len(whole)):
        (folder / "findings.json").unlink(missing_ok=True)
        if damage is not None:
            (folder / "findings.json").write_text(damage)
        assert not is_finished(folder, "aaaa1")
    for record in ("", "{", "[]", '{"id": "aaaa1"}', '{"id": "aaaa1", "files": [1]}'):
        (folder / "run.json").write_text(record)
        assert not is_finished(folder, "aaaa1")


def test_a_run_is_found_by_id_name_or_folder_and_a_good_one_before_a_failed(add, tmp_path):
    folder = add("good", "aaaa1")
    add("good.failed", "aaaa1")
    add("other", "aaab1")
    for reference in ("aaaa", "good", "notebook/good", str(folder)):
        assert ledger.find(tmp_path, reference).folder == folder
    with pytest.raises(BadInput, match="got 'c', which fits no run, allowed: .*runs list"):
        ledger.find(tmp_path, "c")
    add("third", "aaab2")
    with pytest.raises(BadInput, match="got 'aaab', which fits 2 runs"):
        ledger.find(tmp_path, "aaab")


def test_a_run_that_was_stopped_is_not_said_to_have_been_killed(tmp_path, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(execute, "_papermill", stopped)
    with pytest.raises(KeyboardInterrupt):
        execute.execute(SatelliteScaleImbalance(run_name="one"), tmp_path)
    (entry,) = ledger.entries(tmp_path)
    assert (entry.state, entry.reason) == ("failed", "was stopped before it finished")


def test_of_two_failed_attempts_the_latest_is_shown(add, tmp_path):
    add("one.failed", "aaaa1")
    folder = add("one.attempt-12", "aaaa1")
    record = json.loads((folder / "attempt.json").read_text())
    (folder / "attempt.json").write_text(json.dumps(record | {"begun": "2026-11-24T10:00:00"}))
    assert ledger.find(tmp_path, "aaaa1").folder == folder


def test_two_runs_differ_in_what_they_differ_in_to_the_last_digit(add, tmp_path):
    add("one", "aaaa1", {"verdict": "resumes", "epochs": [{"last": [1, 2], "x": 0.1}]}, seed=0)
    add("two", "bbbb1", {"verdict": "resumes", "epochs": [{"last": [1, 3], "x": 0.1}]}, seed=1)
    pair = [ledger.find(tmp_path, name) for name in ("one", "two")]
    assert [tuple(found) for found in differences(*pair)] == [
        ("parameters", "seed", 0, 1),
        ("findings", "epochs.0.last", [1, 2], [1, 3]),
    ]
    assert differences(pair[0], pair[0]) == []
