"""Which trainings come out identical, whenever they are killed: `python -m tests.resuming.matrix`.

Each kill is of an undisturbed training, which is then run again: after every step, at the begin and
the end of every epoch and of the training, after every batch of a validation, before and after
whatever is done to a file; and a chain, in which the training is killed after every step in turn.
"""

import collections
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
from rich.console import Console
from rich.table import Table

from tests.resuming.how import RESUMABLE
from tests.resuming.runs import Ended, Server, run_server

# Kinds of kills, and how the names of their events begin.
KINDS = {
    "steps": ("step ",),
    "epochs": ("epoch ", "train "),
    "validation": ("validation ",),
    "files": ("before ", "after "),
}
CHAIN = "chain"


class Kill(NamedTuple):
    """A training that was killed, and what came of it.

    Attributes:
        script: its name.
        kind: of `KINDS`, or "chain".
        at: the events at which it was killed.
        kills: how many processes were killed.
        verdict: "exact", what differs, or why it failed.
    """

    script: str
    kind: str
    at: str
    kills: int
    verdict: str


def kills_of(
    server: Server, script: str, how: tuple, kinds: tuple, every: int = 1
) -> Iterator[Kill]:
    """Kill a training in every way of these kinds; one that cannot be had is a single line."""
    undisturbed = server.train(script, how)
    if undisturbed.failure:
        yield Kill(script, "undisturbed", "", 0, undisturbed.failure)
        return
    for kind in kinds:
        for kills in kills_of_kind(undisturbed, kind, every):
            ended = server.train(script, how, kills, settled=kind in (CHAIN, "steps"))
            verdict = ended.verdict(undisturbed)
            # Threads may do less to files the next time, and then there is nothing to be killed at.
            if ended.kills == len(kills) or kind != "files":
                yield Kill(script, kind, ", ".join(kills), ended.kills, verdict)


def kills_of_kind(undisturbed: Ended, kind: str, every: int = 1) -> list[list[str]]:
    """Return the events at which the processes of each training are killed."""
    names = undisturbed.events_named(*KINDS["steps" if kind == CHAIN else kind])
    chosen = names[(len(names) - 1) % every :: every]  # the last is one of them
    return [chosen] if kind == CHAIN else [[name] for name in chosen]


def table_of(kills: list[Kill], kinds: tuple) -> Table:
    """Count the exact ones among those tried."""
    table = Table("script", *kinds, "otherwise")
    for script in dict.fromkeys(kill.script for kill in kills):
        own = [kill for kill in kills if kill.script == script]
        table.add_row(script, *(exact_of(own, kind) for kind in kinds), otherwise(own))
    return table


def exact_of(kills: list[Kill], kind: str) -> str:
    own = [kill for kill in kills if kill.kind == kind]
    exact = sum(kill.kills for kill in own if kill.verdict == "exact")
    return f"{exact} of {sum(kill.kills for kill in own)}" if own else ""


def otherwise(kills: list[Kill]) -> str:
    counts = collections.Counter(kill.verdict for kill in kills if kill.verdict != "exact")
    return "; ".join(f"{count} × {verdict.splitlines()[-1]}" for verdict, count in counts.items())


@click.command()
@click.argument("named", nargs=-1)
@click.option("--kinds", default=",".join([CHAIN, *KINDS]), help="of kills, with commas between")
@click.option("--every", default=1, help="leave out kills between")
@click.option("--save-freq", default="1", help="a number of steps, or epoch")
@click.option("--first", default="watch", type=click.Choice(["watch", "resumable", "alone"]))
@click.option("--untried", is_flag=True, help="allow a release of Keras that was never tried")
@click.option("--out", type=click.Path(path_type=Path), help="file for a line of JSON a kill")
def main(named, kinds, every, save_freq, first, untried, out):
    """Kill the trainings whose script has one of these words in its name, or all."""
    from tests.resuming.scripts import SCRIPTS

    frequency = int(save_freq) if save_freq.isdigit() else save_freq
    how = RESUMABLE._replace(save_freq=frequency, first=first, untried=untried)
    kinds = tuple(kinds.split(","))
    kills: list[Kill] = []
    with run_server() as server:
        for script in SCRIPTS:
            if named and not any(word in script for word in named):
                continue
            for kill in kills_of(server, script, how, kinds, every):
                kills.append(kill)
                if out:
                    with out.open("a") as lines:
                        print(json.dumps(kill._asdict()), file=lines)
    Console(width=None if Console().is_terminal else 140).print(table_of(kills, kinds))
    raise SystemExit(any(kill.verdict != "exact" for kill in kills))


if __name__ == "__main__":
    main()
