"""What is published of a run depends on its parameters and the machine, and on nothing else.

What may differ between two runs of the same is the time they took, in `run.json` and in the
log of the kernel, and the date of files; none of it is in a post.
"""

import pytest

from tests.notebooks.conftest import NOTEBOOK

SMALL = {"epochs": 2, "steps_per_epoch": 6, "positive_digit": 7, "batch_size": 8, "seed": 5}


@pytest.mark.slow
def test_the_same_run_executed_twice_is_the_same_posts_and_pictures(epochwatch_run, tmp_path):
    executed = []
    for _ in range(2):
        done = epochwatch_run(**SMALL)
        assert done.returncode == 0, done.stderr
        folder = tmp_path / "outputs" / NOTEBOOK / "default"
        files = [*(folder / "post").rglob("*.*"), *(folder / "figures").iterdir()]
        executed.append({path: path.read_bytes() for path in files if path.is_file()})
    first, second = executed
    assert [path for path in first if first[path] != second.get(path)] == []
    assert first.keys() == second.keys()
    figures = {path.name: first[path] for path in first if path.parent.name == "figures"}
    posted = {path.name: first[path] for path in first if "post" in path.parts}
    assert sorted(name for name in posted if name not in figures) == [
        "2026-11-23-does-fit-resume.md",
        "does-fit-resume.md",
    ]
    assert figures
    assert all(posted[name] == figures[name] for name in figures)
    names = {name.removesuffix(".svg") for name in figures if name.endswith(".svg")}
    assert figures.keys() == {f"{n}{end}" for n in names for end in (".svg", ".png", "-narrow.png")}
