"""The atlas that the site is built from here, and its cells as a plain reader has them."""

import json
from pathlib import Path

from epochwatch_lab._atlas.cells import AtlasCell
from epochwatch_lab._runs import project
from tests.epochwatch_lab.atlas.plain_counting import reachable_and_lost

ATLAS = Path(__file__).with_name("atlas")
BLOG = project.ROOT / "outputs" / "blog"
DOCS = project.ROOT / "docs"
NAME = "each_fit_starts_over"
TITLE = "Each call of `fit` starts over"
PAGE = f"""---
title: {TITLE.replace("`", "")}
verdict: restarts
warns: false
---
# {TITLE}

What is seen, as [the script]({NAME}.py) prints it; see [the evidence](../keras-3.15.1-jax.json),
[another](../../README.md) and [Keras](https://keras.io).

| | TensorFlow |
|---|---|
| keras-3.15 | seen |

```python
print({{1: "a"}})  # twice
```
"""


def raw_cells(atlas=ATLAS):
    """The cells as a plain reader of the files has them, each with its file."""
    for path in sorted(atlas.glob("*.json")):
        read = json.loads(path.read_text())
        for cell in read["cells"]:
            yield cell | {"file": path.stem, "environment": read["environment"]}


def id_of(cell):
    return f"{cell['file']}: {AtlasCell.from_json(cell).name}"


RAW = list(raw_cells())


def loss_of(cell):
    """What the page says of loss, counted by hand."""
    if cell["raised"]:
        return None
    reachable, lost = reachable_and_lost(cell)
    return f"{lost} of {reachable}"


def loses(cell):
    return cell["observed"] is not None and reachable_and_lost(cell)[1] > 0


def feed_of(cell):
    return id_of(cell).split(": ")[1]


def shown_verdict(cell):
    return cell["observed"]["verdict"] if cell["observed"] else "raises"


# For each filter, what a cell is found by.
ORACLE = {
    "feed": lambda cell: [cell["feed"], feed_of(cell)],
    "backend": lambda cell: [cell["environment"]["backend"]],
    "keras": lambda cell: ["{package} {keras}".format(**cell["environment"])],
    "verdict": lambda cell: [shown_verdict(cell)],
    "steps_per_epoch": lambda cell: [str(cell["steps_per_epoch"] or "none")],
    "steps_per_execution": lambda cell: [str(cell["steps_per_execution"])],
    "fits": lambda cell: [str(cell["fits"])],
    "validation": lambda cell: ["yes" if cell["validation"] else "no"],
    "finding": lambda cell: [cell["finding"], "some"] if cell["finding"] else [],
    "loses": lambda cell: ["1"] if loses(cell) else [],
    "unsound": lambda cell: ["1"] if (cell["observed"] or {}).get("findings") else [],
    "disagrees": lambda cell: ["1"] if (cell["expected"] or {}).get("agrees") is False else [],
    "differs": lambda cell: ["1"] if cell["others"] else [],
}


def found_by(**wanted):
    asked = wanted.items()
    return {
        id_of(cell) for cell in RAW if all(value in ORACLE[name](cell) for name, value in asked)
    }


def with_reproduction(folder, page=PAGE):
    (folder / "reproductions").mkdir()
    (folder / "reproductions" / f"{NAME}.md").write_text(page)
    (folder / "reproductions" / f"{NAME}.py").write_text("import keras\n\nprint(1 < 2)\n")
    (folder / "reproductions" / "README.md").write_text("# About\n")
    return folder
