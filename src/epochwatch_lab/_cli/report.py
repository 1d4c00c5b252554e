"""`epochwatch report`: what was trained, as one HTML file."""

from pathlib import Path

import click

from epochwatch._cli.options import shown
from epochwatch._extras import missing_extras_named
from epochwatch.errors import BadInput


@click.command(
    epilog="""\b
Examples:
  epochwatch report outputs/01_does_fit_resume/default
  epochwatch report outputs/sweeps/digits --output digits.html
  epochwatch report run.exposures --streams streams.npz"""
)
@click.argument("run_or_sweep", type=click.Path(path_type=Path))
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="File to write.  [default: report.html in that folder]",
)
@click.option(
    "--streams",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Count the samples of these streams, also those that were never trained. An .npz file "
    "has one array of indices per stream (np.savez), a .json file one list of them per stream, a "
    ".csv file the columns index and stream.",
)
def report(run_or_sweep: Path, output: Path | None, streams: Path | None):
    """Write one HTML file that shows what was trained, and opens offline.

    RUN_OR_SWEEP is the folder of a finished run, of a sweep, or of an exposure log. You can zoom
    into a picture of every sample in every epoch; it shows a sample's index, and its label and
    image if they are known. Below are coverage, the verdict with the batches that prove it, and
    tables. Needs Bokeh: pip install "epochwatch[report]".
    """
    with missing_extras_named("report", extra="report"):
        from epochwatch_lab._report import write_report
        from epochwatch_lab._report.stream_file import read_streams

    if output and not output.parent.is_dir():
        raise BadInput(f"--output: the folder {output.parent} does not exist; make it first")

    by_name = read_streams(streams) if streams else None
    click.echo(shown(write_report(run_or_sweep, output, by_name)))
