"""The command `epochwatch`: thin, every errand is done by the package.

Exit codes: 0 sound, 1 a failed run, 2 bad input, 130 and 143 interrupted.
"""

import json
import re
import signal
import sys
import textwrap
import time
from pathlib import Path

import click

import epochwatch
from epochwatch.errors import BadInput, RunFailed
from epochwatch.runs import project
from epochwatch.runs.parameters import NOTEBOOKS, parameters_of, unknown_parameter

BAD_INPUT, FAILED = 2, 1
PUBLISHED_RUN = "default"
WIDTH = 80


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDTH})
@click.version_option(epochwatch.__version__, prog_name="epochwatch")
def command():
    """Know exactly which samples Keras' model.fit() trained on."""


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


def terminated(signum, frame):
    """End as on Ctrl-C, so that the kernel is shut down and nothing is left half made."""
    raise SystemExit(128 + signum)


def main():
    """Run the command, and tell what is wrong in one line."""
    signal.signal(signal.SIGTERM, terminated)
    try:
        command.main(standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        sys.exit(BAD_INPUT)
    except (BadInput, click.ClickException) as error:
        text = error.format_message() if isinstance(error, click.ClickException) else str(error)
        click.echo(f"epochwatch: {text}", err=True)
        sys.exit(BAD_INPUT)
    except (KeyboardInterrupt, click.Abort):
        sys.exit(128 + signal.SIGINT)
    except RunFailed as error:
        click.echo(f"epochwatch: {error}", err=True)
        sys.exit(FAILED)
