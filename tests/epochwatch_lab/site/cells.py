"""The atlas that the tests of its page are about, and its cells as a plain reader has them.

Nothing here is the site's: files are read as JSON, addresses are written and things are counted by
hand, so that the page cannot be wrong in the same way.
"""

import json
import re
from pathlib import Path

from epochwatch_lab._runs import project
from tests.epochwatch_lab.atlas.plain_counting import reachable_and_lost

ATLAS = Path(__file__).with_name("atlas")  # a few real cells
WHOLE = project.ROOT / "atlas"
NAME = "each_fit_starts_over"
TITLE = "Each call of fit starts over"
SYMPTOM = "fit in a loop trains the same batches"
PAGE = f"""---
title: {TITLE}
status: to be reported
expected: A second fit goes on where the first one stopped.
actual: It begins with the first batch again.
verdict: restarts
warns: false
seen:
  keras-3.15: [tensorflow]
cause:
  - "keras/src/trainers/epoch_iterator.py: EpochIterator.__init__"
fix: Call fit once.
related: [keras#19037]
symptoms:
  - "{SYMPTOM}"
---
# {TITLE}
"""
BATCHES_TEXT = re.compile(r"(\d+)-(\d+)|(\d+)|\(([\d,]*)\)")


def raw_cells(atlas=ATLAS):
    """The cells as a plain reader of the files has them, each with its file."""
    for path in sorted(atlas.glob("*.json")):
        read = json.loads(path.read_text())
        for cell in read["cells"]:
            cell = read["defaults"] | cell
            cell["warnings"] = [read["warnings"][place] for place in cell["warnings"]]
            texts = cell.get("trained", [])
            cell["trained"] = [[rows_of(epoch) for epoch in fit] for fit in texts]
            yield cell | {"texts": texts, "file": path.stem, "environment": read["environment"]}


def rows_of(text):
    """The rows of each batch of an epoch."""
    batches = []
    for first, last, single, rows in BATCHES_TEXT.findall(text):
        if single or first:
            numbers = range(int(first or single), int(last or single) + 1)
            batches += [[2 * number, 2 * number + 1] for number in numbers]
        else:
            batches.append([int(row) for row in rows.split(",") if row])
    return batches


def address_of(cell):
    """A cell's address, for the feeds and calls that there are."""
    about, options = cell["environment"], cell["options"]
    release = re.match(r"\d+\.\d+(.*dev.*)?", about["keras"])[0]
    inner = [in_address(options["pipeline"])] if "pipeline" in options else []
    inner += [
        name if value is True else f"{name}={in_address(value)}"
        for name, value in options.items()
        if name != "pipeline" and (name, value) != ("endless", False)
    ]
    feed = cell["feed"] + (f"({';'.join(inner)})" if inner else "")
    parts = [f"{about['package']}-{release}", about["backend"], feed]
    plain = {"act": "fit", "fits": 1, "steps_per_execution": 1, "steps_per_epoch": None}
    for name in ("act", "steps_per_epoch", "steps_per_execution", "fits"):
        if cell[name] != plain[name]:
            parts.append(f"{name.removesuffix('_per_epoch')}={cell[name]}")
    parts += ["validation"] if cell["validation"] else []
    parts += [f"seeded={cell['seeded']}"] if cell["seeded"] else []
    for name, value in sorted(cell["how"].items()):
        parts.append(f"how.{name}={in_address(value)}")
    return "/".join(parts)


def in_address(value):
    text = value if isinstance(value, str) else json.dumps(value)
    return text.replace(" ", "+").replace("(", "%28").replace(")", "%29")


def lost_of(cell):
    """Rows lost and rows reachable, counted by hand; None where that cannot be."""
    if cell.get("observed") is None or cell["act"] not in ("fit", "by_hand"):
        return None
    return reachable_and_lost(cell)


def loses(cell):
    counted = lost_of(cell)
    return bool(counted and counted[1])


def shown_verdict(cell):
    if cell["raised"]:
        endings = {"did not end": "hangs", "the process ended": "crashes"}
        return next(
            (name for begin, name in endings.items() if cell["raised"].startswith(begin)), "raises"
        )
    if cell.get("observed"):
        return cell["observed"]["verdict"] or "one epoch"
    if "drawn" in cell:
        drawn = list(filter(None, cell["drawn"]))
        return "draws anew" if len(set(drawn)) == len(drawn) else "draws again"
    texts = next(cell[name] for name in ("validated", "tested", "predicted") if name in cell)
    if len(set(texts)) == 1:
        return "same rows"
    rows = [sorted(row for batch in rows_of(text) for row in batch) for text in texts]
    if all(each == rows[0] for each in rows):
        return "same rows, other order"
    return "fewer rows" if len(rows[-1]) < len(rows[0]) else "other rows"


def feed_of(cell):
    options = cell["options"]
    parts = [options["pipeline"]] if "pipeline" in options else []
    parts += [f"{name}={value}" for name, value in options.items() if name != "pipeline"]
    return f"{cell['feed']}({', '.join(parts)})" if parts else cell["feed"]


def release_of(cell):
    package = cell["environment"]["package"].replace("keras", "Keras", 1)
    package = package if package == "Keras" else "tf_keras"
    day = re.search(r"dev(\d{8})", cell["environment"]["keras"])
    name = f"{package} {re.match(r'[0-9]+.[0-9]+', cell['environment']['keras'])[0]}"
    return f"{name} nightly {day[1]}" if day else name


def findings_of(cell):
    return (cell.get("observed") or {}).get("findings", [])


def warned_of(cell):
    """What Keras warns of, but for a `shuffle` that it ignores, which is about no row."""
    return [text for text in cell["warnings"] if not re.search("shuffle.*ignored", text)]


# For each filter, what a cell is found by.
ORACLE = {
    "act": lambda cell: [cell["act"]],
    "feed": lambda cell: [cell["feed"], feed_of(cell)],
    "keras": lambda cell: [release_of(cell)],
    "backend": lambda cell: [cell["environment"]["backend"]],
    "verdict": lambda cell: [shown_verdict(cell)],
    "found": lambda cell: findings_of(cell) or ["nothing"],
    "steps": lambda cell: [str(cell["steps_per_epoch"] or "none")],
    "fits": lambda cell: [str(cell["fits"])],
    "seeded": lambda cell: [cell["seeded"] or "none"],
    "validation": lambda cell: ["yes" if cell["validation"] else "no"],
    "execution": lambda cell: [str(cell["steps_per_execution"])],
    "finding": lambda cell: [cell["finding"] or "none"],
    "loses": lambda cell: ["1"] if "loses" in findings_of(cell) else [],
    "silent": lambda cell: ["1"] if findings_of(cell) and not warned_of(cell) else [],
    "disagrees": lambda cell: ["1"] if (cell.get("expected") or {}).get("agrees") is False else [],
    "differ": lambda cell: ["1"] if cell["others"] else [],
}
RAW = list(raw_cells())


def found_by(cells=RAW, **wanted):
    asked = wanted.items()
    return {
        address_of(cell)
        for cell in cells
        if all(value in ORACLE[name](cell) for name, value in asked)
    }


def with_reproduction(folder, page=PAGE):
    (folder / "reproductions").mkdir()
    (folder / "reproductions" / f"{NAME}.md").write_text(page)
    (folder / "reproductions" / f"{NAME}.py").write_text("import keras\n\nprint(1 < 2)\n")
    (folder / "reproductions" / "README.md").write_text("# About\n")
    return folder
