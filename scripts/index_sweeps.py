"""Write sweeps/NAME.md and its figure, for each sweep of this repository that has been run.

Of runs that say what they have measured, all of it goes into sweeps/NAME.json.
"""

import datetime
import json
import shutil
from collections.abc import Iterable
from pathlib import Path

from epochwatch._files import write_whole
from epochwatch_lab._runs import project
from epochwatch_lab.strategies import Interval
from epochwatch_lab.tables import markdown_table

SWEEPS = project.ROOT / "sweeps"
SUMMARIES = project.ROOT / "outputs" / "sweeps"


def question_of(file: Path) -> str:
    """Take the question from the comment that a sweep's file begins with."""
    return file.read_text().partition("\n")[0].removeprefix("# ")


def table(groups: list[dict]) -> str:
    """Write what each group of runs has found; its verdicts, where there are any."""
    names = list(groups[0]["means"])
    verdicts = [", ".join(dict.fromkeys(map(str, group["verdicts"]))) for group in groups]
    of_verdict = any(any(group["verdicts"]) for group in groups)
    rows = [
        [
            *(str(value) for value in group["parameters"].values()),
            str(len(group["verdicts"])),
            *([verdict] * of_verdict),
            *(Interval(**group["means"][name]).written for name in names),
        ]
        for group, verdict in zip(groups, verdicts, strict=True)
    ]
    header = [*groups[0]["parameters"], "runs", *(["verdict"] * of_verdict), *names]
    return markdown_table(header, rows)


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


def evidence(summary: Path) -> dict | None:
    """Collect what each run has measured, and how long the runs took.

    Returns:
        `runs`; the `parameters` that they share; `seconds` of the runs, and from the first one's
        beginning to the last one's end. None where they measured nothing for others to read.
    """
    findings = json.loads((summary / "findings.json").read_text())["findings"]
    measured = [r["findings"]["measured"] for r in findings["runs"] if "measured" in r["findings"]]
    if not measured:
        return None
    records = [
        json.loads((project.ROOT / "outputs" / r["folder"] / "run.json").read_text())
        for r in findings["runs"]
    ]
    begun = [datetime.datetime.fromisoformat(record["begun"]).timestamp() for record in records]
    took = [sum(record["stages"].values()) for record in records]
    ended = [begin + seconds for begin, seconds in zip(begun, took, strict=True)]
    return {
        "notebook": findings["notebook"],
        "environment": records[0]["environment"]["versions"],
        "parameters": shared(record["parameters"] for record in records),
        "seconds": {"of_runs": round(sum(took)), "in_all": round(max(ended) - min(begun))},
        "runs": measured,
    }


def shared(parameters: Iterable[dict]) -> dict:
    """Keep the parameters that are the same in all runs."""
    first, *others = parameters
    return {k: v for k, v in first.items() if all(other[k] == v for other in others)}


def in_lines(evidence: dict) -> str:
    """Write JSON with a line to a run, so that a change of one is a change of a line."""
    runs = ",\n".join(map(json.dumps, evidence["runs"]))
    head = json.dumps(evidence | {"runs": []}, indent=1).removesuffix("]\n}")
    return f"{head}\n{runs}\n]\n}}\n"


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
            measured = evidence(summary)
            if measured:
                lines = in_lines(measured).encode()
                write_whole(file.with_suffix(".json"), lambda out, lines=lines: out.write(lines))


if __name__ == "__main__":
    main()
