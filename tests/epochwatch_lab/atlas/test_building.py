"""A build goes on where it was stopped, and writes a file once it is complete."""

import itertools
import json
import sys
from pathlib import Path

import pytest

from epochwatch.errors import BadInput
from epochwatch_lab._atlas import building
from epochwatch_lab._atlas.building import AtlasPart, build_part
from epochwatch_lab._atlas.cells import AtlasCell, toy_call
from epochwatch_lab._atlas.environments import Environment
from epochwatch_lab._atlas.files import read_atlas

HERE = Environment(
    name="keras-3.15.1", backends=("tensorflow",), requires=(), released="2026-07-29", full=True
)
SEEN = AtlasCell("generator", {"endless": True}, toy_call(5)).as_json()
SEEN |= {"observed": None, "trained": [], "raised": "did not end in 60 s"}
# Stands for the worker: it lists three cells, and sees of each only that it was asked.
SAYS = """
import json, sys
task = sys.argv[1]
if task == "list":
    about = {"keras": "3.15.1", "package": "keras"}
    print(json.dumps({"environment": about, "cells": dict.fromkeys("abc", True)}))
for line in sys.stdin if task == "run" else ():
    name = line.strip()
    if name in STOPS_AT:
        sys.exit(1)
    print(json.dumps({"name": name, "seen": {"asked": name} | SEEN}), flush=True)
"""


def part_in(folder, monkeypatch, stops_at=""):
    monkeypatch.setattr(
        building, "WORKER", ("-c", f"STOPS_AT, SEEN = {stops_at!r}, {SEEN!r}\n{SAYS}")
    )
    return AtlasPart(HERE, "tensorflow", Path(sys.executable), folder / "work" / "kept.jsonl")


def built(part, atlas):
    seen = []
    return build_part(part, atlas, 1, lambda done, total: seen.append((done, total))), seen


def test_a_build_that_was_stopped_goes_on_where_it_was(tmp_path, monkeypatch):
    with pytest.raises(BadInput, match="its worker ended early; see .*kept.log"):
        built(part_in(tmp_path, monkeypatch, stops_at="b"), tmp_path)
    assert not list(tmp_path.glob("*.json"))
    part = part_in(tmp_path, monkeypatch)
    observed, progress = built(part, tmp_path)
    assert observed == 2
    assert progress == [(1, 3), (2, 3), (3, 3)]
    assert built(part, tmp_path)[0] == 0
    (read,) = read_atlas(tmp_path)
    assert [cell["asked"] for cell in read["cells"]] == ["a", "b", "c"]
    assert read["environment"]["requires"] == HERE.requirements


def test_a_line_that_was_cut_off_is_observed_again(tmp_path, monkeypatch):
    part = part_in(tmp_path, monkeypatch)
    built(part, tmp_path)
    kept = part.read_kept()
    part.kept.write_text(part.kept.read_text()[:-5])
    assert built(part, tmp_path)[0] == 1
    # How long it took differs.
    again = [answer | {"took": 0} for answer in part.read_kept()]
    assert again == [answer | {"took": 0} for answer in kept]


def test_wherever_a_build_was_killed_what_it_had_written_whole_is_kept(tmp_path, monkeypatch):
    part = part_in(tmp_path, monkeypatch)
    built(part, tmp_path)
    whole = part.kept.read_text()
    first, *lines = whole.splitlines(keepends=True)
    for length in range(len(whole) + 1):
        part.kept.write_text(whole[:length])
        left, at = [], len(first)
        for line in lines:
            at += len(line)
            left += [line] if at <= length else []
        assert part.read_kept() == list(map(json.loads, left))
        assert part.kept.read_text() == first + "".join(left)
        assert part.read_kept() == list(map(json.loads, left))


def test_a_file_says_how_long_all_builds_of_it_took(tmp_path, monkeypatch):
    clock = itertools.count()
    monkeypatch.setattr(building.time, "monotonic", lambda: next(clock) * step)
    step = 30  # s, from one answer to the next
    with pytest.raises(BadInput):
        built(part_in(tmp_path, monkeypatch, stops_at="c"), tmp_path)
    step = 10
    built(part_in(tmp_path, monkeypatch), tmp_path)
    (read,) = read_atlas(tmp_path)
    assert read["environment"]["seconds"] == 2 * 30 + 10
    assert read["environment"]["jobs"] == 1


def test_other_packages_are_observed_anew(tmp_path, monkeypatch):
    part = part_in(tmp_path, monkeypatch)
    built(part, tmp_path)
    other = HERE.model_copy(update={"requires": ("tensorflow==2.20.0",)})
    assert built(part._replace(environment=other), tmp_path)[0] == 3
    assert len(part.kept.read_text().splitlines()) == 4
    assert built(part, tmp_path)[0] == 3


@pytest.mark.parametrize("text", ["{", "[]", '{"cells": []}'])
def test_a_damaged_file_is_told_in_one_line(tmp_path, text):
    (tmp_path / "keras-3.15.1-jax.json").write_text(text)
    with pytest.raises(BadInput, match=r"keras-3\.15\.1-jax\.json: is damaged; `make atlas`"):
        list(read_atlas(tmp_path))


@pytest.mark.slow
def test_a_worker_observes_each_cell_in_a_process_of_its_own(tmp_path):
    part = AtlasPart(HERE, "tensorflow", Path(sys.executable), tmp_path / "kept.jsonl")
    names = [
        "arrays(shuffle=False): steps_per_epoch=3",
        "generator(endless=False): steps_per_epoch=10, fits=2",
        "py_dataset(workers=2, use_multiprocessing=True): steps_per_epoch=None",
    ]
    assert set(names) <= set(part.ask_for_cells()["cells"])
    seen = {answer["name"]: answer["seen"] for answer in part.observe_cells(names, jobs=2)}
    dry, used_up, by_processes = (seen[name] for name in names)
    assert dry["observed"]["verdict"] == "runs dry"
    assert dry["expected"] == {
        "verdict": "runs dry",
        "rule": "ends inside an epoch",
        "agrees": True,
    }
    lengths = [[len(epoch) for epoch in fit] for fit in dry["trained"]]
    assert lengths == [[3, 3, 3, 1, 3]]
    assert "ran out of data" in dry["warnings"][0]
    assert used_up["observed"] is None
    assert used_up["raised"]
    assert by_processes["runs"] >= 2
    assert len(by_processes["trained"][0]) == 5
    kept = [json.loads(line) for line in part.kept.read_text().splitlines()]
    assert {line["name"] for line in kept} == set(names)
