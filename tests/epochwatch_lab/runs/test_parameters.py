"""Parameters: what is allowed runs, and nothing else does."""

import ast

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochwatch.errors import BadInput
from epochwatch_lab.runs import project
from epochwatch_lab.runs.parameters import (
    NOTEBOOKS,
    SECRET,
    DoesFitResume,
    SweepSummary,
    largest_divisor,
    parameters_of,
)


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
        DoesFitResume.from_names({"epochs": value})


@given(st.integers(1, 10_000))
def test_the_default_execution_divides_the_epoch_and_is_the_largest_that_does(steps):
    execution = DoesFitResume.from_names({"steps_per_epoch": steps}).steps_per_execution
    divisors = [d for d in range(1, 126) if steps % d == 0]
    assert execution == max(divisors)


def test_the_default_execution_of_the_notebook_is_125():
    assert DoesFitResume().steps_per_execution == 125
    assert largest_divisor(127, 125) == 1


def test_an_unknown_notebook_is_refused_with_those_there_are():
    with pytest.raises(BadInput, match="notebook: got '01', allowed: 01_does_fit_resume"):
        parameters_of("01")


@pytest.mark.parametrize("model", [*NOTEBOOKS.values(), SweepSummary])
def test_a_notebooks_parameters_cell_says_the_same_as_its_model(model):
    cells = nbformat.read(project.notebook_path(model.notebook), as_version=4).cells
    (cell,) = [c for c in cells if "parameters" in c.metadata.get("tags", [])]
    assigned = {node.target.id: node for node in ast.parse(cell.source).body}
    assert list(assigned) == list(model.model_fields)
    given = {name: ast.literal_eval(node.value) for name, node in assigned.items()}
    assert model.from_names(given) == model()
    for name, node in assigned.items():
        assert node.annotation.id == model.model_fields[name].annotation.__name__.replace(
            "Literal", "str"
        )
    lines = cell.source.splitlines()
    assert all("  # " in line for line in lines), "each parameter has a comment"


@pytest.mark.parametrize("name", ["password", "AWS_SECRET", "api_key", "apiKey", "auth_token"])
def test_nothing_named_like_a_secret_is_a_parameter(name):
    with pytest.raises(BadInput, match=f"{name}: looks like a secret, which a run would write"):
        DoesFitResume.from_text({name: "x"})
    for model in (*NOTEBOOKS.values(), SweepSummary):
        assert not any(map(SECRET.search, model.model_fields))
