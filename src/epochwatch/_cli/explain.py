"""`epochwatch explain`: what fit is expected to do to a feed, without training."""

import json

import click

from epochwatch._cli import fit_options, user_code


@click.command(
    cls=fit_options.GroupedCommand,
    groups={fit_options.TITLE: fit_options.NAMES, "What is written": ("as_json",)},
    epilog="""\b
Examples:
  epochwatch explain feeds.py:make_feed --steps-per-epoch 40
  epochwatch explain my.data:train --epochs 3 --fits 2 --json

Exit codes: 0 explained, 2 bad input.""",
)
@click.argument("target")
@fit_options.fit_options
@click.option("--json", "as_json", is_flag=True, help="Print what is expected as a JSON object.")
def explain(target: str, as_json: bool, fit_option: tuple[str, ...], seed: int | None, **call):
    """Predict what fit does to your feed, and why, without training.

    TARGET is a function that returns a feed (anything fit accepts; arrays as a tuple):
    package.module:make_feed, or a file, feeds.py:make_feed. epochwatch calls it once, and
    takes no batch from the feed.
    """
    parsed = user_code.parse_target(target)
    options = fit_options.further_options(fit_option, own_names={"feed", "seed", *call})
    with fit_options.keras_begun(call["backend"], seed):
        from epochwatch import explain as explain_feed

        make_feed = fit_options.loaded_make_feed(parsed)
        with user_code.user_errors(target):
            expected = explain_feed(make_feed(), **call, **options)
    if as_json:
        click.echo(json.dumps(expected.as_json()))
    else:
        from epochwatch._report.terminal import show_expectation

        show_expectation(expected)
