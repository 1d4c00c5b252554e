"""`epochwatch post`: finished runs as posts."""

import re
from pathlib import Path

import click

from epochwatch._cli.options import shown
from epochwatch._extras import missing_extras_named
from epochwatch._files import read_json
from epochwatch.errors import BadInput
from epochwatch_lab._cli.options import outputs_option
from epochwatch_lab.post import FLAVORS, LINKS

PUBLISHED_RUN = "default"
NOT_PUBLISHED = (
    "not published yet: Jekyll leaves out what says `published: false`; pass --published"
)
OF_ONE_POST = ("title", "date", "slug", "excerpt")  # two posts cannot share them


@click.command()
@click.argument("run_folders", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--title", metavar="TEXT", help="One line.")
@click.option("--date", metavar="DATE", help="Such as 2026-11-23.")
@click.option("--slug", metavar="NAME", help="The post's name in its address.")
@click.option("--tags", metavar="A,B", help="Words to find it by.")
@click.option("--published/--draft", default=None, help="Have Jekyll show it, or leave it out.")
@click.option("--excerpt", metavar="TEXT", help="The post in a sentence or two.")
@click.option("--links", type=click.Choice(LINKS), help="How Jekyll finds images.")
@click.option("--pages", metavar="URL", help="Where `make site` is served.  [/epochwatch]")
@click.option("--flavor", type=click.Choice(FLAVORS), help="Who shows it.  [default: both]")
@click.option("--skip-missing", is_flag=True, help="Skip runs that do not exist, with a note.")
@outputs_option("Folder whose sub-folder blog the posts are written to.")
def post(run_folders: tuple[Path, ...], outputs: Path, skip_missing: bool, **given):
    """Export the finished run in each of RUN_FOLDERS as a post, for Jekyll and for GitHub.

    Defaults come from the notebook's metadata, and the excerpt from its answer.
    Jekyll leaves a post out until --published is given, or the metadata says so. The run's name
    is added to the slug, unless it is `default`.
    """
    options = exporter_options(**given)
    shared = [name for name in OF_ONE_POST if name in options]
    if shared and len(run_folders) > 1:
        raise BadInput(
            f"--{shared[0]}: got it for {len(run_folders)} runs, allowed: for one; export that "
            "run by itself"
        )
    drafts = False
    for folder in run_folders:
        if skip_missing and not folder.exists():
            click.echo(f"{shown(folder)}: not run yet, its post stays as it is", err=True)
            continue
        for path in write_post(folder, outputs / "blog", **options):
            click.echo(shown(path))
            drafts |= is_draft(path)
    if drafts:
        click.echo(NOT_PUBLISHED, err=True)


def is_draft(post_path: Path) -> bool:
    """Whether Jekyll leaves a post out."""
    front_matter = post_path.read_text(encoding="utf-8").split("\n---\n")[0]
    return front_matter.startswith("---\n") and "\npublished: false " in front_matter


def exporter_options(tags: str | None, flavor: str | None, **given) -> dict:
    """Keep what was given on the command line, as `export_post` takes it."""
    options = {key: value for key, value in given.items() if value is not None}
    if tags is not None:
        options["tags"] = [tag.strip() for tag in tags.split(",") if tag.strip()]
    if flavor:
        options["flavors"] = [flavor]
    return options


def write_post(run_folder: Path, blog: Path, **options) -> list[Path]:
    """Export a finished run as a post.

    Raises:
        BadInput: the run is not finished, the notebook cannot be a post, or a package that
            this needs is not installed.
    """
    with missing_extras_named("post", extra="post"):
        from epochwatch_lab._runs.record import NOTEBOOK, damaged_files, read_record
        from epochwatch_lab.post import export_post

    record = read_record(run_folder)
    lacking = damaged_files(run_folder, record)
    if lacking:
        raise BadInput(
            f"{run_folder}: no finished run ({', '.join(lacking)} missing or damaged); run it first"
        )
    if record["run"] != PUBLISHED_RUN:
        options.setdefault("slug", trial_slug(run_folder / NOTEBOOK, record["run"]))
    return export_post(run_folder / NOTEBOOK, blog, **options)


def trial_slug(notebook: Path, run_name: str) -> str | None:
    """Name the post of a run that is not the published one; None where its notebook has no name."""
    metadata = (read_json(notebook) or {}).get("metadata", {})
    slug = metadata.get("epochwatch", {}).get("slug")
    return slug and re.sub(r"[^a-z0-9]+", "-", f"{slug}-{run_name}".lower()).strip("-")
