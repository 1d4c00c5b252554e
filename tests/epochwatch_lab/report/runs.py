"""Folders of runs, as far as a report reads them."""

import json

from tests.epochwatch.exposures.records import written


def run_folder(folder, record, **changes):
    """Write the folder of a finished run, as far as a report reads it."""
    folder.mkdir(exist_ok=True)
    written(folder / "exposures", record)
    run = {"notebook": "01_does_fit_resume", "run": "small", "parameters": {"positive_digit": 1}}
    findings = {"verdict": "resumes", "test": {"pr_auc": 0.5}}
    (folder / "run.json").write_text(json.dumps(run | changes))
    written_findings = {"answer": "**Yes**, it does.", "findings": findings | changes}
    (folder / "findings.json").write_text(json.dumps(written_findings))
    return folder
