"""`epochwatch post`: a finished run as a post."""

from pathlib import Path

import click

from epochwatch.cli.options import outputs_option, shown
from epochwatch.errors import BadInput


@click.command()
@click.argument("run_folder", type=click.Path(path_type=Path))
@outputs_option("Folder whose sub-folder blog the post is written to.")
def post(run_folder: Path, outputs: Path):
    """Export the finished run in RUN_FOLDER as a Jekyll post."""
    click.echo(shown(write_post(run_folder, outputs / "blog")))


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
