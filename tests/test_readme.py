"""The README's code runs as it stands, and prints what it says it prints."""

import re

from epochwatch.runs import project

README = (project.ROOT / "README.md").read_text()


def test_the_recipe_runs_and_prints_what_it_says(tmp_path, monkeypatch, capsys):
    (recipe,) = re.findall(r"```python\n(.*?)```", README, re.S)
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(compile(recipe, "README.md", "exec"), names)
    (promised,) = re.findall(r"print\(log\)  # (.*)", recipe)
    assert capsys.readouterr().out.strip() == promised
    assert names["log"].counts()[7] == 2
    assert names["log"].coverage(names["index"]).tolist() == [1.0, 1.0]
    assert names["log"].to_arrow().num_rows == 80


def test_every_link_and_picture_resolves():
    targets = re.findall(r"\]\(([^)#]+)\)", README)
    missing = [target for target in targets if not (project.ROOT / target).exists()]
    assert targets
    assert missing == []
