"""`epochwatch run`: one notebook, headless."""

import contextlib
import json
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import click

from epochwatch._cli.options import WIDTH, plain, shown
from epochwatch.errors import BadInput, RunFailed
from epochwatch_lab._cli.options import LabCommand, outputs_option, timeout_option
from epochwatch_lab._runs import project

DEFAULT_RUN = "default"  # the name of a run that is given none
NOTEBOOK_ASKED_FOR = "epochwatch_lab.notebook"


class RunCommand(LabCommand):
    """`epochwatch run`, whose help shows the parameters of the notebook that is named."""

    def parse_args(self, ctx, args):
        """Note the notebook before the help, which is printed as soon as it is asked for."""
        there = project.notebook_names()
        ctx.meta[NOTEBOOK_ASKED_FOR] = next((word for word in args if word in there), None)
        return super().parse_args(ctx, args)

    def format_epilog(self, ctx, formatter):
        """Write the notebooks, or one's parameters, as click writes options."""
        notebook = ctx.meta.get(NOTEBOOK_ASKED_FOR)
        if notebook is None:
            with formatter.section("Notebooks (run NOTEBOOK --help lists the parameters of one)"):
                formatter.write_dl([(name, title_of(name)) for name in project.notebook_names()])
            return
        from epochwatch_lab._runs.notebooks import parameters_of

        model = parameters_of(notebook)
        usual = model(run_name=DEFAULT_RUN).model_dump()
        with formatter.section(f"Parameters of {notebook} (-p NAME=VALUE)"):
            formatter.write_dl(
                [
                    (name, f"{field.description}: {model.allowed(name)}  [default: {usual[name]}]")
                    for name, field in model.model_fields.items()
                ]
            )


def title_of(notebook: str) -> str:
    """Read the question that a notebook asks."""
    first = next(c for c in project.cells_of(project.notebook_path(notebook)) if c.source)
    return first.source.partition("\n")[0].removeprefix("# ")


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
    help="Make one run of this sweep; needs --id.",
)
@click.option(
    "--id", "run_id", metavar="ID", help="Id of that run; epochwatch sweep --dry-run lists them."
)
@click.option("--force", is_flag=True, help="Make the run of a sweep again if it is finished.")
@timeout_option
@outputs_option("Folder that the run is written to.")
def run(notebook, given, sweep_file, run_id, force, timeout, outputs):
    """Run NOTEBOOK without a browser, and print its answer.

    The run writes everything, its post too, into the folder NOTEBOOK/RUN under --outputs.
    RUN is the parameter run_name.

    With --sweep and --id it makes one run of a sweep, unless that is finished. This lets any
    scheduler make the runs one by one.
    """
    from epochwatch_lab._runs.execute import Limits, execute, folder_of

    begin = time.perf_counter()
    if sweep_file or run_id:
        if notebook or given:
            raise BadInput(
                "run: got --sweep or --id together with a notebook or -p, allowed: one of the two"
            )
        run_of_sweep(sweep_file, run_id, outputs, timeout, again=force)
        return
    if force:
        raise BadInput("--force: got it without --sweep; leave it out: a run is always made again")
    if not notebook:
        allowed = ", ".join(project.notebook_names())
        raise BadInput(f"NOTEBOOK: got none, allowed: {allowed}; or give --sweep and --id")
    parameters = checked_parameters(notebook, given)
    show_bar = sys.stderr.isatty()
    with what_is_kept(folder_of(parameters, outputs)):
        folder = execute(parameters, outputs, progress=show_bar, limits=Limits(timeout=timeout))
    click.echo(summary(folder, time.perf_counter() - begin))


@contextlib.contextmanager
def what_is_kept(folder) -> Iterator[None]:
    """Describe what an interrupted run has left, and what is there of an earlier one."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        part = f"the unfinished run is in {shown(folder.failed)}" if folder.failed.exists() else ""
        earlier = f"the earlier run is unchanged in {shown(folder.final)}"
        kept = [part, earlier if folder.final.exists() else ""]
        click.echo(
            f"stopped; {', and '.join(filter(None, kept)) or 'nothing was written'}", err=True
        )
        raise


def run_of_sweep(
    file: Path | None, run_id: str | None, outputs: Path, timeout: int | None, *, again: bool
):
    """Make one run of a sweep.

    Raises:
        BadInput: one of the two is missing, or names nothing.
        RunFailed: the run failed.
    """
    from epochwatch_lab._cli.sweep import tell_if_edited
    from epochwatch_lab._runs import driver, execute, sweep

    if not (file and run_id):
        raise BadInput("run: got only one of --sweep and --id, allowed: both, or a notebook")
    asked = sweep.read_sweep(file, outputs)
    planned = sweep.find(asked, run_id)
    tell_if_edited(asked)
    errand = {"executor": driver.LOCAL, "timeout": timeout, "again": again}
    folder = execute.folder_of(planned.parameters, outputs)
    with what_is_kept(folder), driver.workers(outputs, jobs=1, **errand) as make:
        (outcome,) = driver.drive(make, sweep.begin(asked, [planned], outputs))
    if outcome.state == driver.FAILED:
        raise RunFailed(outcome.reason)
    click.echo(f"{outcome.state}  {outcome.id}  {asked.named(planned)}  {shown(folder.final)}")


def checked_parameters(notebook: str, given: tuple[str, ...]):
    """Check the parameters of a command line.

    Raises:
        BadInput: the notebook or a name is unknown, or a value is not allowed.
    """
    from epochwatch_lab._runs.notebooks import parameters_of
    from epochwatch_lab._runs.parameters import unknown_parameter

    model = parameters_of(notebook)
    texts = {"run_name": DEFAULT_RUN}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise BadInput(f"-p: got {text!r}, allowed: NAME=VALUE, such as -p epochs=3")
        if name not in model.model_fields:
            raise BadInput(unknown_parameter(name, model.model_fields))
        texts[name] = value
    return model.from_text(texts)


def summary(folder: Path, seconds: float) -> str:
    """Write what a run found and where it is."""
    answer = json.loads((folder / "findings.json").read_text(encoding="utf-8"))["answer"]
    stages = json.loads((folder / "run.json").read_text(encoding="utf-8"))["stages"]
    lines = [textwrap.fill(plain(answer), WIDTH), ""]
    lines += [f"figures  {shown(folder / 'figures')}", f"post     {post_in(folder)}"]
    stages["kernel and post"] = seconds - sum(stages.values())
    lines += [f"seconds  {seconds:5.1f}  in all, of which:"]
    lines += [f"         {part:5.1f}  {stage}" for stage, part in stages.items()]
    return "\n".join(lines)


def post_in(folder: Path) -> str:
    """Point to a run's post, or to the reason why there is none."""
    from epochwatch_lab._runs.record import POST, REASON

    reason = folder / POST / REASON
    if reason.is_file():
        return f"none: {reason.read_text(encoding='utf-8').strip()}"
    posts = sorted((folder / POST / "_github").glob("*.md"))
    return str(shown(posts[0])) if posts else "none: the notebook is not meant to be a post"
