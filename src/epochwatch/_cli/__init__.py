"""The command `epochwatch`: thin, every errand is done by the package.

Exit codes: 0 sound, 1 findings or a failed run, 2 bad input, 130 and 143 interrupted.
"""

import os
import signal
import sys

import click

import epochwatch
from epochwatch._cli.audit import audit
from epochwatch._cli.explain import explain
from epochwatch._cli.options import BAD_INPUT, FAILED, WIDTH
from epochwatch._cli.sections import SectionedGroup
from epochwatch.errors import BadInput, RecordingFailed, RunFailed

EXAMPLES = """\b
Examples:
  epochwatch audit feeds.py:make_feed --steps-per-epoch 625 --epochs 10
  epochwatch explain feeds.py:make_feed --steps-per-epoch 625 --epochs 10

\b
Exit codes:
  0    done; an audit found nothing wrong
  1    an audit has findings, or a run failed
  2    bad input; one line says what is allowed
  130  interrupted by Ctrl-C
  143  terminated
"""


@click.group(
    cls=SectionedGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDTH},
    epilog=EXAMPLES,
)
@click.version_option(epochwatch.__version__, prog_name="epochwatch")
def command():
    """Know exactly which samples Keras' model.fit() trained on."""


command.add_section("Audit your feed", (audit, explain))


class Terminated(SystemExit):
    """The end by a signal, told from a `sys.exit()` of the user's own code."""


def terminated(signum, frame):
    """End as on Ctrl-C, so that the kernel is shut down and nothing is left half made."""
    raise Terminated(128 + signum)


def interrupted(code: int):
    """End at once where a feed was being read: a thread that waits for it would not let us."""
    if "keras" in sys.modules:
        sys.stdout.flush()
        sys.stderr.flush()
        # No clean-up waits for threads in here; what was printed has just been flushed.
        os._exit(code)
    sys.exit(code)


def main():
    """Run the command, and tell what is wrong in one line."""
    signal.signal(signal.SIGTERM, terminated)
    try:
        command.main(standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        sys.exit(BAD_INPUT)
    except (BadInput, RecordingFailed, click.ClickException) as error:
        text = error.format_message() if isinstance(error, click.ClickException) else str(error)
        click.echo(f"epochwatch: {text}", err=True)
        sys.exit(BAD_INPUT)
    except (KeyboardInterrupt, click.Abort):
        interrupted(128 + signal.SIGINT)
    except Terminated:
        interrupted(128 + signal.SIGTERM)
    except RunFailed as error:
        click.echo(f"epochwatch: {error}", err=True)
        sys.exit(FAILED)
