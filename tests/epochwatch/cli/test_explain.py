"""`epochwatch explain`: what is expected, in a few lines and without training."""

import json

import pytest

import epochwatch
from epochwatch._cli import explain as explain_command


def test_it_prints_in_a_few_lines_what_is_expected_and_why(explain):
    code, out, err = explain(
        "feeds.py:arrays",
        "--steps-per-epoch",
        3,
        "--batch-size",
        4,
        "--epochs",
        5,
        "--fit-option",
        "shuffle=false",
    )
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "expected  runs dry"
    assert "steps     asked for 3 an epoch; fit will run 3 × 3, 1 (runs dry), 3" in lines
    assert lines[-2].startswith("rule      ends inside an epoch (keras/src/trainers/")
    assert len(lines) < 10
    assert max(map(len, lines)) <= 80


def test_of_an_endless_feed_and_thousands_of_epochs_it_prints_a_few_lines(explain):
    code, out, _ = explain("feeds:endless", "--steps-per-epoch", 7, "--epochs", 5_000)
    assert code == 0
    assert len(out.splitlines()) <= 10


@pytest.mark.usefixtures("forgotten_seed")
def test_what_a_seed_does_is_expected(explain):
    given = ("feeds:arrays", "--steps-per-epoch", 3, "--fits", 4, "--batch-size", 4)
    _, out, _ = explain(*given, "--seed", 1)
    import keras

    assert ("alike" in out) == (keras.backend.backend() == "tensorflow")


def test_it_says_what_the_function_says(explain):
    _, out, _ = explain("feeds:arrays", "--steps-per-epoch", 3, "--fits", 2, "--json")
    import feeds  # by now, Python looks for modules in the user's folder

    expected = epochwatch.explain(feeds.arrays(), steps_per_epoch=3, fits=2)
    assert json.loads(out) == expected.as_json()


def test_it_takes_nothing_from_the_feed(explain):
    """The second batch of this feed raises."""
    code, out, _ = explain("feeds:fails", "--steps-per-epoch", 3)
    assert code == 0
    assert out.startswith("expected  no boundary to judge\n")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["feeds"], "got 'feeds', allowed: package.module:name or path/to/file.py:name"),
        (["feeds:number"], "got int, allowed: a function that returns a new feed"),
        (["feeds:of_path"], "got the function of_path, which needs arguments (path, share), al"),
        (["feeds:raises"], "feeds:raises raised ValueError: no such file"),
        (["feeds:fails"], "steps_per_epoch: got None for a generator whose length is not known"),
        (["feeds:arrays", "--fits", "0"], "'--fits': 0 is not in the range"),
        (["feeds:arrays", "--fit-option", "epochs=3"], "'epochs', which has an option of its own"),
        (["feeds:arrays", "--fit-option", "feed=3"], "'feed', which has an option of its own"),
    ],
)
def test_bad_input_exits_2_with_one_line(explain, given, said):
    code, out, err = explain(*given)
    assert (code, out) == (2, "")
    assert err.startswith("epochwatch: ")
    assert len(err.splitlines()) == 1
    assert said in err


def test_its_options_are_those_of_the_audit_that_say_how_fit_is_called(explain, audit):
    code, out, _ = explain("--help")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    of_audit = audit("--help")[1]
    section = "How fit is called:\n"
    ours, theirs = (text.partition(section)[2].partition("\n\n")[0] for text in (out, of_audit))
    assert ours == theirs
    assert {"steps_per_epoch", "fit_option", "backend"} <= {p.name for p in explain_command.params}
