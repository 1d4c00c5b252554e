"""Parameters: what is allowed runs, and nothing else does."""

import ast
import types
import typing

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochwatch.errors import BadInput
from epochwatch_lab._runs import project
from epochwatch_lab._runs.notebooks import (
    NOTEBOOKS,
    DoesFitResume,
    SatelliteScaleImbalance,
    parameters_of,
)
from epochwatch_lab._runs.notebooks.sweep_summary import SweepSummary
from epochwatch_lab._runs.parameters import SECRET, largest_divisor


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("positive_digit", "10", "got '10', allowed: an integer from 0 to 9"),
        ("positive_digit", "one", "got 'one', allowed: an integer from 0 to 9"),
        ("positive_digit", "1.5", "got '1.5', allowed: an integer from 0 to 9"),
        ("batch_size", "0", "got '0', allowed: an even integer from 2 to 4,096"),
        ("batch_size", "-16", "got '-16', allowed: an even integer from 2 to 4,096"),
        ("batch_size", "15", "4,096 (an odd batch cannot be balanced)"),
        ("batch_size", "1e9", "got '1e9', allowed: an even integer from 2 to 4,096"),
        ("batch_size", "1000000000", "allowed: an even integer from 2 to 4,096"),
        ("steps_per_epoch", "0", "got '0', allowed: an integer from 1 to 1,000,000"),
        ("epochs", "0", "got '0', allowed: an integer from 1 to 10,000"),
        ("feed", "tfdata", "got 'tfdata', allowed: one of tf_data, generator, py_dataset"),
        ("steps_per_execution", "7", "got 7, allowed: a divisor of steps_per_epoch (625)"),
        ("run_name", "../elsewhere", "allowed: a name of up to 64 letters, digits, - and _"),
        ("run_name", "", "allowed: a name of up to 64 letters, digits, - and _"),
        ("run_name", "two\nlines", "got 'two\\nlines', allowed: a name"),
    ],
)
def test_a_bad_value_is_told_in_one_line_with_what_is_allowed(name, value, told):
    with pytest.raises(BadInput) as refusal:
        DoesFitResume.from_text({name: value})
    assert told in str(refusal.value)
    assert str(refusal.value).startswith(f"{name}: ")
    assert "\n" not in str(refusal.value)


def test_a_misspelt_parameter_is_refused_and_the_nearest_is_named():
    with pytest.raises(BadInput, match=r"epoch: unknown parameter, .* did you mean epochs\?"):
        DoesFitResume.from_text({"epoch": "3"})


@given(st.text(max_size=20))
def test_text_is_an_integer_in_range_or_an_error_of_one_line(text):
    try:
        checked = DoesFitResume.from_text({"epochs": text})
    except BadInput as refusal:
        assert len(str(refusal).splitlines()) == 1
    else:
        assert checked.epochs == int(text)


@pytest.mark.parametrize("value", [True, 2.0, "3"])
def test_a_notebook_gets_no_value_of_another_type(value):
    with pytest.raises(BadInput, match="epochs: got .* allowed: an integer"):
        DoesFitResume.checked({"epochs": value})


@given(st.integers(1, 10_000))
def test_the_default_execution_divides_the_epoch_and_is_the_largest_that_does(steps):
    execution = DoesFitResume.checked({"steps_per_epoch": steps}).steps_per_execution
    divisors = [d for d in range(1, 126) if steps % d == 0]
    assert execution == max(divisors)


def test_the_default_execution_of_the_notebook_is_125():
    assert DoesFitResume().steps_per_execution == 125
    assert largest_divisor(127, 125) == 1


def test_an_unknown_notebook_is_refused_with_those_there_are():
    with pytest.raises(BadInput, match="notebook: got '01', allowed: 01_does_fit_resume"):
        parameters_of("01")


def type_name(annotation):
    """Name a type as a cell writes it."""
    is_union = typing.get_origin(annotation) in (typing.Union, types.UnionType)
    parts = typing.get_args(annotation) if is_union else [annotation]
    plain = [p.__origin__ if typing.get_origin(p) is typing.Annotated else p for p in parts]
    return " | ".join(part.__name__ for part in plain).replace("Literal", "str")


