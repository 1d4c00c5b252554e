"""`epochwatch explain`: what is expected, in a few lines and without training."""

import json
import re

import pytest

import epochwatch
from epochwatch._auditing.request import KINDS
from epochwatch._cli import explain as explain_command

EXECUTION = ["--steps-per-epoch", "5", "--steps-per-execution"]


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
    assert "batches   epoch 1  0 1 2" in lines
    assert [line.split() for line in lines[-5:-2]] == [
        ["epoch", "3", "6", "7", "8"],
        ["epoch", "4", "9"],
        ["epoch", "5", "0", "1", "2"],
    ]
    assert lines[-2].startswith("rule      ends inside an epoch (keras/src/trainers/")
    assert len(lines) < 15
    assert max(map(len, lines)) <= 80


def test_of_an_endless_feed_and_thousands_of_epochs_it_prints_a_few_lines(explain):
    code, out, _ = explain("feeds:endless", "--steps-per-epoch", 7, "--epochs", 5_000)
    assert code == 0
    assert len(out.splitlines()) <= 15


def test_of_a_long_epoch_the_first_batches_and_the_last_are_printed(explain):
    _, out, _ = explain("feeds:endless", "--steps-per-epoch", 700)
    assert "batches   epoch 1  0 1 2 3 4 5 6 7 8 9 … 699\n" in out


def test_a_kind_of_feed_is_explained_without_one(explain):
    """Five epochs, unless told otherwise: what happens at the feed's end is to be seen."""
    code, out, err = explain("--feed", "generator", "--steps-per-epoch", 3, "--keras", "3.15")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("feed      generator, without an end; Keras 3.15, ")
    assert lines[1] == "expected  resumes"
    first = lines.index("batches   epoch 1  0 1 2")
    assert lines[first + 4] == "          epoch 5  12 13 14"
    assert max(map(len, lines)) <= 80
    _, out, _ = explain("--feed", "generator", "--steps-per-epoch", 3, "--epochs", 2)
    assert "epoch 2  3 4 5\nrule" in out


def test_what_matters_of_a_kind_are_options(explain):
    kind = ("--feed", "tf_data", "--batches", 7, "--uncounted", "--steps-per-epoch", 3)
    _, out, _ = explain(*kind, "--keras", "3.12.4", "--backend", "jax", "--fits", 2)
    assert out.startswith("feed      tf_data, 7 batches, which Keras cannot count; Keras 3.12, jax")
    assert "          fit 2, epoch 1  0 1 2\n" in out
    _, out, _ = explain("--feed", "arrays", "--seed", 1, "--backend", "tensorflow", "--json")
    explained = json.loads(out)
    assert explained["seeded"] is explained["alike"] is True
    _, out, _ = explain("--feed", "py_dataset", "--workers", 2, "--fit-option", "shuffle=false")
    assert "py_dataset, 10 batches, 2 workers; " in out


def test_each_kind_of_feed_is_named_in_the_help_and_taken(explain):
    given = re.search(r"--feed \[(.*?)\]", explain("--help")[1])[1].split("|")
    assert sorted(given) == sorted(KINDS)
    for kind in given:
        code, out, _ = explain("--feed", kind, "--steps-per-epoch", 3, "--keras", "3.15")
        assert code == 0
        assert out.startswith(f"feed      {kind}, ")


def test_a_feed_may_have_no_workers_and_no_end(explain):
    asked = ("--feed", "py_dataset", "--steps-per-epoch", 3, "--fit-option", "shuffle=false")
    _, without, _ = explain(*asked, "--workers", 0)
    assert without == explain(*asked)[1]
    _, endless, _ = explain(*asked, "--batches", "endless")
    assert endless.startswith("feed      py_dataset, without an end")


def test_rows_can_be_shuffled_batch_by_batch(explain):
    shuffled = explain("--feed", "arrays", "--fit-option", "shuffle=batch")
    assert shuffled == explain("--feed", "arrays", "--fit-option", "shuffle=true")
    assert shuffled[0] == 0


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


