"""`epochwatch explain`: what fit is expected to do to a feed, without training."""

import json
from typing import Any

import click

from epochwatch._auditing.request import ENDLESS, KINDS, OF_KIND
from epochwatch._cli import fit_options, user_code
from epochwatch._cli.options import count_option
from epochwatch.errors import BadInput

# `--seed` says whether it is seeded.
OPTIONS_OF_KIND = tuple(name for name in OF_KIND if name != "seeded")


@click.command(
    cls=fit_options.GroupedCommand,
    groups={
        fit_options.TITLE: fit_options.NAMES,
        "A kind of feed, without TARGET": ("feed", *OPTIONS_OF_KIND),
        "What is written": ("as_json",),
    },
    epilog="""\b
Examples:
  epochwatch explain feeds.py:make_feed --steps-per-epoch 40
  epochwatch explain my.data:train --epochs 3 --fits 2 --json
  epochwatch explain --feed generator --steps-per-epoch 3
  epochwatch explain --feed arrays --seed 1 --keras 3.12 --backend jax

Exit codes: 0 explained, 2 bad input.""",
)
@click.argument("target", required=False)
@fit_options.fit_options
@count_option(
    "--epochs",
    "Epochs, as in fit.  [default: 1; with --feed 5, or 2 in each of several fits]",
)
@click.option("--feed", type=click.Choice(KINDS), help="What kind of feed it is.")
@count_option("--batches", "Batches in a pass of the feed.", word=ENDLESS)
@click.option("--uncounted", is_flag=True, default=None, help="It does not tell Keras how many.")
@click.option("--shuffles", is_flag=True, default=None, help="It has a new order in each pass.")
@count_option("--workers", "Threads or processes that make its batches.", low=0)
@click.option("--keras", metavar="VERSION", help="Such as 3.12.  [default: the one installed]")
@click.option("--json", "as_json", is_flag=True, help="Print what is expected as a JSON object.")
def explain(target: str | None, feed: str | None, as_json: bool, **options):
    """Predict what fit does to your feed, and why, without training.

    TARGET is a function that returns a feed (anything fit accepts; arrays as a tuple):
    package.module:make_feed, or a file, feeds.py:make_feed. epochwatch calls it once, and
    takes no batch from the feed. Without TARGET, --feed names a kind of feed.
    """
    of_kind = {name: options.pop(name) for name in OPTIONS_OF_KIND}
    given = {name: value for name, value in of_kind.items() if value is not None}
    if (target is None) == (feed is None):
        got = "neither" if feed is None else "both"
        raise BadInput(f"TARGET and --feed: got {got}, allowed: one of the two; see --help")
    if feed is None:
        for name in given:
            raise BadInput(f"--{name}: got it with TARGET, allowed: with --feed")
        expected = of_target(target, **options)
    else:
        expected = of_feed_kind(feed, given, **options)
    if as_json:
        click.echo(json.dumps(expected.as_json()))
    else:
        from epochwatch._report.terminal import show_expectation

        show_expectation(expected)


def of_target(target: str, fit_option: tuple[str, ...], seed: int | None, **call):
    """Predict for the feed that a function of the user's returns."""
    parsed = user_code.parse_target(target)
    options = fit_options.further_options(fit_option, own_names={"feed", "seed", *call})
    with fit_options.keras_begun(call["backend"], seed):
        from epochwatch import explain as explain_feed

        make_feed = fit_options.loaded_make_feed(parsed)
        with user_code.user_errors(target):
            return explain_feed(make_feed(), **call, **options)


def of_feed_kind(
    feed: str, given: dict[str, Any], fit_option: tuple[str, ...], seed: int | None, **call
):
    """Predict for a kind of feed; no Keras is needed."""
    from epochwatch import explain as explain_feed

    options = fit_options.further_options(fit_option, own_names={"feed", "seed", *OF_KIND, *call})
    return explain_feed(feed, **call, **options, **given, seeded=seed is not None)
