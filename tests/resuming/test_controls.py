"""What the other tests compare with: an undisturbed training, and one that is not put back."""

import os

import pytest

from tests.resuming.digest import differences
from tests.resuming.how import BACKUP, PLAIN, RESUMABLE

BACKEND = os.environ.get("EPOCHWATCH_BACKEND", "tensorflow")
FEED = "arrays, shuffled by fit"
KILL = "step 1.1.1"  # the fifth of nine


def test_an_undisturbed_training_equals_itself(runs):
    one, other = (runs.killed(FEED, RESUMABLE) for _ in range(2))
    assert one.failure == ""
    assert one.digest == other.digest
    assert one.kills == 0
    assert len(one.events_named("step")) == 9


def test_it_equals_a_plain_fit(runs):
    plain, resumable = runs.undisturbed(FEED, PLAIN), runs.undisturbed(FEED, RESUMABLE)
    assert plain.failure == ""
    assert resumable.verdict(plain) == "exact"


def test_without_a_log_it_equals_what_keras_alone_trains(runs):
    keras_alone, resumable = (
        runs.undisturbed(FEED, how._replace(first="alone")) for how in (PLAIN, RESUMABLE)
    )
    assert keras_alone.failure == ""
    assert resumable.verdict(keras_alone) == "exact"
    assert keras_alone.digest["variables"] == runs.undisturbed(FEED, PLAIN).digest["variables"]


def test_what_is_compared_is_there_and_tells_trainings_apart(runs):
    one, other = (runs.undisturbed(name, PLAIN).digest for name in (FEED, "arrays, in order"))
    assert all(one.values())
    assert any("seed_generator_state" in path for path, *_ in one["variables"])
    assert set(one) - set(differences(one, other)) <= {"random states"}


# Not arrays: seeded, TensorFlow shuffles them alike in every epoch.
@pytest.mark.parametrize("script", ["py_dataset, shuffled by fit", "tf_data, shuffled"])
def test_a_training_that_is_not_put_back_is_told_by_the_same_comparison(runs, script):
    undisturbed = runs.undisturbed(script, BACKUP)
    assert undisturbed.verdict(runs.undisturbed(script, PLAIN)) == "exact"
    killed = runs.killed(script, BACKUP, [KILL])
    assert killed.kills == 1
    differing = differences(undisturbed.digest, killed.digest)
    assert {"variables", "history", "callbacks", "order", "files"} <= set(differing)
    # It begins the second epoch over: two steps more than the nine that are due.
    steps = [name for events in killed.events for name in events if name.startswith("step")]
    assert (len(steps), len(set(steps))) == (11, 9)
    order, due = killed.digest["order"], undisturbed.digest["order"]
    # In the order of the first, for the data start over.
    assert order["1.2"] == due["1.1"] != due["1.2"]
    # On torch, Dropout draws from torch's own state.
    is_lost = seed_of_dropout(undisturbed) != seed_of_dropout(killed)
    assert is_lost is (BACKEND != "torch")


def seed_of_dropout(ended) -> str:
    variables = ended.digest["variables"]
    (digest,) = [digest for path, *_, digest in variables if "seed_generator_state" in path]
    return digest
