"""Addresses of cells: unique, readable back, and the same for ever."""

import json
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochwatch_lab._atlas.addresses import address_of, parsed_address, release_of
from epochwatch_lab._atlas.cells import AtlasCell
from epochwatch_lab._atlas.files import read_atlas
from epochwatch_lab._runs import project

ABOUT = {"package": "keras", "keras": "3.15.1", "backend": "jax"}
CELL = {
    "feed": "generator",
    "options": {"endless": False},
    "steps_per_epoch": None,
    "steps_per_execution": 1,
    "fits": 1,
    "validation": False,
    "seeded": None,
    "act": "fit",
    "how": {},
}
VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.text())
NAMES = st.from_regex(r"[a-z_]{1,12}", fullmatch=True)
FEEDS = st.one_of(
    st.tuples(
        st.sampled_from(["arrays", "py_dataset", "torch_loader", "grain_loader"]),
        st.dictionaries(NAMES, VALUES),
    ),
    st.tuples(st.just("generator"), st.booleans().map(lambda on: {"endless": on})),
    st.tuples(
        st.just("tf_data"),
        st.builds(
            lambda pipeline, more: {"pipeline": pipeline} | more,
            st.text(min_size=1),
            st.dictionaries(NAMES.filter(lambda name: name != "pipeline"), VALUES),
        ),
    ),
)
CELLS = st.builds(
    lambda feed, steps, executions, fits, validation, seeded, act, how: {
        "feed": feed[0],
        "options": feed[1],
        "steps_per_epoch": steps,
        "steps_per_execution": executions,
        "fits": fits,
        "validation": validation,
        "seeded": seeded,
        "act": act,
        "how": how,
    },
    FEEDS,
    st.one_of(st.none(), st.integers(1)),
    st.integers(1),
    st.integers(1),
    st.booleans(),
    st.one_of(st.none(), st.text()),
    st.text(),
    st.dictionaries(NAMES, VALUES),
)


@given(CELLS)
def test_an_address_is_read_back_as_the_cell_it_was_made_of(cell):
    assert parsed_address(address_of(ABOUT, cell)) == ("keras-3.15", "jax", cell)


@given(CELLS)
def test_a_browser_leaves_an_address_as_it_is(cell):
    address = address_of(ABOUT, cell)
    assert urlsplit(f"file:///index.html#{address}").fragment == address
    assert not set(address) & set(' "<>`\\#&\n\t')
    assert "/" in address


@pytest.mark.parametrize(
    ("changes", "address"),
    [
        ({}, "keras-3.15/jax/generator"),
        ({"steps_per_epoch": 3, "fits": 2}, "keras-3.15/jax/generator/steps=3/fits=2"),
        (
            {"options": {"endless": True}, "steps_per_execution": 3, "validation": True},
            "keras-3.15/jax/generator(endless)/steps_per_execution=3/validation",
        ),
        (
            {"feed": "py_dataset", "options": {"workers": 2, "use_multiprocessing": True}},
            "keras-3.15/jax/py_dataset(workers=2;use_multiprocessing)",
        ),
        ({"feed": "tf_data", "options": {"pipeline": "repeat"}}, "keras-3.15/jax/tf_data(repeat)"),
        (
            {"feed": "arrays", "options": {"shuffle": False}, "seeded": "global"},
            "keras-3.15/jax/arrays(shuffle=false)/seeded=global",
        ),
        (
            {"act": "restore", "how": {"by": "initial_epoch"}, "steps_per_epoch": 5},
            "keras-3.15/jax/generator/act=restore/steps=5/how.by=initial_epoch",
        ),
        (
            {"act": "restore", "how": {"by": "BackupAndRestore every step"}},
            "keras-3.15/jax/generator/act=restore/how.by=BackupAndRestore+every+step",
        ),
        (
            {"act": "validate", "how": {"validation_steps": 3}, "seeded": "global"},
            "keras-3.15/jax/generator/act=validate/seeded=global/how.validation_steps=3",
        ),
        (
            {"act": "auto_execution", "steps_per_epoch": 5},
            "keras-3.15/jax/generator/act=auto_execution/steps=5",
        ),
        (
            {"feed": "tf_data", "options": {"pipeline": "finite"}, "act": "augment"}
            | {"how": {"op": "tf.random.uniform(seed=1)"}},
            "keras-3.15/jax/tf_data(finite)/act=augment/how.op=tf.random.uniform%28seed=1%29",
        ),
        (
            {"feed": "py_dataset", "options": {"workers": 2, "batches": 100}},
            "keras-3.15/jax/py_dataset(workers=2;batches=100)",
        ),
    ],
)
def test_what_is_written_down_once_never_changes(changes, address):
    # Such addresses stand in other people's reports.
    assert address_of(ABOUT, CELL | changes) == address


def test_a_release_is_a_package_and_its_minor_version_but_a_nightly_is_a_day():
    assert release_of({"package": "tf_keras", "keras": "2.21.0"}) == "tf_keras-2.21"
    two = [
        release_of({"package": "keras", "keras": f"3.16.0.dev2026{day}"}) for day in (1027, 1028)
    ]
    assert len(set(two)) == 2


@pytest.mark.slow
def test_every_cell_of_the_atlas_has_an_address_that_is_read_back():
    cells = {}
    for file in read_atlas(project.ROOT / "atlas"):
        for recorded in file["cells"]:
            cell = AtlasCell.from_json(recorded)
            address = cell.address(file["environment"])
            release, backend, described = parsed_address(address)
            assert described == cell.as_json()
            assert (release, backend) == (
                release_of(file["environment"]),
                file["environment"]["backend"],
            )
            assert address not in cells, json.dumps(cells[address])
            cells[address] = recorded
    assert cells
