"""The laboratory's commands, beside those of the instrument."""

from epochwatch import _cli as instrument
from epochwatch_lab._cli.post import post
from epochwatch_lab._cli.report import report
from epochwatch_lab._cli.run import run
from epochwatch_lab._cli.runs import runs
from epochwatch_lab._cli.sweep import sweep

instrument.command.add_section("Run the notebooks", (run, sweep, runs, report, post))

main = instrument.main
