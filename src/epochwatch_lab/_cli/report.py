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
    help="Where to write it.  [default: report.html in the folder]",
)
@click.option(
    "--streams",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Count by these streams. An .npz file has an array of indices by stream (np.savez), a "
    ".json file a list of them by stream, a .csv file the columns index and stream. Samples that "
    "were never trained are known then.",
)
def report(run_or_sweep: Path, output: Path | None, streams: Path | None):
    """Show what was trained as one HTML file, which opens without a network.

    RUN_OR_SWEEP is the folder of a finished run, of a sweep, or of an exposure log. The file
    has every sample by every epoch, to be zoomed into, with its index, label and image where
    they are known; coverage, the verdict with the batches that prove it, and tables. Needs
    Bokeh: pip install "epochwatch[report]".
    """
    with missing_extras_named("report", extra="report"):
        from epochwatch_lab._report import write_report
        from epochwatch_lab._report.stream_file import read_streams

    if output and not output.parent.is_dir():
        raise BadInput(f"--output: there is no folder {output.parent}; make it first")

    by_name = read_streams(streams) if streams else None
    click.echo(shown(write_report(run_or_sweep, output, by_name)))
