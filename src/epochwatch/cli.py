"""The command `epochwatch`: thin, every errand is done by the package.

Exit codes: 0 sound, 1 findings or a failed run, 2 bad input, 130 and 143 interrupted.
"""

import json
import os
import re
import signal
import sys
import textwrap
import time
from pathlib import Path
from typing import ClassVar

import click

import epochwatch
from epochwatch.auditing.findings import FAIL_ON, FINDINGS
from epochwatch.auditing.observe import BACKENDS
from epochwatch.errors import BadInput, RecordingFailed, RunFailed
from epochwatch.runs import project
from epochwatch.runs.parameters import NOTEBOOKS, parameters_of, unknown_parameter

BAD_INPUT, FAILED = 2, 1
PUBLISHED_RUN = "default"
WIDTH = 80


EXAMPLES = """\b
Examples:
  epochwatch audit feeds.py:make_feed --steps-per-epoch 625 --epochs 10
  epochwatch run 01_does_fit_resume -p epochs=3

\b
Exit codes:
  0    sound, done
  1    the audit has findings; the run failed
  2    bad input; one line says what is allowed
  130  interrupted by Ctrl-C
  143  terminated
"""


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDTH},
    epilog=EXAMPLES,
)
@click.version_option(epochwatch.__version__, prog_name="epochwatch")
def command():
    """Know exactly which samples Keras' model.fit() trained on.

    `audit` asks what happens to your own feed, from epoch to epoch, before a model is trained
    on it. `run` and `post` belong to the notebooks of the investigation.
    """


class RunCommand(click.Command):
    """`epochwatch run`, whose help lists the parameters of every notebook."""

    def format_epilog(self, ctx, formatter):
        """Write the parameters as click writes options."""
        for notebook, model in NOTEBOOKS.items():
            with formatter.section(f"Parameters of {notebook}"):
                formatter.write_dl(
                    [
                        (name, f"{field.description}: {model.allowed(name)}")
                        for name, field in model.model_fields.items()
                    ]
                )


def outputs_option(text: str):
    """Make the option --outputs, which all commands that write have."""
    return click.option(
        "--outputs",
        type=click.Path(path_type=Path),
        default=project.OUTPUTS,
        metavar="DIR",
        help=f"{text}  [default: outputs]",
    )


@command.command(cls=RunCommand)
@click.argument("notebook")
@click.option("-p", "given", multiple=True, metavar="NAME=VALUE", help="Set a parameter.")
@outputs_option("Folder that the run is written to.")
def run(notebook: str, given: tuple[str, ...], outputs: Path):
    """Run NOTEBOOK headless, and say what it found.

    A run named `default` is also exported as a post, to the folder blog under --outputs.
    """
    from epochwatch.runs.execute import execute

    begin = time.perf_counter()
    parameters = checked_parameters(notebook, given)
    folder = execute(notebook, parameters, outputs, progress=sys.stderr.isatty())
    post = None
    if parameters.run_name == PUBLISHED_RUN:
        post = write_post(folder, outputs / "blog")
    click.echo(summary(folder, post, time.perf_counter() - begin))


@command.command()
@click.argument("run_folder", type=click.Path(path_type=Path))
@outputs_option("Folder whose sub-folder blog the post is written to.")
def post(run_folder: Path, outputs: Path):
    """Export the finished run in RUN_FOLDER as a Jekyll post."""
    click.echo(shown(write_post(run_folder, outputs / "blog")))


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


def count_option(name: str, text: str, default: int | None = None):
    """Make an option that takes a number of 1 or more."""
    return click.option(
        name, type=click.IntRange(min=1), default=default, metavar="N", show_default=True, help=text
    )


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


@command.command(
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
    from epochwatch.auditing import command as errand
    from epochwatch.auditing.table import show

    report = errand.audited(target, **asked)
    if as_json:
        click.echo(json.dumps(report.as_json()))
    else:
        show(report)
    if figure:
        errand.save_figure(report, figure)
    if not report.sound:
        sys.exit(FAILED)


def checked_parameters(notebook: str, given: tuple[str, ...]):
    """Check the parameters of a command line.

    Args:
        notebook: name of the notebook.
        given: texts of the form name=value.

    Returns:
        The checked parameters; the run is named `default` unless it is told otherwise.

    Raises:
        BadInput: the notebook or a name is unknown, or a value is not allowed.
    """
    model = parameters_of(notebook)
    texts = {"run_name": PUBLISHED_RUN}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise BadInput(f"-p: got {text!r}, allowed: NAME=VALUE, such as -p epochs=3")
        if name not in model.model_fields:
            raise BadInput(unknown_parameter(name, model.model_fields))
        texts[name] = value
    return model.from_text(texts)


def write_post(run_folder: Path, blog: Path) -> Path:
    """Export a finished run as a post.

    Args:
        run_folder: of the run.
        blog: folder of the blog.

    Returns:
        The post.

    Raises:
        BadInput: the run is not finished, or the notebook cannot be a post.
    """
    from epochwatch.publishing import export_post
    from epochwatch.runs.execute import NOTEBOOK
    from epochwatch.runs.run import RECORD

    if not (run_folder / RECORD).is_file():
        raise BadInput(f"{run_folder}: no finished run ({RECORD} is missing); run it first")
    return export_post(run_folder / NOTEBOOK, blog)


def summary(folder: Path, post: Path | None, seconds: float) -> str:
    """Write what a run found and where it is.

    Args:
        folder: of the finished run.
        post: the exported post, if there is one.
        seconds: wall time of everything.

    Returns:
        A few lines, at most 80 columns wide.
    """
    answer = json.loads((folder / "findings.json").read_text())["answer"]
    stages = json.loads((folder / "run.json").read_text())["stages"]
    published = shown(post) if post else f"none; epochwatch post {shown(folder)}"
    lines = [textwrap.fill(re.sub(r"\*+", "", answer), WIDTH), ""]
    lines += [f"figures  {shown(folder / 'figures')}", f"post     {published}"]
    stages["kernel and post"] = seconds - sum(stages.values())
    lines += [f"seconds  {seconds:5.1f}  in all, of which"]
    lines += [f"         {part:5.1f}  {stage}" for stage, part in stages.items()]
    return "\n".join(lines)


def shown(path: Path) -> Path:
    """Shorten a path for reading where it lies below this folder."""
    path = path.resolve()
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


class Terminated(SystemExit):
    """The end by a signal, told from a `sys.exit()` of the user's own code."""


def terminated(signum, frame):
    """End as on Ctrl-C, so that the kernel is shut down and nothing is left half made."""
    raise Terminated(128 + signum)


def interrupted(code: int):
    """End at once where a feed was being read: a thread that waits for it would not let us."""
    if "keras" in sys.modules:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def main():
    """Run the command, and tell what is wrong in one line."""
    signal.signal(signal.SIGTERM, terminated)
    try:
        command.main(standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        sys.exit(BAD_INPUT)
    except (BadInput, RecordingFailed, click.ClickException) as error:
        text = error.format_message() if isinstance(error, click.ClickException) else str(error)
        click.echo(f"epochwatch: {text}", err=True)
        sys.exit(BAD_INPUT)
    except (KeyboardInterrupt, click.Abort):
        interrupted(128 + signal.SIGINT)
    except Terminated:
        interrupted(128 + signal.SIGTERM)
    except RunFailed as error:
        click.echo(f"epochwatch: {error}", err=True)
        sys.exit(FAILED)
