"""`epochwatch run`: one notebook, headless."""

import json
import sys
import textwrap
import time
from pathlib import Path

import click

from epochwatch._cli.options import WIDTH, plain, shown
from epochwatch.errors import BadInput, RunFailed
from epochwatch_lab._cli.options import outputs_option, timeout_option
from epochwatch_lab._cli.post import PUBLISHED_RUN, write_post
from epochwatch_lab.runs.parameters import NOTEBOOKS, parameters_of, unknown_parameter


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


@click.command(cls=RunCommand)
@click.argument("notebook", required=False)
@click.option(
    "-p", "given", multiple=True, metavar="NAME=VALUE", help="Set a parameter. Repeatable."
)
@click.option(
    "--sweep",
    "sweep_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Take one run of a sweep.",
)
@click.option("--id", "run_id", metavar="ID", help="Which; epochwatch sweep --dry-run lists them.")
@click.option("--force", is_flag=True, help="Make the run of a sweep also if it is finished.")
@timeout_option
@outputs_option("Folder that the run is written to.")
def run(notebook, given, sweep_file, run_id, force, timeout, outputs):
    """Run NOTEBOOK headless, and say what it found.

    A run named `default` is also exported as a post, to the folder blog under --outputs.

    With --sweep and --id, make one run of a sweep, if it is not finished: so any scheduler can
    take them one by one.
    """
    from epochwatch_lab.runs.execute import Limits, execute

    begin = time.perf_counter()
    if sweep_file or run_id:
        if notebook or given:
            raise BadInput(
                "run: got --sweep or --id beside a notebook or -p, allowed: one of the two"
            )
        run_of_sweep(sweep_file, run_id, outputs, timeout, again=force)
        return
    if force:
        raise BadInput("--force: got it without --sweep, allowed: with it; a named run is replaced")
    if not notebook:
        raise BadInput(
            f"NOTEBOOK: is missing, allowed: {', '.join(NOTEBOOKS)}; or --sweep and --id"
        )
    parameters = checked_parameters(notebook, given)
    show_bar = sys.stderr.isatty()
    folder = execute(parameters, outputs, progress=show_bar, limits=Limits(timeout=timeout))
    post = None
    if parameters.run_name == PUBLISHED_RUN:
        post, _ = write_post(folder, outputs / "blog")
    click.echo(summary(folder, post, time.perf_counter() - begin))


def run_of_sweep(
    file: Path | None, run_id: str | None, outputs: Path, timeout: int | None, *, again: bool
):
    """Make one run of a sweep.

    Raises:
        BadInput: one of the two is missing, or names nothing.
        RunFailed: the run failed.
    """
    from epochwatch_lab.runs import attempt, driver, sweep

    if not (file and run_id):
        raise BadInput("run: got one of --sweep and --id, allowed: both, or a notebook")
    asked = sweep.read_sweep(file)
    request = sweep.find(asked, run_id)
    errand = {"executor": driver.LOCAL, "timeout": timeout, "again": again}
    with driver.workers(outputs, jobs=1, **errand) as make:
        (outcome,) = driver.drive(make, [request])
    if outcome.state == attempt.FAILED:
        raise RunFailed(outcome.reason)
    folder = shown(outputs / asked.notebook / request.parameters.run_name)
    click.echo(f"{outcome.state}  {outcome.id}  {asked.named(request)}  {folder}")


def checked_parameters(notebook: str, given: tuple[str, ...]):
    """Check the parameters of a command line.

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


def summary(folder: Path, post: Path | None, seconds: float) -> str:
    """Write what a run found and where it is."""
    answer = json.loads((folder / "findings.json").read_text())["answer"]
    stages = json.loads((folder / "run.json").read_text())["stages"]
    published = shown(post) if post else f"none; epochwatch post {shown(folder)}"
    lines = [textwrap.fill(plain(answer), WIDTH), ""]
    lines += [f"figures  {shown(folder / 'figures')}", f"post     {published}"]
    stages["kernel and post"] = seconds - sum(stages.values())
    lines += [f"seconds  {seconds:5.1f}  in all, of which"]
    lines += [f"         {part:5.1f}  {stage}" for stage, part in stages.items()]
    return "\n".join(lines)
