"""`epochwatch audit`, as a user and a CI job meet it."""

import io
import json
import os
import re
import signal
import subprocess
import sys

import pytest

from epochwatch import _cli as cli
from epochwatch._auditing.request import FAIL_ON
from epochwatch._cli.fit_options import further_options
from epochwatch._exposures.log import ExposureLog
from epochwatch.errors import BadInput

COMMAND = [sys.executable, "-c", "from epochwatch._cli import main; main()"]
FAST = ("--fit-option", "shuffle=false", "--batch-size", "4")


def begun(*given, **options):
    """The command in a process of its own."""
    return subprocess.Popen(
        [*COMMAND, "audit", *given], stdout=subprocess.PIPE, text=True, **options
    )


def test_json_is_all_of_standard_output_and_holds_the_contract():
    process = begun(
        "feeds.py:dataset",
        "--steps-per-epoch",
        "3",
        "--epochs",
        "5",
        "--json",
        stderr=subprocess.PIPE,
    )
    out, err = process.communicate()
    told = json.loads(out)
    assert set(err.splitlines()) == {"printed by the feed", "printed by a child"}
    assert process.returncode == 1
    assert told["schema"] == 2
    assert told["verdict"] == "runs dry"
    assert told["boundaries"][0] == {
        "after": {"fit": 1, "epoch": 1},
        "verdict": "resumes",
        "last": [8, 9, 10, 11],
        "first": [12, 13, 14, 15],
    }
    assert [b["verdict"] for b in told["boundaries"]] == ["resumes"] * 4
    assert told["steps"] == {
        "asked": 3,
        "run": [3, 3, 3, 1, 3],
        "findings": [None, None, None, "runs dry", None],
    }
    samples = {
        "identified_by": "index",
        "population": 40,
        "population_by": "pass",
        "trained": 40,
        "never_trained": 0,
        "reachable": 40,
        "lost": 0,
        "exposures": {"min": 1, "median": 1.0, "max": 2},
    }
    assert samples.items() <= told["samples"].items()
    assert told["coverage"] == [0.3, 0.6, 0.9, 1.0, 1.0]
    assert told["order"] == {"fixed": True, "alike": False, "shuffled_by": None}
    batches = {"trained": 13, "passed_over": 0}
    assert batches.items() <= told["batches"].items()
    assert list(told["streams"]) == ["0", "1"]
    expected = {"verdict": "runs dry", "rule": "ends inside an epoch", "agrees": True}
    assert expected.items() <= told["expected"].items()
    assert {"keras", "backend", "python", "epochwatch"} <= set(told["environment"])


class Terminal(io.StringIO):
    """Stands for a terminal."""

    def isatty(self):
        """It is one."""
        return True


