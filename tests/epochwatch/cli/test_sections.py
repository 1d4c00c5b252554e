"""The help of a group lists its commands under headings, each with a whole sentence."""

import subprocess
import sys

import click
from click.testing import CliRunner

from epochwatch._cli import command
from epochwatch._cli.options import WIDTH
from epochwatch._cli.sections import SectionedGroup


def named(name, text):
    return click.Command(name, help=text)


def shown(group):
    done = CliRunner().invoke(group, ["--help"])
    assert done.exit_code == 0
    return done.output


def test_commands_stand_in_their_sections_in_the_order_given():
    group = SectionedGroup("tool")
    group.add_section("First things", [named("zeta", "Do it."), named("alpha", "Do that.")])
    group.add_section("Others", [named("beta", "Undo.")])
    assert shown(group).endswith(
        "First things:\n  zeta   Do it.\n  alpha  Do that.\n\nOthers:\n  beta   Undo.\n"
    )


def test_a_section_that_is_added_to_again_goes_on_and_what_has_none_is_listed_last():
    group = SectionedGroup("tool")
    group.add_section("One", [named("a", "A.")])
    group.add_command(named("c", "C."))
    group.add_section("One", [named("b", "B.")])
    assert shown(group).endswith("One:\n  a  A.\n  b  B.\n\nCommands:\n  c  C.\n")


def test_a_long_sentence_is_wrapped_and_never_cut():
    long = "Say at some length what becomes of a feed " * 4
    group = SectionedGroup("tool", context_settings={"max_content_width": WIDTH})
    group.add_section("One", [named("a", f"{long.strip()}. And more.")])
    listed = shown(group).partition("One:")[2]
    assert " ".join(listed.split()) == f"a {long.strip()}."
    assert max(map(len, listed.splitlines())) <= WIDTH


def test_the_commands_of_the_instrument_are_there_under_their_heading():
    listed = shown(command).partition("Audit your feed:\n")[2].splitlines()[:2]
    assert [line.split()[0] for line in listed] == ["audit", "explain"]
    assert max(map(len, shown(command).splitlines())) <= WIDTH


def test_the_command_is_there_before_anything_of_weight_is_imported():
    script = "import sys, epochwatch._cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert not {"numpy", "rich", "keras", "pyarrow", "matplotlib"} & set(done.stdout.split())
    assert "click" in done.stdout.split()
