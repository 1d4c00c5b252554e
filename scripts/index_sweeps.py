"""Write sweeps/NAME.md and its figure, for each sweep of this repository that has been run."""

import json
import shutil
from pathlib import Path

from epochwatch.files import write_whole
from epochwatch.intervals import Interval
from epochwatch.runs import project
from epochwatch.tables import markdown_table

SWEEPS = project.ROOT / "sweeps"
SUMMARIES = project.OUTPUTS / "sweeps"


def question_of(file: Path) -> str:
    """Take the question from the comment that a sweep's file begins with."""
    return file.read_text().partition("\n")[0].removeprefix("# ")


def table(groups: list[dict]) -> str:
    """Write what each group of runs has found."""
    names = list(groups[0]["means"])
    shared = list(groups[0]["parameters"])
    rows = [
        [
            *(str(value) for value in group["parameters"].values()),
            str(len(group["verdicts"])),
            ", ".join(dict.fromkeys(map(str, group["verdicts"]))),
            *(Interval(**group["means"][name]).written for name in names),
        ]
        for group in groups
    ]
    return markdown_table([*shared, "runs", "verdict", *names], rows)


def page(file: Path, summary: Path) -> str:
    """Write the page of a sweep."""
    content = json.loads((summary / "findings.json").read_text())
    record = json.loads((summary / "run.json").read_text())
    cells = json.loads((summary / "notebook.ipynb").read_text())["cells"]
    shown = [out["metadata"] for cell in cells for out in cell.get("outputs", ())]
    alt = next(meta["image/png"]["alt"] for meta in shown if "image/png" in meta)
    versions = record["environment"]["versions"]
    findings = content["findings"]
    return f"""# {question_of(file)}

{content["answer"]}

![{alt}]({file.stem}.png)

A dot is a run; a bar is where the mean lies with 95 % confidence, where runs differ in their seed
alone. Means, and that interval where there is one:

{table(findings["groups"])}

{len(findings["runs"])} runs of `{findings["notebook"]}`, made by
`make sweep SWEEP=sweeps/{file.name}` on {record["begun"][:10]}, with Keras {versions["keras"]} and
TensorFlow {versions["tensorflow"]}.
"""


def is_whole(file: Path, summary: Path) -> bool:
    """Say whether a summary is of just this sweep, and all its runs are finished."""
    if not (summary / "run.json").is_file():
        return False
    content = json.loads((summary / "findings.json").read_text())
    is_of_file = Path(content["parameters"]["sweep_file"]) == file
    return is_of_file and all(run["state"] == "finished" for run in content["findings"]["runs"])


def main():
    """Write what has been run in full."""
    for file in sorted(SWEEPS.glob("*.yaml")):
        summary = SUMMARIES / file.stem
        if is_whole(file, summary):
            text = page(file, summary)
            write_whole(file.with_suffix(".md"), lambda out, text=text: out.write(text.encode()))
            shutil.copyfile(summary / "figures" / "sweep.png", file.with_suffix(".png"))


if __name__ == "__main__":
    main()