def test_on_a_terminal_it_says_what_to_expect_and_shows_a_bar_that_goes_away(audit, monkeypatch):
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", terminal)
    _, out, _ = audit("feeds:arrays", "--epochs", "2", *FAST)
    shown = terminal.getvalue()
    assert "expected" in shown
    assert "every epoch is one complete" in " ".join(shown.split())
    assert "0/20" in shown
    assert shown.endswith("\x1b[2K"), "the bar is erased"
    assert out.startswith("All 40 samples were trained; every epoch is one whole pass")
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("sent", "code"),
    [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow)],
)
def test_interrupted_it_ends_with_the_code_of_the_signal_and_says_nothing(sent, code):
    process = begun(
        "feeds.py:slow",
        "--steps-per-epoch",
        "9999",
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    assert process.stderr.readline() == "begun\n"
    process.send_signal(sent)
    out, err = process.communicate()
    assert process.returncode == code
    assert out == ""
    assert "Traceback" not in err


def test_a_sound_feed_exits_0_with_a_table_of_80_columns_and_nothing_else(audit):
    code, out, err = audit("feeds.py:arrays", "--epochs", 2, *FAST)
    assert (code, err) == (0, "")
    assert out.endswith("sound     no findings\n")
    assert max(map(len, out.splitlines())) <= 80
    assert "\x1b" not in out


def test_the_minimum_coverage_is_a_finding(audit):
    given = ("feeds:arrays", "--steps-per-epoch", 3, *FAST)
    assert audit(*given)[0] == 0
    code, out, _ = audit(*given, "--min-coverage", 0.99)
    assert code == 1
    assert out.startswith("Only 6 of 20 samples of stream 0 were trained, less than the 99.0%")
    assert out.endswith("findings  coverage\n")


def test_fail_on_chooses_the_findings(audit):
    given = ("feeds:arrays", "--steps-per-epoch", 3, "--fits", 2, *FAST)
    assert audit(*given)[0] == 1
    assert audit(*given, "--fail-on", "none")[0] == 0
    assert audit(*given, "--fail-on", "skips,runs-dry,index-conflict")[0] == 0
    assert audit(*given, "--fail-on", "loses")[0] == 1
    code, out, _ = audit(*given, "--fail-on", "skips", "--fail-on", "never-trained")
    assert code == 1
    assert "findings  never trained" in out


def test_a_population_is_given_as_a_number_or_by_stream(audit):
    given = ("feeds:endless", "--steps-per-epoch", 3, "--json")
    for text in ("80", "0=50,1=30"):
        code, out, _ = audit(*given, "--population", text)
        samples = json.loads(out)["samples"]
        assert code == 0
        assert (samples["population"], samples["population_by"]) == (80, "given")
    assert {n: s["samples"] for n, s in json.loads(out)["streams"].items()} == {"0": 50, "1": 30}


def test_a_coverage_that_cannot_be_measured_is_not_passed(audit):
    given = ("feeds:unlabelled", "--steps-per-epoch", 3, "--min-coverage", "0.5")
    code, out, _ = audit(*given)
    assert code == 1
    assert "%" not in out
    assert "\nfindings  unmeasured\n" in out


def test_an_endless_feed_that_has_come_round_is_measured(audit):
    given = ("feeds:endless", "--steps-per-epoch", 10, "--epochs", 4, "--min-coverage", 1)
    code, out, _ = audit(*given)
    assert code == 0
    assert "40 samples, counted until the feed repeated" in out
    assert out.startswith("All 40 samples were trained; ")


@pytest.mark.usefixtures("forgotten_seed")
def test_a_seed_is_set_as_the_script_sets_it(audit):
    given = ("feeds:arrays", "--batch-size", 4, "--steps-per-epoch", 3, "--fits", 4)
    code, out, _ = audit(*given, "--seed", 1, "--json")
    told = json.loads(out)
    assert code == 1
    assert told["order"]["alike"] == told["expected"]["alike"]
    assert told["expected"]["agrees"] is True
    again = json.loads(audit(*given, "--seed", 1, "--json")[1])
    assert told == again


RESUMED = ("--steps-per-epoch", 3, "--epochs", 2, "--resume")


@pytest.mark.usefixtures("unseeded")
def test_resume_kills_and_resumes_and_fails_on_what_does_not_go_on(audit):
    code, out, err = audit("feeds:arrays", *FAST, *RESUMED)
    assert (code, err) == (0, "")
    assert "\nresume    exact by skipping: killed after each of 6 steps, fit went on" in out
    assert max(map(len, out.splitlines())) <= 80
    code, out, _ = audit("feeds:drawn", *RESUMED, "--kills", "all", "--json")
    told = json.loads(out)
    assert (code, told["findings"]) == (1, ["not resumable"])
    resume = told["resume"]
    assert (resume["outcome"], resume["steps"], resume["kills"], resume["failed"]) == (
        "not",
        6,
        6,
        6,
    )
    assert resume["first_deviation"]["at"] == {"fit": 1, "epoch": 1, "step": 0}
    assert audit("feeds:drawn", *RESUMED, "--kills", 2, "--fail-on", "restarts")[0] == 0
    assert "resume" not in json.loads(audit("feeds:arrays", *FAST, "--json")[1])


def test_on_a_terminal_the_bar_counts_the_steps_of_killed_trainings_too(audit, monkeypatch):
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", terminal)
    audit("feeds:arrays", *FAST, *RESUMED, "--kills", 2)
    # To be audited, undisturbed, and twice killed and resumed, with a step that is trained again.
    assert f"0/{6 * 4 + 2}" in terminal.getvalue()


def test_streams_are_named_by_a_mapping_or_a_function(audit):
    for target in ("feeds:streams", "feeds.py:get_streams"):
        code, out, _ = audit("feeds:arrays", *FAST, "--streams", target, "--json")
        assert code == 0
        assert {n: s["samples"] for n, s in json.loads(out)["streams"].items()} == {
            "few": 4,
            "many": 36,
        }


def test_the_log_and_the_figure_are_kept_where_they_are_asked_for(audit, folder):
    assert audit("feeds:arrays", *FAST, "--log", "log", "--figure", "seen.svg")[0] == 0
    assert len(ExposureLog.read(folder / "log")) == 40
    assert (folder / "seen.svg").read_text().startswith("<?xml")
    code, _, err = audit("feeds:arrays", *FAST, "--log", "log")
    assert code == 2
    assert "log" in err


def test_fit_options_are_data_and_never_code():
    given = ("shuffle=False", "a=null", "b=2", "c=0.5", "d=some text", "e=__import__('os')", "f=")
    assert further_options(given) == {
        "shuffle": False,
        "a": None,
        "b": 2,
        "c": 0.5,
        "d": "some text",
        "e": "__import__('os')",
        "f": "",
    }
    assert further_options(('class_weight={"0": 1, "1": 9}',)) == {"class_weight": {0: 1, 1: 9}}


@pytest.mark.parametrize("text", ["shuffle", "=1", "a b=1"])
def test_a_fit_option_without_a_name_or_value_is_refused(text):
    with pytest.raises(BadInput, match="allowed: NAME=VALUE"):
        further_options((text,))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["feeds"], "got 'feeds', allowed: package.module:name or path/to/file.py:name"),
        (["a..b:c"], "got 'a..b:c', allowed"),
        (["none.py:feed"], "none.py:feed: no file none.py in "),
        (["nowhere.data:feed"], "no module nowhere.data, neither in /"),
        (["feeds:wrong"], "no wrong in feeds; it has these functions: arrays, without_index, "),
        (["feeds:number"], "got int, allowed: a function that returns a new feed"),
        (["feeds:pair"], "got arrays, allowed: a function that returns a new feed at each call"),
        (["feeds:batches"], "got a generator, allowed: a function that returns a new feed at"),
        (["feeds:of_path"], "got the function of_path, which needs arguments (path, share), al"),
        (["feeds:Own"], "got the class Own, which needs arguments (path), allowed: a function"),
        (["feeds:unbatched"], "single samples"),
        (["feeds:arrays", "--population", "0"], "--population: got '0', allowed: a number of"),
        (["feeds:arrays", "--population", "0=3,4"], "--population: got '0=3,4', allowed: a nu"),
        (
            ["feeds:arrays", "--population", "0=3,0=4"],
            "or one for each stream, such as 0=3800,1=200",
        ),
        (["feeds:arrays", "--population", "=4"], "--population: got '=4', allowed: a number"),
        (["feeds:arrays", "--population", "41"], "population: got 41, but a pass of the feed"),
        (["feeds:arrays", "--seed", "-1"], "'--seed': -1 is not in the range"),
        (["broken.py:feed"], "broken.py raised ZeroDivisionError: division by zero (broken.py, "),
        (["exits.py:feed"], "exits.py ended the program by sys.exit(0)"),
        (["feeds:raises"], "make_feed raised ValueError: no such file"),
        (["feeds:fails", "--steps-per-epoch", "3"], "disk gone (feeds.py, line 35)"),
        (
            ["feeds:arrays", "--steps-per-execution", "auto"],
            "--steps-per-execution: got 'auto', al",
        ),
        (["feeds:arrays", "--epochs", "0"], "--epochs: got 0, allowed: a whole number, 1 or more"),
        (["feeds:arrays", "--kills", "3"], "kills: got 3 without resume, allowed: with resume=Tr"),
        (["feeds:arrays", "--kills", "some"], "--kills: got 'some', allowed: a whole number, 1 "),
        (["feeds:arrays", "--fail-on", "not-resumable"], "fail_on: got 'not resumable' without"),
        (["feeds:arrays", "--fail-on", "restart"], "'restart', allowed: none, hangs, "),
        (["feeds:arrays", "--fit-option", "epochs=3"], "'epochs', which has an option of its own"),
        (["feeds:arrays", "--fit-option", "shufle=1"], "got 'shufle', allowed: "),
        (["feeds:arrays", "--figure", "a.pdf"], "ends in .svg or .png"),
        (["feeds:arrays", "--figure", "nowhere/a.svg"], "the folder nowhere does not exist"),
        (["feeds:arrays", "--streams", "feeds:number"], "--streams: got int from feeds:number"),
        (
            ["feeds:without_index", "--streams", "feeds:streams"],
            "samples have none; let the feed deliver targets",
        ),
        (["feeds:arrays", "--backend", "theano"], "'theano' is not one of 'tensorflow', 'jax'"),
    ],
)
def test_bad_input_exits_2_with_one_line_that_says_what_is_allowed(audit, given, said):
    code, out, err = audit(*given)
    assert (code, out) == (2, "")
    assert re.fullmatch("epochwatch: .*\n", err)
    assert said in err


