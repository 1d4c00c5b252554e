"""The README's code runs as it stands, and prints what it says it prints."""

import json
import re
import statistics
import sys

import numpy as np
from click.testing import CliRunner

from epochwatch._cli import command
from epochwatch._exposures.writer import ExposureWriter
from epochwatch._text import percent
from epochwatch_lab._runs import project

README = (project.ROOT / "README.md").read_text()
WATCH, BALANCE, FEEDS, ASSERT_SOUND, COMPARE = re.findall(r"```python\n(.*?)```", README, re.S)
(WATCH_PRINTS,) = re.findall(r"print\(log\)  # (.*)", WATCH)
(AUDIT,) = re.findall(r"```sh\n(epochwatch audit .*?)\n```", README)


def ran(recipe):
    """Run a recipe, and return the names it leaves."""
    names = {}
    exec(compile(recipe, "README.md", "exec"), names)
    return names


def test_the_recipe_for_watching_runs_and_prints_what_it_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = ran(WATCH)
    assert capsys.readouterr().out.strip() == WATCH_PRINTS
    assert names["log"].counts()[7] == 2
    assert names["log"].coverage(names["index"]).tolist() == [1.0, 1.0]
    assert names["log"].to_arrow().num_rows == 80


def test_the_recipe_for_balanced_batches_sees_all_and_knows_where_it_is(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    names = ran(BALANCE)
    (promised,) = re.findall(r"print\(coverage\)  # (.*)", BALANCE)
    assert capsys.readouterr().out.strip() == promised
    assert len(names["state"]) == 6
    assert names["state"]["step"] == 124
    assert [stream.samples for stream in names["streams"]] == [10, 990]


def test_each_piece_of_advice_is_backed_by_the_numbers_of_the_run_it_links_to():
    section = README.partition("## What to do with an imbalanced data set")[2].partition("\n## ")[0]
    advice = re.findall(r"^\d+\. (.*?)\(\[[^]]+\]\(([^)]+)\)\)", section, re.DOTALL | re.MULTILINE)
    assert len(advice) == 10
    for text, post in advice:
        found = (project.ROOT / post).read_text().replace("+", "").replace("-", "")
        numbers = re.findall(r"\d[\d,.]*\d%?|\d%?", text)
        assert numbers
        for number in numbers:
            assert re.search(rf"(?<![\d.,]){re.escape(number)}(?![\d%])", found), (
                f"{number}: {text}"
            )


def test_the_ways_to_balance_are_told_as_they_were_measured():
    ways = json.loads((project.ROOT / "bench" / "samplers.json").read_text())["ways"]
    table = README.partition("| way | batches exactly half")[2].partition("\n\n")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    assert {row[0] for row in rows} == set(ways)
    for name, exact, seen, until, repeats, speed, resumes in rows:
        way = ways[name]
        assert exact == percent(way["exact"])
        assert seen == percent(way["coverage"]["10"])
        assert until == str(way["epochs until all"] or f"over {way['minority epochs']}")
        assert repeats == f"{way['repeats before all were seen']:,}"
        assert speed == f"{statistics.median(way['samples a second']):,.0f}"
        assert way["resumable"].startswith(
            {"no": "no: ", "6 integers": "yes: 6"}.get(resumes, "only")
        )
    never = round(ways["imbalanced-learn, Keras"]["coverage"]["10"] * 53_258)
    assert f"{never} of 53,258, and repeats them for ever" in README


def test_what_the_readme_imports_is_there():
    (imports,) = re.findall(r"```py\n((?:from .*\n)+)", README)
    ran(imports)


def test_the_recipe_for_ci_finds_what_the_readme_says(tmp_path, monkeypatch):
    (tmp_path / "feeds.py").write_text(FEEDS)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(command, AUDIT.split()[1:])
    assert done.exit_code == 1, done.stderr
    (shown,) = re.findall(r"```text\n(.*?)```", README, re.DOTALL)
    begins, ends = shown.split("\n…\n")
    assert done.stdout.startswith(begins)
    assert done.stdout.endswith(ends)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "feeds", raising=False)
    ran(ASSERT_SOUND)
    del sys.modules["feeds"]


def test_the_recipe_for_comparing_answers_in_the_sentence_it_promises(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    place = r"epoch (\d+), step (\d+), row (\d+): (\d+)\s+here, (\d+) there"
    epoch, step, row, mine, theirs = map(int, re.search(place, README).groups())
    for name, last in (("monday", mine), ("tuesday", theirs)):
        log = ExposureWriter(f"{name}.exposures")
        log.append(1, epoch, step, np.array([row + 1]), np.array([*range(row), last]))
        log.close()
    ran(COMPARE)
    told = re.sub(r"\s+", " ", re.search(r"`(first divergence[^`]*)`", README)[1])
    assert capsys.readouterr().out.strip() == told


def test_every_link_and_picture_resolves():
    targets = re.findall(r"\]\(([^)#]+)\)", README)
    missing = [target for target in targets if not (project.ROOT / target).exists()]
    assert targets
    assert missing == []
