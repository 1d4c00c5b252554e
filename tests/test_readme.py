"""README is short and leads on, and its facts, with those of the guide, are what was measured."""

import ast
import json
import re
import statistics

import pytest
import yaml

from epochwatch._text import percent
from epochwatch_lab._atlas.releases import CELLS
from epochwatch_lab._runs import project
from epochwatch_lab._runs.sweep import read_sweep
from tests.recipes import PAGES, block_with

README = (project.ROOT / "README.md").read_text()
DOCS = project.ROOT / "docs"


def statements(code):
    """List what a recipe does besides importing."""
    return [one for one in ast.parse(code).body if not isinstance(one, ast.Import)]


def test_the_readme_is_read_in_a_few_minutes():
    assert len(README.split()) <= 1_000
    assert len(statements(block_with("epochwatch.watch").code)) == 6
    assert len(block_with("epochwatch audit").code.splitlines()) == 2


def test_the_readme_links_to_each_page_of_the_guide():
    linked = set(re.findall(r"\]\(docs/(\w+)\.md", README))
    assert linked == {page.stem for page in DOCS.glob("*.md")}


def test_each_piece_of_advice_is_backed_by_the_numbers_of_the_run_it_links_to():
    section = README.partition("## What to do with an imbalanced data set")[2].partition("\n## ")[0]
    advice = re.findall(r"^\d+\. \*\*\[[^]]+\]\(([^)]+)\)\*\*\s+(.*)", section, re.MULTILINE)
    assert len(advice) == 10
    for post, text in advice:
        found = (project.ROOT / post).read_text().replace("+", "").replace("-", "")
        numbers = re.findall(r"\d[\d,.]*\d%?|\d%?", text)
        assert numbers
        for number in numbers:
            assert re.search(rf"(?<![\d.,]){re.escape(number)}(?![\d%])", found), (
                f"{number}: {text}"
            )


def table_rows(page, first):
    """Read the rows of the page's table whose header begins with these cells."""
    table = page.partition(f"| {first} |")[2].partition("\n\n")[0]
    return [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]


def test_the_ways_to_balance_are_as_they_were_measured():
    ways = json.loads((project.ROOT / "bench" / "samplers.json").read_text())["ways"]
    page = (DOCS / "balanced_batches.md").read_text()
    counted = table_rows(page, "way | batches exactly half")
    timed = table_rows(page, "way | samples a second")
    assert {row[0] for row in counted} == {row[0] for row in timed} == set(ways)
    for name, exact, seen, until, repeats in counted:
        way = ways[name]
        assert exact == percent(way["exact"])
        assert seen == percent(way["coverage"]["10"])
        assert until == str(way["epochs until all"] or f"over {way['minority epochs']}")
        assert repeats == f"{way['repeats before all were seen']:,}"
    for name, speed, resumes in timed:
        assert speed == f"{statistics.median(ways[name]['samples a second']):,.0f}"
        assert ways[name]["resumable"].startswith(
            {"no": "no: ", "6 integers": "yes: 6"}.get(resumes, "only")
        )
    never = round(ways["imbalanced-learn, Keras"]["coverage"]["10"] * 53_258)
    assert f"{never} of 53,258, and repeats only these" in page


def processor_seconds(rounds):
    """CPU seconds that counts and coverage take together, the median of some rounds."""
    took = ("counts took", "coverage took")
    return statistics.median(sum(one[each]["CPU seconds"] for each in took) for one in rounds)


def test_what_large_logs_take_is_as_it_was_measured():
    sizes = json.loads((project.ROOT / "bench" / "scale.json").read_text())["sizes"]
    page = (DOCS / "reading_logs.md").read_text()
    rows = table_rows(page, "exposures | on disk")
    assert [row[0] for row in rows] == [f"{exposures:,}" for exposures in sorted(map(int, sizes))]
    for exposures, on_disk, *cells in rows:
        size = sizes[exposures.replace(",", "")]
        assert on_disk == f"{size['bytes'] / 1e9:.2g} GB, {size['parts']:,} parts"
        for cell, rounds in zip(cells, size["rounds"].values(), strict=True):
            memory = max((most for one in rounds for most in one["peak MiB"]), default=0)
            assert cell == (
                f"{processor_seconds(rounds):,.0f} s, {memory:,} MiB" if rounds else "–"
            )
    assert f"{sizes['1000000000']['bytes'] / 1e7:.0f} GB" in page
    for engine in ("ExposureLog", "dask"):
        asked = max(int(exposures) for exposures in sizes if sizes[exposures]["rounds"][engine])
        seconds = processor_seconds(sizes[str(asked)]["rounds"][engine])
        assert f"{seconds * 10**11 / asked / 3600:.1f}" in page  # hours, for 10^11


def test_what_a_step_of_a_shard_costs_is_as_it_was_measured():
    costs = json.loads((project.ROOT / "bench" / "scale.json").read_text())["sampler"]["costs"]
    page = (DOCS / "balanced_batches.md").read_text()
    times = [round(cost["microseconds"]) for cost in costs]
    assert f"{min(times)} to {max(times)} microseconds" in " ".join(page.split())


def test_the_guide_shows_a_sweep_as_it_is():
    page = (DOCS / "sweeps_and_clusters.md").read_text()
    (shown,) = re.findall(r"```yaml\n# sweeps/digits\.yaml: .*?\n(.*?)```", page, re.DOTALL)
    file = project.ROOT / "sweeps" / "digits.yaml"
    assert yaml.safe_load(shown) == yaml.safe_load(file.read_text())
    many = len(read_sweep(file, project.ROOT / "outputs").planned)
    assert f"--array=1-{many}" in page


def anchors(page):
    """List the anchors that GitHub gives to a page's headings."""
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_and_picture_resolves(page):
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.S)
    missing = []
    for bracketed, plain in re.findall(r"\]\((?:<([^>]+)>|([^)\s]+))\)", text):
        path, _, anchor = (target := bracketed or plain).partition("#")
        file = page.parent / path if path else page
        if path == CELLS:
            continue  # on the site, whose tests know the cells
        if "://" not in target and not (file.exists() and (not anchor or anchor in anchors(file))):
            missing.append(target)
    assert "_posts" not in page.read_text()  # their names begin with a date, and change
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_tables_fit_a_page_of_github(page):
    rows = [line for line in page.read_text().splitlines() if line.startswith("|")]
    assert all(line.strip("|").count(" | ") < 5 for line in rows)
