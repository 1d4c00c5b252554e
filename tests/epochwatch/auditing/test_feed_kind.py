"""What is said of a kind of feed: the same as of such a feed, and nothing of what it has not."""

import subprocess
import sys

import numpy as np
import pytest

import epochwatch
from epochwatch._auditing import feed_kind
from epochwatch._auditing.feed_kind import FeedKind
from epochwatch._auditing.request import BACKENDS, KINDS, FitCall
from epochwatch.errors import BadInput
from tests.backends import small_feeds

ON = {"keras": "3.15", "backend": "tensorflow"}


def batches_of(explained):
    """List the batches of each epoch that is told."""
    return list(explained.places.values())


def test_a_generator_goes_on_from_epoch_to_epoch():
    explained = epochwatch.explain("generator", steps_per_epoch=3, **ON)
    assert (explained.verdict, explained.rule.name) == ("resumes", "iterator kept")
    assert batches_of(explained) == [[3 * n, 3 * n + 1, 3 * n + 2] for n in range(5)]


def test_the_batches_that_a_generator_ends_with_come_again():
    explained = epochwatch.explain("generator", batches=10, steps_per_epoch=3, **ON)
    assert explained.verdict == "replays"
    assert batches_of(explained)[3:] == [[9], [0, 1]]


def test_each_fit_begins_at_the_first_batch():
    explained = epochwatch.explain("tf_data", steps_per_epoch=3, fits=2, **ON)
    assert explained.verdict == "restarts"
    assert explained.places == {
        (1, 1): [0, 1, 2],
        (1, 2): [3, 4, 5],
        (2, 1): [0, 1, 2],
        (2, 2): [3, 4, 5],
    }


def test_what_follows_what_was_read_ahead_is_not_told():
    """Where tf.data reads ahead; a generator goes on exactly on torch."""
    told = {"feed": "generator", "steps_per_epoch": 3, "fits": 2}
    assert {fit for fit, _ in epochwatch.explain(**told, **ON).places} == {1}
    on_torch = epochwatch.explain(**told, keras="3.15", backend="torch")
    assert on_torch.places[2, 1] == [6, 7, 8]


def test_where_keras_takes_a_batch_ahead_elsewhere_than_on_a_cpu_that_is_said():
    twice = {"steps_per_epoch": 3, "fits": 2, "backend": "jax"}
    assert epochwatch.explain("generator", keras="3.15", **twice).provided == feed_kind.ON_CPU
    assert epochwatch.explain("generator", keras="3.12", **twice).provided is None
    assert epochwatch.explain("tf_data", keras="3.15", **twice).provided is None


@pytest.mark.parametrize(
    ("feed", "options"),
    [
        ("arrays", {}),
        ("py_dataset", {}),
        ("tf_data", {"shuffles": True}),
        ("torch_loader", {"shuffles": True}),
        ("py_dataset", {"workers": 4, "steps_per_epoch": 3, "shuffle": False}),
    ],
)
def test_an_order_that_is_drawn_or_is_a_matter_of_timing_has_no_batches(feed, options):
    explained = epochwatch.explain(feed, **options, **ON)
    assert not explained.places
    assert explained.as_json()["first_epochs"] == []


def test_a_seed_repeats_the_order_of_arrays_on_tensorflow():
    alike = {
        backend: epochwatch.explain("arrays", seeded=True, keras="3.15", backend=backend).alike
        for backend in ("tensorflow", "jax", "torch")
    }
    assert alike == {"tensorflow": True, "jax": False, "torch": False}


@pytest.mark.parametrize(("steps", "length"), [(None, 10), (3, 3), (7, 7)])
def test_without_a_batch_size_keras_makes_a_pass_of_arrays_of_the_steps(steps, length):
    """As it does of arrays that are there."""
    call = FitCall(steps_per_epoch=steps)
    assert FeedKind("arrays").facts(call).length == length
    in_batches = FitCall(steps_per_epoch=steps, batch_size=4)
    assert FeedKind("arrays").facts(in_batches).length == 10


SMALL = {
    "arrays": ("arrays", {"batch_size": 4, "shuffle": False}),
    "tf_data": ("tf_data", {}),
    "tf_data_endless": ("tf_data", {"batches": "endless"}),
    "generator_endless": ("generator", {}),
    "py_dataset": ("py_dataset", {"shuffle": False}),
    "py_dataset_endless": ("py_dataset", {"batches": "endless"}),
    "py_dataset_threads": ("py_dataset", {"workers": 4, "shuffle": False}),
}


