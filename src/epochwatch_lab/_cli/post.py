"""`epochwatch post`: a finished run as a post."""

import re
from pathlib import Path

import click

from epochwatch._cli.options import shown
from epochwatch.errors import BadInput
from epochwatch_lab._cli.options import outputs_option
from epochwatch_lab.post import FLAVORS, LINKS

PUBLISHED_RUN = "default"


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

    What is not said is taken from the notebook's metadata, the excerpt from its answer. The
    run's name is added to the slug, unless it is `default`.
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
    from epochwatch_lab.post import export_post
    from epochwatch_lab.runs.record import NOTEBOOK, damaged_files, read_record

    record = read_record(run_folder)
    lacking = damaged_files(run_folder, record)
    if lacking:
        raise BadInput(
            f"{run_folder}: no finished run ({', '.join(lacking)} missing or damaged); run it first"
        )
    if record["run"] != PUBLISHED_RUN:
        options.setdefault("slug", slug_of(run_folder / NOTEBOOK, record["run"]))
    return export_post(run_folder / NOTEBOOK, blog, **options)


def slug_of(notebook: Path, run_name: str) -> str | None:
    """Name the post of a run that is not the published one; None where its notebook has no name."""
    from epochwatch._files import read_json

    said = read_json(notebook) or {}
    slug = said.get("metadata", {}).get("epochwatch", {}).get("slug")
    return slug and re.sub(r"[^a-z0-9]+", "-", f"{slug}-{run_name}".lower()).strip("-")
