"""Write outputs/site: the atlas as one page to search, the guide, and the rendered notebooks."""

import sys

from epochwatch.errors import BadInput
from epochwatch_lab._runs import project
from epochwatch_lab._runs.notebooks import NOTEBOOKS
from epochwatch_lab._site.build import build_site


def main() -> None:
    """Build the site, and list what is in it."""
    outputs = project.ROOT / "outputs"
    built = build_site(project.ROOT / "atlas", project.ROOT / "docs", outputs, outputs / "site")
    for notebook in built.notebooks:
        source = "run" if notebook.from_run else "post"
        print(f"{notebook.name}: from its {source}")
    for name in NOTEBOOKS.keys() - {notebook.name for notebook in built.notebooks}:
        print(f"{name}: left out, has no post; `epochwatch run {name}` makes a run of it")
    size = sum(path.stat().st_size for path in built.index.parent.rglob("*") if path.is_file())
    index_size = built.index.stat().st_size
    print(f"{built.cells:,} cells, {index_size / 1e6:.1f} MB; in all {size / 1e6:.1f} MB")
    print(built.index.relative_to(project.ROOT))


if __name__ == "__main__":
    try:
        main()
    except BadInput as refusal:
        print(f"build_site: {refusal}", file=sys.stderr)
        sys.exit(2)
