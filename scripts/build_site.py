"""Write outputs/site: guide, atlas, posts, reproductions and API, as one site without a network."""

import sys

from rich.console import Console

from epochwatch.errors import BadInput
from epochwatch_lab._runs import project
from epochwatch_lab._runs.notebooks import NOTEBOOKS
from epochwatch_lab._site.build import build_site


def main() -> None:
    """Build the site, and list what is in it."""
    outputs = project.ROOT / "outputs"
    with Console(stderr=True).status("the site: under a minute …"):
        built = build_site(project.ROOT, outputs, outputs / "site")
    for post in built.posts:
        print(f"{post.slug}: {'from the run of this machine' if post.from_run else 'as published'}")
    if missing := len(NOTEBOOKS) - len(built.posts):
        print(f"{missing} of {len(NOTEBOOKS)} notebooks left out: neither a post nor a default run")
    size = sum(path.stat().st_size for path in built.index.parent.rglob("*") if path.is_file())
    print(f"{built.index.relative_to(project.ROOT)}, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    try:
        main()
    except BadInput as refusal:
        print(f"build_site: {refusal}", file=sys.stderr)
        sys.exit(2)
