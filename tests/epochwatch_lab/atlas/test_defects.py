"""Every cell in which the audit finds data lost or repeated has its reproduction."""

import pytest

from epochwatch._auditing.request import FINDINGS
from epochwatch_lab._atlas.defects import DEFECTS, finding_of, findings_of, is_costly
from epochwatch_lab._atlas.files import known_as, read_atlas
from epochwatch_lab._runs import project
from tests.epochwatch_lab.atlas.reproductions import NAMES
from tests.epochwatch_lab.atlas.reproductions import read as read_reproduction

FOLDER = project.ROOT / "atlas"
ATLAS = list(read_atlas(FOLDER))
FACTS = {name: read_reproduction(name).facts for name in NAMES}


def named(read):
    """Name a file of the atlas."""
    return f"{known_as(read['environment'])}-{read['environment']['backend']}"


def cell(trained, verdicts=(), rule="iterator kept", **of):
    """A cell as in the atlas, of fits, epochs and batches; a verdict for each boundary."""
    epochs = [(f, e) for f, fit in enumerate(trained, 1) for e, _ in enumerate(fit, 1)]
    boundaries = [
        {"after": {"fit": fit, "epoch": epoch}, "verdict": verdict}
        for (fit, epoch), verdict in zip(epochs, verdicts, strict=False)
    ]
    steps = [len(epoch) for fit in trained for epoch in fit]
    of_steps = of.pop("steps", [None] * len(steps))
    passed = of.pop("passed", 0)
    occur = {*verdicts, *of_steps, *of.pop("findings", ())} | ({"passed over"} if passed else set())
    seen = {
        "verdict": of.pop("verdict", "resumes"),
        "findings": [name for name in FINDINGS if name in occur],
        "boundaries": boundaries,
        "steps": {"run": steps, "findings": of_steps},
        "batches": {"passed_over": passed},
    }
    given = {"feed": "arrays", "options": {}, "trained": trained, "observed": seen}
    return given | {"expected": {"rule": rule}} | of


DRY = [None, "runs dry"]
FIRST, NEXT = [[0, 1], [2, 3]], [[4, 5], [6, 7]]


@pytest.mark.parametrize(
    ("seen", "name"),
    [
        (cell([[FIRST, NEXT]], ["resumes"]), None),
        (cell([[FIRST], [FIRST]], ["restarts"]), "each_fit_starts_over"),
        (cell([[FIRST], [NEXT]], ["resumes"], findings=["loses"]), "each_fit_starts_over"),
        (
            cell([[FIRST, FIRST]], ["restarts"], "Sequence recreated", feed="py_dataset"),
            "sequence_starts_over_every_epoch",
        ),
        (
            cell([[FIRST, FIRST]], ["restarts"], feed="py_dataset", options={"workers": 2}),
            "py_dataset_workers_start_over_at_epoch_ends",
        ),
        (
            cell([[NEXT]], passed=2, feed="py_dataset", options={"workers": 2}),
            "py_dataset_workers_train_one_batch_twice_another_never",
        ),
        (
            cell([[NEXT]], passed=2, feed="py_dataset", options={"workers": 2, "endless": True}),
            "py_dataset_workers_never_train_first_batch",
        ),
        (cell([[NEXT]], passed=2), "first_batch_is_taken_to_build_the_model"),
        (cell([[NEXT, FIRST]]), None),  # nothing is lost: so the audit says, and so it is
        (cell([[NEXT]], options={"shuffle": True}), None),
        (
            cell([[FIRST], [NEXT]], ["skips"], feed="generator", passed=1),
            "generator_skips_between_fits",
        ),
        (
            cell([[FIRST, FIRST]], ["replays"], feed="generator"),
            "generator_replays_its_first_two_batches",
        ),
        (cell([[FIRST, [], FIRST]], ["resumes"], steps=DRY), "every_other_epoch_trains_nothing"),
        (
            cell([[FIRST, NEXT]], ["resumes"], steps=["overruns", "overruns"]),
            "steps_per_execution_overruns_the_epoch",
        ),
        (
            cell([[FIRST, NEXT[:1]]], ["resumes"], "ends inside an epoch", steps=DRY),
            "rounded_down_steps_cut_every_other_epoch",
        ),
    ],
)
def test_a_finding_is_told_from_what_was_seen(seen, name):
    assert finding_of(seen, "keras-3.15") == name
    costs_steps_only = (
        "rounded_down_steps_cut_every_other_epoch",
        "every_other_epoch_trains_nothing",
    )
    assert is_costly(seen) == (name is not None and name not in costs_steps_only)


def test_what_releases_do_in_another_way_has_another_name_or_none():
    dry = cell([[FIRST, NEXT[:1]]], ["resumes"], "ends inside an epoch", steps=DRY)
    assert finding_of(dry, "tf-2.13") is None
    late = cell([[NEXT]], passed=2, feed="py_dataset", options={"workers": 2})
    assert finding_of(late, "keras-3.6") == "first_batch_is_taken_to_build_the_model"


def test_what_raised_is_no_loss_that_nobody_sees():
    raised = {"observed": None, "trained": [], "raised": "IndexError: list index out of range"}
    assert finding_of(raised, "keras-3.15") is None
    assert not is_costly(raised)


@pytest.mark.parametrize("read", ATLAS, ids=lambda read: named(read))
def test_every_costly_cell_of_the_atlas_has_its_reproduction(read):
    release = known_as(read["environment"])
    for seen in read["cells"]:
        assert seen["finding"] == finding_of(seen, release)
        assert seen["finding"] or not is_costly(seen), seen
        assert findings_of(seen) or not seen["finding"], seen


@pytest.mark.parametrize("read", ATLAS, ids=lambda read: named(read))
def test_a_reproduction_was_seen_where_the_atlas_has_its_finding(read):
    release, backend = known_as(read["environment"]), read["environment"]["backend"]
    for name in {seen["finding"] for seen in read["cells"]} - {None}:
        assert backend in FACTS[name]["seen"].get(release, []), f"{name}: {release}, {backend}"


@pytest.mark.parametrize("name", DEFECTS)
def test_each_reproduction_is_there(name):
    assert name in NAMES
    assert (FOLDER / "reproductions" / f"{name}.md").is_file()
