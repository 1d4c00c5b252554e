"""From a folder to a file: what it holds, put into a page, written whole."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

import epochwatch
from epochwatch._exposures.verdict import MEANING
from epochwatch._extras import missing_extras_named
from epochwatch._files import write_whole
from epochwatch.errors import BadInput
from epochwatch_lab._report import tables
from epochwatch_lab._report.matrix import LoggedEpoch, exposure_matrix
from epochwatch_lab._report.population import Population, population_of
from epochwatch_lab._report.subject import Subject

FILE = "report.html"


def write_report(
    folder: str | Path,
    output: str | Path | None = None,
    streams: Mapping[str, np.ndarray] | None = None,
) -> Path:
    """Write the report of a run, a sweep or an exposure log.

    Args:
        folder: of a finished run, of a sweep's summary, or of a log.
        output: the file; `report.html` in the folder by default.
        streams: per stream int64 (samples,), its indices, ascending; those that the run's
            notebook knows, or all that was trained, by default.

    Returns:
        The file.

    Raises:
        BadInput: the folder holds nothing of the kind, Bokeh is not installed, or the file
            cannot be written.

    Example:
        write_report("outputs/01_does_fit_resume/default")
    """
    folder = Path(folder)
    output = Path(output) if output else folder / FILE
    subject = Subject.from_folder(folder)
    with missing_extras_named("report"):
        if subject.log is not None:
            known = subject.notebook, subject.parameters, subject.log
            html = log_page(subject, population_of(*known, streams))
        elif streams:
            raise BadInput(f"--streams: {folder} is a sweep, allowed: a run or an exposure log")
        else:
            html = sweep_page(subject, folder, output)
    try:
        write_whole(output, lambda file: file.write(html.encode()))
    except OSError as error:
        raise BadInput(
            f"report: {output} cannot be written ({error.strerror or error}); choose another file "
            "with --output"
        ) from error
    return output


def log_page(subject: Subject, population: Population) -> str:
    """Make the page of a run, or of a log alone."""
    indices = {name: samples.index for name, samples in population.streams.items()}
    return counted_page(subject, population, *exposure_matrix(subject.log, indices))


def counted_page(
    subject: Subject,
    population: Population,
    epochs: list[LoggedEpoch],
    exposures: Mapping[str, np.ndarray],
) -> str:
    """Make the page of what has been counted."""
    from epochwatch_lab._report import page, plots

    drawn = {
        f"stream-{rank}": plots.samples_by_epochs(name, by_epoch, epochs)
        for rank, (name, by_epoch) in enumerate(exposures.items())
    }
    facts = {
        "streams": page.stream_facts(population, exposures),
        "epochs": tables.epoch_names(epochs),
        "labels": population.label_names,
    }
    return page.rendered_page(
        facts,
        drawn | {"coverage": plots.coverage_by_epoch(exposures, epochs)},
        page.stream_parts(population, exposures),
        **_texts(subject),
        summary=tables.stream_table(population, exposures),
        coverage=tables.coverage_table(epochs, exposures),
        evidence=tables.boundary_table(epochs, population),
        epochs=len(epochs),
        complete=population.complete,
    )


def sweep_page(subject: Subject, folder: Path, output: Path) -> str:
    from epochwatch_lab._report import page, plots

    runs = subject.findings["runs"]
    # The summary is in outputs/sweeps/<name>, and its runs' folders are named from outputs on.
    outputs = folder.resolve().parents[1]
    return page.rendered_page(
        {"streams": []},
        {"runs": plots.shares_by_run(runs)},
        {},
        **_texts(subject),
        summary=tables.run_table(runs, outputs, output.resolve()),
    )


def _texts(subject: Subject) -> dict:
    verdict = subject.findings.get("verdict")
    verdict = None if verdict is None else str(verdict)
    by_name = {"parameters": subject.parameters, "environment": subject.environment}
    shown = [tables.held_out_table(subject.findings)]
    shown += [tables.value_table(name.capitalize(), values) for name, values in by_name.items()]
    log = subject.log
    return {
        "subject": subject,
        "answer": _plain_answer(subject.answer),
        "verdict": verdict,
        "judged": "verdict" in subject.findings,
        "meaning": MEANING.get(verdict, ""),
        "cut_off": repr(log) if log is not None and not log.complete else "",
        "values": [table for table in shown if table.rows],
        "version": epochwatch.__version__,
    }


def _plain_answer(answer: str) -> str:
    if not answer:
        return ""
    # A log alone has no answer, and so needs no nbconvert.
    from epochwatch_lab.post._markdown import plain_text

    return plain_text(answer)
