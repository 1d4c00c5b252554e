"""`epochwatch audit`: what happens to a feed, in a terminal and in CI."""

import json
import sys
from pathlib import Path
from typing import ClassVar

import click

from epochwatch._auditing.findings import FAIL_ON, FINDINGS
from epochwatch._auditing.observe import BACKENDS
from epochwatch._cli.options import FAILED, count_option
from epochwatch.errors import BadInput


class AuditCommand(click.Command):
    """`epochwatch audit`, whose help has its options in groups."""

    GROUPS: ClassVar = {
        "What fit is asked for": "steps_per_epoch epochs batch_size fits steps_per_execution "
        "fit_option backend",
        "What is a finding": "fail_on min_coverage streams",
        "What is written": "as_json figure log",
    }

    def format_options(self, ctx, formatter):
        """Write the options, group by group."""
        of = {param.name: param.get_help_record(ctx) for param in self.params}
        for title, names in self.GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([of[name] for name in names.split()])


def names_of_findings(ctx, param, given: tuple[str, ...]) -> tuple[str, ...]:
    """Read --fail-on: names with commas between them, `runs-dry` for `runs dry`."""
    names = [name.strip().replace("-", " ") for text in given for name in text.split(",")]
    if names == ["none"]:
        return ()
    for name in names:
        if name not in FAIL_ON:
            raise BadInput(f"--fail-on: got {name!r}, allowed: none, {', '.join(FAIL_ON)}")
    return tuple(names) or FINDINGS


def figure_file(ctx, param, path: Path | None) -> Path | None:
    """Check --figure before the audit, not after it."""
    if path and path.suffix not in (".svg", ".png"):
        raise BadInput(f"--figure: got {str(path)!r}, allowed: a file that ends in .svg or .png")
    if path and not path.parent.is_dir():
        raise BadInput(f"--figure: there is no folder {path.parent}; make it first")
    return path


@click.command(
    cls=AuditCommand,
    epilog="""\b
Examples:
  epochwatch audit feeds.py:make_feed --steps-per-epoch 625 --epochs 10
  epochwatch audit my.data:train --epochs 3 --fit-option shuffle=false
  epochwatch audit my.data:train --fail-on restarts,skips --min-coverage 0.99

Exit codes: 0 sound, 1 findings, 2 bad input.""",
)
@click.argument("target")
@count_option(
    "--steps-per-epoch",
    "Batches in an epoch, as in fit.  [default: one pass of the feed]",
)
@count_option("--epochs", "Epochs, as in fit.", 1)
@count_option("--batch-size", "Samples in a batch, as in fit; for a feed of arrays.")
@count_option("--fits", "How often fit is called with the same feed.", 1)
@count_option("--steps-per-execution", "Batches that are trained in one go, as in compile.", 1)
@click.option(
    "--fit-option",
    multiple=True,
    metavar="NAME=VALUE",
    help="Any further argument of fit, its value as in JSON: shuffle=false. Repeatable.",
)
@click.option(
    "--backend",
    type=click.Choice(BACKENDS),
    help="What Keras runs on; tf_keras is Keras 2.  [default: KERAS_BACKEND, or Keras' own]",
)
@click.option(
    "--fail-on",
    multiple=True,
    callback=names_of_findings,
    metavar="NAMES",
    help=f"What is a finding, with commas between; of: {', '.join(FAIL_ON)}; or none.  "
    f"[default: all but {', '.join(name for name in FAIL_ON if name not in FINDINGS)}]",
)
@click.option(
    "--min-coverage",
    type=click.FloatRange(0, 1),
    metavar="SHARE",
    help="Share of every stream that must have been trained in the end, such as 0.99.",
)
@click.option(
    "--streams",
    metavar="TARGET",
    help="Count by these streams: a mapping of names to arrays of indices, or a function that "
    "returns one, given like TARGET.  [default: by class, where the labels tell]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON object.")
@click.option(
    "--figure",
    type=click.Path(path_type=Path),
    callback=figure_file,
    metavar="FILE",
    help="Draw the report: .svg or .png.",
)
@click.option(
    "--log",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Keep the exposure log, every sample in the order trained, in a new folder.",
)
def audit(target: str, as_json: bool, figure: Path | None, **asked):
    """Run fit over your feed with a model that learns nothing, and say what happened.

    TARGET is a function that returns a new feed at each call (anything fit accepts; arrays as
    a tuple): package.module:make_feed, or a file, feeds.py:make_feed.

    The report has the verdict at every boundary between two epochs with the batches that
    prove it, and per stream what was never trained, how often the rest was, and the coverage
    by epoch. Samples are told apart by their index where targets have one ({"label": ...,
    "index": ...}), or else by their content.
    """
    from epochwatch._auditing import command as errand
    from epochwatch._report.terminal import show

    report = errand.audited(target, **asked)
    if as_json:
        click.echo(json.dumps(report.as_json()))
    else:
        show(report)
    if figure:
        errand.save_figure(report, figure)
    if not report.sound:
        sys.exit(FAILED)