def test_an_absent_backend_is_named_with_what_installs_it(audit, monkeypatch):
    monkeypatch.setitem(sys.modules, "tf_keras", None)
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "0")
    code, _, err = audit("feeds:arrays", "--backend", "tf_keras")
    assert (code, err) == (
        2,
        "epochwatch: backend: got 'tf_keras': tf_keras is not installed; pip install "
        "'epochwatch[tf_keras]'\n",
    )


def test_without_matplotlib_a_figure_is_refused_before_the_feed_is_made(audit, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    code, out, err = audit("feeds:raises", "--figure", "seen.svg")
    assert (code, out) == (2, "")
    assert err == (
        "epochwatch: --figure: matplotlib is not installed; pip install 'epochwatch[figures]'\n"
    )


def test_a_package_that_the_users_code_lacks_is_named_with_its_extra_if_it_has_one(audit, folder):
    for package, remedy in (("grain", "; pip install 'epochwatch[grain]'"), ("no_such", "")):
        (folder / f"of_{package}.py").write_text(f"raise ModuleNotFoundError(name={package!r})\n")
        code, _, err = audit(f"of_{package}.py:feed")
        assert code == 2
        assert err.endswith(f"ModuleNotFoundError: no message (of_{package}.py, line 1){remedy}\n")


def test_the_help_is_grouped_and_80_columns_wide(audit):
    code, out, _ = audit("--help")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    titles = {
        "How fit is called:",
        "What is counted:",
        "What is tried besides:",
        "What counts as a finding:",
        "What is written:",
    }
    assert titles <= set(out.splitlines())
    assert all(name in " ".join(out.split()) for name in FAIL_ON)
    options = {name for param in cli.audit.params for name in param.opts if name[0] == "-"}
    assert all(name in out for name in options)
