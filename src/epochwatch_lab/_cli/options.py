"""Options that several of the laboratory's commands have."""

from pathlib import Path

import click

from epochwatch._cli.options import count_option
from epochwatch_lab.runs import project


def outputs_option(text: str):
    """Make the option --outputs, which all commands that write have."""
    return click.option(
        "--outputs",
        type=click.Path(path_type=Path),
        default=project.OUTPUTS,
        metavar="DIR",
        help=f"{text}  [default: outputs]",
    )


timeout_option = count_option(
    "--timeout", "Seconds that a cell may take.  [default: as long as it takes]"
)
