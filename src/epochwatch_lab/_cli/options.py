"""What several of the laboratory's commands have in common."""

from pathlib import Path

import click

from epochwatch._cli.options import count_option
from epochwatch._extras import missing_extras_named
from epochwatch_lab._runs import project


class LabCommand(click.Command):
    """A command that says in one line which extra brings what it lacks."""

    def make_context(self, info_name, args, parent=None, **extra):
        """Read the command's arguments; its help may need a package, too."""
        with missing_extras_named(info_name):
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx):
        _, _, words = ctx.command_path.partition(" ")  # without the program's name
        with missing_extras_named(words or ctx.info_name):
            return super().invoke(ctx)


def outputs_option(text: str):
    """Make the option --outputs, which all commands that write have."""
    return click.option(
        "--outputs",
        type=click.Path(path_type=Path),
        default=project.default_outputs,
        metavar="DIR",
        help=f"{text}  [default: outputs]",
    )


timeout_option = count_option("--timeout", "Seconds that one cell may take.  [default: no limit]")