@pytest.mark.parametrize("steps", [3, 10, 15])
@pytest.mark.parametrize("fits", [1, 2])
@pytest.mark.parametrize("name", SMALL)
def test_it_says_of_a_kind_what_it_says_of_such_a_feed(name, fits, steps):
    kind, options = SMALL[name]
    asked = {"steps_per_epoch": steps, "epochs": 3, "fits": fits}
    of_kind = epochwatch.explain(kind, **asked, **options)
    of_fit = {key: options[key] for key in options if key in ("batch_size", "shuffle")}
    of_feed = epochwatch.explain(getattr(small_feeds, name)(), **asked, **of_fit)
    known = {"assumed": {}, "provided": None}
    assert of_kind._replace(**known).as_json() == of_feed._replace(**known).as_json()


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_kind_is_explained_on_every_keras_that_takes_it(backend):
    versions = ["2.15"] if backend == "tf_keras" else ["3.6", "3.9", "3.12", "3.16"]
    for kind in KINDS:
        for version in versions:
            takes = kind not in ("torch_loader", "grain_loader") if backend == "tf_keras" else True
            takes = takes and not (kind == "grain_loader" and version in ("3.6", "3.9"))
            asked = {"steps_per_epoch": 3, "keras": version, "backend": backend}
            if takes:
                assert epochwatch.explain(kind, **asked).rule.why
            else:
                with pytest.raises(BadInput, match=f"feed: got {kind}"):
                    epochwatch.explain(kind, **asked)


@pytest.mark.parametrize(
    ("feed", "options", "said"),
    [
        ("dataset", {}, "feed: got 'dataset', allowed: a feed, or one of arrays, tf_data, gene"),
        ("arrays", {"batches": "endless"}, "batches='endless': got a feed of arrays, allowed: one"),
        ("arrays", {"shuffles": True}, "shuffles: got a feed of arrays, allowed: one of"),
        ("generator", {"uncounted": True}, "uncounted: got a feed of generator, allowed: one of"),
        ("tf_data", {"workers": 2}, "workers: got a feed of tf_data, allowed: one of py_dataset"),
        ("tf_data", {"batches": 0}, "batches: got 0, allowed: a whole number, 1 or more"),
        (
            "tf_data",
            {"batches": "many"},
            "batches: got 'many', allowed: a whole number, 1 or more, or 'en",
        ),
        ("generator", {"steps_per_epoch": None}, "steps_per_epoch: got None for a generator with"),
        ("tf_data", {"keras": "3.5"}, "keras: got '3.5', allowed: 3.6 to 3.16, or 2.x"),
        ("tf_data", {"keras": "new"}, "keras: got 'new', allowed: 3.6 to 3.16, or 2.x"),
        ("tf_data", {"keras": "2.15", "backend": "jax"}, "backend: got 'jax' for Keras 2.15, al"),
        ("tf_data", {"keras": "3.15", "backend": "tf_keras"}, "keras: got '3.15' for tf_keras,"),
        ("tf_data", {"backend": "mlx"}, "backend: got 'mlx', allowed: one of tensorflow"),
        ("tf_data", {"shufle": False}, "explain: got 'shufle', allowed: batches, uncounted"),
        ("tf_data", {"backend": "torch", "steps_per_execution": 2, "keras": "3.15"}, "allowed on"),
    ],
)
def test_what_there_is_not_is_refused_in_one_line(feed, options, said):
    with pytest.raises(BadInput) as refused:
        epochwatch.explain(feed, **{"steps_per_epoch": 3, **options})
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_of_a_feed_that_is_there_its_kind_needs_no_describing():
    with pytest.raises(BadInput, match="fit option: got 'batches', allowed: "):
        epochwatch.explain((np.zeros(4), np.zeros(4)), batches=3)


def test_no_framework_is_imported_to_answer():
    asked = "epochwatch.explain('arrays', seeded=True); import sys"
    names = "{'keras', 'tensorflow', 'jax', 'torch', 'grain'} & set(sys.modules)"
    code = f"import epochwatch; {asked}; print({names} or 'none')"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "none\n"


def test_the_release_installed_is_read_without_importing_it(monkeypatch):
    import keras

    installed = tuple(map(int, keras.__version__.split(".")[:2]))
    assert feed_kind.release_here() == installed
    monkeypatch.delitem(sys.modules, "keras")
    assert feed_kind.release_here() == installed