@pytest.mark.parametrize("model", [*NOTEBOOKS.values(), SweepSummary])
def test_a_notebooks_parameters_cell_says_the_same_as_its_model(model):
    cells = nbformat.read(project.notebook_path(model.notebook), as_version=4).cells
    (cell,) = [c for c in cells if "parameters" in c.metadata.get("tags", [])]
    assigned = {node.target.id: node for node in ast.parse(cell.source).body}
    assert list(assigned) == list(model.model_fields)
    given = {name: ast.literal_eval(node.value) for name, node in assigned.items()}
    assert model.from_names(given) == model()
    for name, node in assigned.items():
        assert ast.unparse(node.annotation) == type_name(model.model_fields[name].annotation)
    lines = cell.source.splitlines()
    assert all("  # " in line for line in lines), "each parameter has a comment"


@pytest.mark.parametrize("name", ["password", "AWS_SECRET", "api_key", "apiKey", "auth_token"])
def test_nothing_named_like_a_secret_is_a_parameter(name):
    with pytest.raises(BadInput, match=f"{name}: looks like a secret, which a run would write"):
        DoesFitResume.from_text({name: "x"})
    for model in (*NOTEBOOKS.values(), SweepSummary):
        assert not any(map(SECRET.search, model.model_fields))


USUAL = {name: None for name in DoesFitResume.model_fields}
CELL = "\n".join(f"{name}: int = None" for name in USUAL)


def after(*cells, **more):
    """The namespace of a notebook of which these cells have been run, the last being run now."""
    return {**USUAL, "In": ["", *cells, "Run.start(DoesFitResume, globals())"], "Out": {}, **more}


def test_what_is_set_beside_the_parameters_by_hand_or_by_papermill_is_refused():
    for names in (
        {**USUAL, "epoch": 3},
        after(CELL, "# Parameters\nepoch = 3", epoch=3),
        after(f"{CELL}\nepoch: int = 3", epoch=3),
        after(CELL, "f(x)", "y = f()", "'not read' (", "epoch = other = [3]", epoch=[3], other=[3]),
    ):
        with pytest.raises(BadInput, match=r"^epoch: unknown parameter, .* did you mean epochs\?$"):
            DoesFitResume.from_names(names)


def test_a_misspelling_in_place_of_a_parameter_is_named_before_what_is_missing():
    names = after(CELL.replace("epochs:", "epoch:"), epoch=3)
    del names["epochs"]
    with pytest.raises(BadInput, match=r"^epoch: unknown parameter"):
        DoesFitResume.from_names(names)
    del names["epoch"]
    with pytest.raises(BadInput, match=r"^epochs: is missing, allowed: an integer from 1 to 10"):
        DoesFitResume.from_names(names)


def test_what_was_there_before_and_what_is_no_value_is_no_misspelt_parameter():
    there = {"_i1": "", "__name__": "x", "ast": ast, "st": st.text, "path": ast.parse("1")}
    assert DoesFitResume.from_names({**USUAL, **there}) == DoesFitResume()
    made = {"before": 1, "later": {}, "made": 2}
    for cells in (
        ("before = 1", CELL, "later = {}", CELL),  # both cells are run again
        (CELL, "run = Run.start()", "later = {}", "made = f()"),  # the second alone is
    ):
        assert DoesFitResume.from_names(after(*cells, **made)) == DoesFitResume()


@pytest.mark.parametrize("model", NOTEBOOKS.values())
def test_a_notebook_says_which_data_it_reads_and_who_its_samples_are(model):
    draws_its_own = model is SatelliteScaleImbalance
    assert (model.data_digest() is None) == draws_its_own
    if draws_its_own:
        assert model.check_data() is None
    if "positive_digit" not in model.model_fields:  # who is rare, and so whose samples count
        assert model().population() is None


def test_the_population_of_a_run_on_mnist_is_its_digit_against_the_rest():
    population = DoesFitResume(positive_digit=7).population()
    minority, majority = population.streams["minority"], population.streams["majority"]
    assert set(minority.labels) == {7}
    assert set(majority.labels) == {0, 1, 2, 3, 4, 5, 6, 8, 9}
    assert sorted([*minority.index, *majority.index]) == list(range(60_000))
    assert population.complete
