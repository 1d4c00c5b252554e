"""Audit as many cases as are asked for: python -m tests.fuzz --cases 1000 --seed 0."""

import logging
import tempfile

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table

CONSOLE = Console()


@click.command()
@click.option("--cases", default=1_000, type=click.IntRange(1), help="feeds that are audited")
@click.option("--seed", default=0, help="number of the first case")
def main(cases: int, seed: int):
    """Audit feeds drawn by chance, and train watched twins, one for every ten of them."""
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    # They choose the backend, by what the environment says.
    from tests.fuzz import comparison, twins
    from tests.fuzz.random_cases import random_case

    outcomes, faults = [], 0
    try:
        for number in shown(range(seed, seed + cases), "feeds"):
            outcomes.append(comparison.outcome_of(random_case(number)))
            faults += print_faults(str(outcomes[-1]), outcomes[-1].faults)
        for number in shown(range(seed, seed + cases // 10), "twins"):
            drawn = twins.random_twins(number)
            with tempfile.TemporaryDirectory() as folder:
                differing = twins.differences(drawn, f"{folder}/log")
            faults += print_faults(f"{drawn!r}: {'; '.join(differing)}", differing)
    finally:  # whoever interrupts it sees what there is
        CONSOLE.print(table_of(outcomes))
        CONSOLE.print(f"{len(outcomes)} feeds, {faults} with faults, twins among them")
    raise SystemExit(bool(faults))


def shown(numbers, what: str):
    """Go through numbers, with a bar where somebody looks."""
    return track(numbers, what, console=CONSOLE, disable=not CONSOLE.is_terminal)


def print_faults(line: str, faults: list[str]) -> bool:
    """Print a line where there are faults."""
    if faults:
        CONSOLE.print(line, soft_wrap=True, markup=False, highlight=False)
    return bool(faults)


def table_of(outcomes) -> Table:
    """Count the cases by feed and what was said of it."""
    from tests.fuzz.comparison import by_group

    table = Table("feed", "said", "cases")
    for (kind, said), count in by_group(outcomes).items():
        table.add_row(kind, said, str(count))
    return table


if __name__ == "__main__":
    main()
