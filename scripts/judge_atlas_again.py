"""Judge the cells of the atlas again: `python scripts/judge_atlas_again.py [FILE …]`.

What each cell trained is kept in its file, so that an audit that has learned to see more is held
against it without running `fit`. Needs every package that the toy feeds are made with: TensorFlow,
torch and Grain.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from epochwatch_lab._atlas.defects import finding_of
from epochwatch_lab._atlas.files import known_as, read_file, write_atlas
from epochwatch_lab._atlas.judging import judged_again
from epochwatch_lab._runs import project


def main(files: list[str]) -> None:
    """Write each file anew, and print how many of its cells changed in what."""
    for path in map(Path, files or sorted((project.ROOT / "atlas").glob("*.json"))):
        read = read_file(path)
        environment, before = read["environment"], read["cells"]
        release = known_as(environment)
        after = [cell | judged_again(cell, environment) for cell in before]
        after = [cell | {"finding": finding_of(cell, release)} for cell in after]
        write_atlas(path, environment, after)
        counts = Counter(
            what for pair in zip(before, after, strict=True) for what in changed(*pair)
        )
        print(f"{path.stem}: {json.dumps(counts)}", flush=True)


def changed(before: dict, after: dict) -> Iterator[str]:
    """Name what differs between two judgements of a cell, beside what only one of them has."""
    if after["observed"]:
        yield from (
            k for k in ("verdict", "findings") if before["observed"][k] != after["observed"][k]
        )
    yield from (key for key in ("expected", "finding") if before[key] != after[key])


if __name__ == "__main__":
    main(sys.argv[1:])
