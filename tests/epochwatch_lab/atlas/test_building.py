"""A build goes on where it was stopped, and writes a file once it is complete."""

import json
import sys
from pathlib import Path

import pytest

from epochwatch.errors import BadInput
from epochwatch_lab._atlas import building
from epochwatch_lab._atlas.building import AtlasPart, build_part, is_short
from epochwatch_lab._atlas.environments import Environment
from epochwatch_lab._atlas.files import read_atlas

HERE = Environment(name="keras-3.15.1", backends=("tensorflow",), requires=(), full=True)
# Stands for the worker: it lists three cells, and sees of each only that it was asked.
SAYS = """
import json, sys
task = sys.argv[1]
if task == "list":
    about = {"keras": "3.15.1", "package": "keras"}
    print(json.dumps({"environment": about, "cells": ["a", "b", "c"]}))
for line in sys.stdin if task == "run" else ():
    name = line.strip()
    if name in STOPS_AT:
        sys.exit(1)
    print(json.dumps({"name": name, "seen": {"asked": name, "observed": None}}), flush=True)
"""


def part_in(folder, monkeypatch, stops_at=""):
    monkeypatch.setattr(building, "WORKER", ("-c", f"STOPS_AT = {stops_at!r}\n{SAYS}"))
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
    kept = part.kept.read_text()
    part.kept.write_text(kept[:-5])
    assert built(part, tmp_path)[0] == 1
    assert part.kept.read_text() == kept


def test_other_packages_are_observed_anew(tmp_path, monkeypatch):
    part = part_in(tmp_path, monkeypatch)
    built(part, tmp_path)
    other = HERE.model_copy(update={"requires": ("tensorflow==2.20.0",)})
    assert built(part._replace(environment=other), tmp_path)[0] == 3


def test_where_not_all_is_asked_for_at_most_one_thing_is_unusual():
    assert is_short("arrays(shuffle=True): steps_per_epoch=3")
    assert is_short("arrays(shuffle=True): steps_per_epoch=3, fits=2")
    assert is_short("arrays(shuffle=True): steps_per_epoch=3, validation")
    assert not is_short("arrays(shuffle=True): steps_per_epoch=3, fits=2, validation")
    assert not is_short("arrays(shuffle=True): steps_per_epoch=3, steps_per_execution=3, fits=2")


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
    seen = dict(part.observe_cells(names, jobs=2))
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