def test_of_a_feed_that_may_end_it_is_said_on_which_condition(explain):
    _, out, _ = explain("feeds:fails", "--steps-per-epoch", 3, "--epochs", 2)
    assert "\nprovided  the feed does not end before that; its length is not known\n" in out
    _, out, _ = explain("feeds:arrays", "--steps-per-epoch", 3, "--epochs", 2)
    assert "provided" not in out


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["feeds"], "got 'feeds', allowed: package.module:name or path/to/file.py:name"),
        (["feeds:number"], "got int, allowed: a function that returns a new feed"),
        (["feeds:of_path"], "got the function of_path, which needs arguments (path, share), al"),
        (["feeds:raises"], "feeds:raises raised ValueError: no such file"),
        (["feeds:fails"], "steps_per_epoch: got None for a generator whose length is not known"),
        (["feeds:arrays", "--fits", "0"], "--fits: got 0, allowed: a whole number, 1 or more"),
        (["feeds:arrays", *EXECUTION, "auto"], "--steps-per-execution: got 'auto', allowed: a wh"),
        (["--feed", "arrays", *EXECUTION, "auto"], "--steps-per-execution: got 'auto', allowed"),
        (["feeds:arrays", "--fit-option", "epochs=3"], "'epochs', which has an option of its own"),
        (["feeds:arrays", "--fit-option", "feed=3"], "'feed', which has an option of its own"),
        ([], "TARGET and --feed: got neither, allowed: one of the two; see --help"),
        (["feeds:arrays", "--feed", "arrays"], "TARGET and --feed: got both, allowed: one of"),
        (["feeds:arrays", "--batches", "3"], "--batches: got it with TARGET, allowed: with --f"),
        (["--feed", "arrays", "--workers", "2"], "workers: got a feed of arrays, allowed: one"),
        (["--feed", "generator"], "steps_per_epoch: got None for a generator without an end"),
        (
            ["--feed", "arrays", "--batches", "few"],
            "--batches: got 'few', allowed: a whole number, 1 or more, or endless",
        ),
        (["--feed", "tf_data", "--batches", "0"], "--batches: got 0, allowed: a whole number, 1"),
        (
            ["--feed", "nonsense"],
            f"'--feed': 'nonsense' is not one of {', '.join(map(repr, KINDS))}",
        ),
        (["--feed", "py_dataset", "--workers", "-1"], "--workers: got '-1', allowed: a whole nu"),
        (["--feed", "arrays", "--fit-option", "shuffle=maybe"], "shuffle: got 'maybe', allowed: "),
        (["feeds:arrays", "--fit-option", "shuffle=maybe"], "shuffle: got 'maybe', allowed: True"),
        *(
            (["--feed", "tf_data", "--fit-option", f"{name}=1"], f"{name!r}, which has an option")
            for name in ("feed", "seed", "seeded", "keras", "epochs")
        ),
    ],
)
def test_bad_input_exits_2_with_one_line(explain, given, said):
    code, out, err = explain(*given)
    assert (code, out) == (2, "")
    assert err.startswith("epochwatch: ")
    assert len(err.splitlines()) == 1
    assert said in err


def options_of_fit(text):
    """Read from a help what it says of each option that says how `fit` is called."""
    section = text.partition("How fit is called:\n")[2].partition("\n\n")[0]
    _, *parts = re.split(r"^  (?=--)", section, flags=re.MULTILINE)
    return {name: " ".join(said) for name, *said in map(str.split, parts)}


def test_it_has_as_many_epochs_as_its_help_says(explain):
    said = options_of_fit(explain("--help")[1])["--epochs"]
    by_default = r"default: (\d+); with --feed (\d+), or (\d+) in each of several fits"
    of_target, of_kind, of_each_fit = map(int, re.search(by_default, said).groups())

    def steps(*given):
        return json.loads(explain(*given, "--steps-per-epoch", 3, "--json")[1])["steps"]

    arrays = ("feeds:arrays", "--fit-option", "shuffle=false")
    assert [len(steps(*arrays, "--fits", fits)) for fits in (1, 2)] == [of_target, 2 * of_target]
    assert len(steps("--feed", "tf_data")) == of_kind
    assert [len(steps("--feed", "tf_data", "--fits", fits)) for fits in (2, 3)] == [
        2 * of_each_fit,
        3 * of_each_fit,
    ]
    assert len(steps("--feed", "tf_data", "--epochs", 1)) == 1


def test_its_options_are_those_of_the_audit_that_say_how_fit_is_called(explain, audit):
    code, out, _ = explain("--help")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    ours, theirs = (options_of_fit(text) for text in (out, audit("--help")[1]))
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if ours[name] != theirs[name]] == ["--epochs"]
    assert {"steps_per_epoch", "fit_option", "backend"} <= {p.name for p in explain_command.params}
