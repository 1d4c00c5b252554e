"""A sweep's file is checked whole: what is allowed makes the runs it says, all else is a line."""

import itertools

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from epochwatch.errors import BadInput
from epochwatch_lab._runs.sweep import chosen, find, read_sweep
from epochwatch_lab.runs import DoesFitResume

HEAD = "name: a\nnotebook: 01_does_fit_resume\n"


@pytest.fixture
def sweep_of(tmp_path):
    """Read a sweep from text."""

    def read(text, head=HEAD):
        path = tmp_path / "a.yaml"
        path.write_bytes(text if isinstance(text, bytes) else (head + text).encode())
        return read_sweep(path, tmp_path / "outputs")

    return read


def values(sweep, *names):
    """The values of each run."""
    return [tuple(getattr(one.parameters, name) for name in names) for one in sweep.planned]


def test_a_grid_is_every_combination_in_the_files_order(sweep_of):
    sweep = sweep_of("grid: {positive_digit: [7, 1], feed: [generator, tf_data]}\nseeds: [3, 4]")
    axes = ([7, 1], ["generator", "tf_data"], [3, 4])
    assert values(sweep, "positive_digit", "feed", "seed") == list(itertools.product(*axes))
    assert sweep.varied == ("positive_digit", "feed", "seed")
    assert sweep.named(sweep.planned[0]) == "positive_digit=7 feed=generator seed=3"


def test_a_list_is_run_by_run_and_each_with_every_seed(sweep_of):
    sweep = sweep_of("fixed: {batch_size: 4}\nlist: [{epochs: 1}, {epochs: 2}]\nseeds: [0, 1]")
    assert values(sweep, "batch_size", "epochs", "seed") == [
        (4, 1, 0),
        (4, 1, 1),
        (4, 2, 0),
        (4, 2, 1),
    ]


def test_a_run_is_named_by_its_id_whatever_sweep_it_is_in(sweep_of):
    one = sweep_of("seeds: [5]").planned[0]
    other = sweep_of("grid: {seed: [4, 5], epochs: [10]}", HEAD.replace(" a", " b")).planned[1]
    assert one == other
    assert one.parameters.run_name == one.id


def test_a_run_is_found_by_its_id_or_what_it_begins_with(sweep_of):
    sweep = sweep_of("seeds: [0, 1, 2]")
    assert find(sweep, sweep.planned[1].id[:8]) == sweep.planned[1]
    for run_id in ("", "zz", "no\nid"):
        with pytest.raises(BadInput, match="which fits 0 runs of the sweep, allowed: the id of"):
            find(sweep, run_id)


