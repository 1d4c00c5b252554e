"""`epochwatch post`: a finished run as a post."""

from pathlib import Path

import click

from epochwatch.cli.options import outputs_option, shown
from epochwatch.errors import BadInput
from epochwatch.publishing import FLAVORS, LINKS


@click.command()
@click.argument("run_folder", type=click.Path(path_type=Path))
@click.option("--title", metavar="TEXT", help="One line.")
@click.option("--date", metavar="DATE", help="Such as 2026-11-23.")
@click.option("--slug", metavar="NAME", help="The post's name in its address.")
@click.option("--tags", metavar="A,B", help="Words to find it by.")
@click.option("--published/--draft", default=None, help="Whether Jekyll shows it.")
@click.option("--excerpt", metavar="TEXT", help="The post in a sentence.")
@click.option("--links", type=click.Choice(LINKS), help="How Jekyll finds images.")
@click.option("--flavor", type=click.Choice(FLAVORS), help="Who shows it.  [default: both]")
@outputs_option("Folder whose sub-folder blog the post is written to.")
def post(run_folder: Path, outputs: Path, flavor: str | None, tags: str | None, **said):
    """Export the finished run in RUN_FOLDER as a post, for Jekyll and for reading on GitHub.

    What is not said is taken from the notebook's metadata, the excerpt from its answer.
    """
    options = {key: value for key, value in said.items() if value is not None}
    if tags is not None:
        options["tags"] = [tag.strip() for tag in tags.split(",") if tag.strip()]
    if flavor:
        options["flavors"] = [flavor]
    for path in write_post(run_folder, outputs / "blog", **options):
        click.echo(shown(path))


def write_post(run_folder: Path, blog: Path, **options) -> list[Path]:
    """Export a finished run as a post.

    Raises:
        BadInput: the run is not finished, or the notebook cannot be a post.
    """
    from epochwatch.publishing import export_post
    from epochwatch.runs.execute import NOTEBOOK
    from epochwatch.runs.run import RECORD

    if not (run_folder / RECORD).is_file():
        raise BadInput(f"{run_folder}: no finished run ({RECORD} is missing); run it first")
    return export_post(run_folder / NOTEBOOK, blog, **options)
