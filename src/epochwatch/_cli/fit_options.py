"""The options of `audit` and `explain` that say how `fit` is called."""

import contextlib
import json
import os
import re
from collections.abc import Callable, Collection, Iterator

import click

from epochwatch._auditing.request import BACKENDS
from epochwatch._cli import user_code
from epochwatch._cli.insistent_signals import insistent_signals
from epochwatch._cli.options import count_option
from epochwatch._cli.standard_streams import STDERR, STDOUT, quiet, redirected, unheard
from epochwatch.errors import BadInput

PYTHON_LITERALS = {"true": True, "false": False, "null": None, "none": None}
TITLE = "How fit is called"
OF_EXPLAIN = ("steps_per_epoch", "epochs", "batch_size", "fits", "steps_per_execution", "backend")
NAMES = (*OF_EXPLAIN, "seed", "fit_option")

_OPTIONS = (
    count_option(
        "--steps-per-epoch", "Batches in an epoch, as in fit.  [default: one pass of the feed]"
    ),
    count_option("--batch-size", "Samples in a batch, as in fit; for a feed of arrays."),
    count_option("--fits", "How often fit is called with the same feed.", 1),
    count_option("--steps-per-execution", "Batches that Keras trains in one go, as in compile.", 1),
    click.option(
        "--backend",
        type=click.Choice(BACKENDS),
        help="What Keras runs on; tf_keras is Keras 2.  [default: KERAS_BACKEND, or Keras' own]",
    ),
    click.option(
        "--seed",
        type=click.IntRange(0, 2**32 - 1),
        metavar="N",
        help="The seed that your script first gives to keras.utils.set_random_seed.",
    ),
    click.option(
        "--fit-option",
        multiple=True,
        metavar="NAME=VALUE",
        help="Another argument of fit, its value as in JSON: shuffle=false. Repeatable.",
    ),
)


class GroupedCommand(click.Command):
    """A command whose help has its options in groups.

    Args:
        groups: by title, the names of the parameters.
        options: those of `click.Command`.
    """

    def __init__(self, *args, groups: dict[str, Collection[str]], **options):
        super().__init__(*args, **options)
        self.groups = groups

    def format_options(self, ctx, formatter):
        records = {param.name: param.get_help_record(ctx) for param in self.params}
        for title, names in self.groups.items():
            with formatter.section(title):
                formatter.write_dl([records[name] for name in names])


def fit_options(command: Callable) -> Callable:
    """Give a command the options that say how `fit` is called, but for `--epochs`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def further_options(texts: tuple[str, ...], own_names: Collection[str] = ()) -> dict:
    """Read --fit-option, each NAME=VALUE: data, as in JSON, or else text; never code.

    Args:
        texts: as on the command line.
        own_names: names that have options of their own.

    Example:
        >>> further_options(("shuffle=false", 'class_weight={"0": 1, "1": 9}'))
        {'shuffle': False, 'class_weight': {0: 1, 1: 9}}
    """
    options = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise BadInput(f"--fit-option: got {text!r}, allowed: NAME=VALUE, as in shuffle=false")
        if name in own_names:
            raise BadInput(
                f"--fit-option: got {name!r}, which has an option of its own; see --help"
            )
        options[name] = _parsed_value(value)
    return options


def _parsed_value(text: str):
    if text.lower() in PYTHON_LITERALS:
        return PYTHON_LITERALS[text.lower()]
    try:
        return json.loads(text, object_pairs_hook=_with_numbers)
    except ValueError:
        return text


def _with_numbers(pairs: list[tuple[str, object]]) -> dict:
    # JSON writes keys as texts only; classes, in class_weight, are numbers.
    return {int(key) if re.fullmatch(r"-?\d+", key) else key: value for key, value in pairs}


@contextlib.contextmanager
def keras_begun(backend: str | None, seed: int | None) -> Iterator[None]:
    """Import Keras on its backend, before the user's code does; standard output is kept clear.

    The seed is set as a script does it, at its beginning. Standard output is the report's
    alone, whatever the user's code prints, or its children.
    """
    from epochwatch._auditing.keras_door import keras_for

    with insistent_signals(), redirected(STDOUT, STDERR), quiet():
        if backend == "tf_keras":
            os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_USE_LEGACY_KERAS": "1"}
        with unheard():
            keras = keras_for(backend or os.environ.get("KERAS_BACKEND"))
            if seed is not None:
                keras.utils.set_random_seed(seed)  # imports TensorFlow wherever it is installed
        yield


def loaded_make_feed(target: user_code.Target) -> Callable:
    """Load the function that makes the feed, and refuse what cannot be called for a new one."""
    make_feed = user_code.load(target)
    if not callable(make_feed):
        raise BadInput(
            f"{target}: got {user_code.described(make_feed)}, allowed: a function that returns a "
            f"new feed at each call; write def make_feed(): return …, and give that"
        )
    if needed := user_code.needed_arguments(make_feed):
        raise BadInput(
            f"{target}: got {user_code.described(make_feed)}, which needs arguments "
            f"({', '.join(needed)}), allowed: a function that needs none; write "
            f"def make_feed(): return {target.name}(…), and give that"
        )
    return make_feed