def test_runs_are_chosen_by_their_values(sweep_of):
    sweep = sweep_of("grid: {epochs: [1, 2], feed: [tf_data, generator]}\nseeds: [0, 1]")
    assert len(chosen(sweep, [])) == 8
    found = chosen(sweep, ["seed=1", "epochs=2", "epochs=1", "feed=generator"])
    assert [(one.parameters.epochs, one.parameters.seed) for one in found] == [(1, 1), (2, 1)]
    for text, allowed in (
        ("seed=7", "seed=VALUE, VALUE one of 0, 1"),
        ("feed=tf_dat", "feed=VALUE, VALUE one of tf_data, generator"),
        ("sed=1", "NAME=VALUE, NAME one of epochs, feed, seed"),
        ("seed", "seed=VALUE, VALUE one of 0, 1"),
    ):
        with pytest.raises(BadInput, match=f"--only: got '{text}', allowed: {allowed}$"):
            chosen(sweep, ["seed=1", text])
    listed = sweep_of("list: [{positive_digit: 1}, {positive_digit: 2, feed: generator}]")
    assert len(chosen(listed, ["feed=generator"])) == 1
    with pytest.raises(BadInput, match="none of the 2 runs has positive_digit=1 feed=generator"):
        chosen(listed, ["positive_digit=1", "feed=generator"])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "makes no run, allowed: a grid, a list or seeds"),
        ("grid: {}", "makes no run"),
        ("list: []", "makes no run"),
        ("seeds: []", "makes no run"),
        ("grid: {epochs: []}", "grid.epochs: got [], allowed: a list of one value or more"),
        ("grid: {epoch: [1]}", "epoch: unknown parameter"),
        ("grid: {epoch: [1]}", "did you mean epochs?"),
        ("grid: {epochs: 3}", "grid.epochs: got 3, allowed: each parameter with a list of values"),
        ("grid: {epochs: ['3']}", "epochs: got '3', allowed: an integer from 1 to 10,000"),
        ("grid: {epochs: [0]}", "epochs: got 0, allowed: an integer from 1 to 10,000"),
        ("grid: {epochs: [true]}", "grid.epochs.0: got True, allowed"),
        ("grid: {epochs: [1, 1]}", "makes the same run twice"),
        ("seeds: [1, 1]", "makes the same run twice"),
        ("seeds: [1]\nfixed: {seed: 1}", "seed is set in two places; set it in one"),
        ("seeds: [1]\nlist: [{seed: 1}]", "seed is set in two places"),
        ("fixed: {epochs: 1}\nlist: [{epochs: 1}]", "epochs is set in two places"),
        ("grid: {epochs: [1]}\nlist: [{seed: 1}]", "has both a grid and a list, allowed: one"),
        ("seeds: [-1]", "seed: got -1, allowed: an integer from 0"),
        ("seeds: [0]\nfixed: {api_key: x}", "api_key: looks like a secret"),
        ("seeds: [0]\nfixed: {Password: x}", "Password: looks like a secret"),
        ("seeds: [0]\nfixed: {run_name: x}", "run_name: cannot be set"),
        ("seeds: [0]\nfixed: {steps_per_execution: 7}", "a divisor of steps_per_epoch (625)"),
        ("seeds: [0]\nmore: 1", "more: got 1, allowed: one of name, notebook, fixed, grid"),
        ("seeds: [0]\nname: b", "name: is given twice, allowed: once"),
        ("seeds: [0]\nfixed: {epochs: 1, epochs: 2}", "epochs: is given twice"),
        ("seeds: [", "is not YAML in line"),
        ("seeds: !!python/object/apply:os.system ['touch pwned']", "is not YAML in line 3"),
        ("seeds: [0]\nfixed: &a {epochs: *a}", "fixed.epochs: got {"),
        ("seeds: [0]\nfixed: {[1]: 2}", "is not YAML"),
        ("grid: {seed: [%s], epochs: [%s]}" % (("1," * 999,) * 2), "makes 998,001 runs, allowed"),
        (b"\xff\xfe\x00", "is not YAML"),
        (b"", "got None, allowed: name, notebook"),
        (b"[1]", "got [1], allowed: name, notebook"),
        (
            b"notebook: 01_does_fit_resume\nseeds: [0]",
            "name: is missing, allowed: up to 64",
        ),
        (
            b"name: ../x\nnotebook: 01_does_fit_resume\nseeds: [0]",
            "got '../x', allowed: up to 64",
        ),
        (b"name: a\nnotebook: 07\nseeds: [0]", "notebook: got 7, allowed: the name of a notebook"),
        (b"name: a\nnotebook: none\nseeds: [0]", "allowed: 01_does_fit_resume"),
        (b"#" * 2_000_000, "is larger than 1 MiB"),
    ],
)
def test_a_bad_file_is_one_line_that_names_it(text, told, sweep_of, tmp_path):
    with pytest.raises(BadInput) as refusal:
        sweep_of(text)
    said = str(refusal.value)
    assert told in said
    assert said.startswith(f"{tmp_path / 'a.yaml'}: ")
    assert len(said.splitlines()) == 1
    assert len(said) < 400 + len(str(tmp_path))


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"none\.yaml: cannot be read \(No such file or directory\)"):
        read_sweep(tmp_path / "none.yaml", tmp_path)
    with pytest.raises(BadInput, match="cannot be read"):
        read_sweep(tmp_path, tmp_path)


NAMES = st.sampled_from([*DoesFitResume.model_fields, "name", "grid", "epoch", "token", "", "a\nb"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates()
NESTED = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3)
)
FILES = st.dictionaries(
    st.sampled_from(["name", "notebook", "fixed", "grid", "list", "seeds", "more"]), NESTED
).map(lambda content: {"name": "a", "notebook": "01_does_fit_resume", **content})


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=FILES.map(yaml.safe_dump) | st.text())
def test_whatever_the_file_it_is_runs_that_are_allowed_or_one_line(text, sweep_of):
    try:
        sweep = sweep_of(text.encode("utf-8", "surrogatepass"))
    except BadInput as refusal:
        assert len(str(refusal).splitlines()) == 1
    else:
        for one in sweep.planned:
            values = one.parameters.model_dump()
            assert DoesFitResume.checked(values) == one.parameters
