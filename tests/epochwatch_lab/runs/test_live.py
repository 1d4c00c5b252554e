"""What a run by hand shows while `fit` trains: it grows, in one place, and changes nothing."""

import keras
import numpy as np
import pytest

import epochwatch
from epochwatch.errors import BadInput
from epochwatch_lab._runs import live, run
from epochwatch_lab.runs import DoesFitResume, Run
from tests.notebooks.conftest import shell_of

USUAL = {name: None for name in DoesFitResume.model_fields} | {"run_name": "interactive"}
STREAMS = {"minority": np.arange(4), "majority": np.arange(10, 42)}
EPOCHS, STEPS = 4, 3


@pytest.fixture
def by_hand(tmp_path, monkeypatch):
    """A run that somebody makes by hand."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(run.ATTEMPT_VARIABLE, raising=False)
    return Run.start(DoesFitResume, dict(USUAL))


@pytest.fixture
def headless(tmp_path, monkeypatch):
    """A run that nobody looks at."""
    monkeypatch.setenv(run.ATTEMPT_VARIABLE, str(tmp_path / "attempt"))
    return Run.start(DoesFitResume, dict(USUAL))


@pytest.fixture
def shown(monkeypatch):
    """What is displayed, each with whether it takes the place of the one before."""
    forms = []

    class Handle:
        def update(self, changed, raw):
            forms.append((changed, True))

    def display(first, raw, display_id):
        forms.append((first, False))
        return Handle()

    monkeypatch.setattr("IPython.display.display", display)
    return forms


def new_model(**watched):
    keras.utils.set_random_seed(7)
    model = keras.Sequential([keras.layers.Dense(3, activation="relu"), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    return epochwatch.watch(model, **watched)


def batches():
    """Two samples of either stream a step, without end."""
    step = 0
    while True:
        rank = np.arange(2 * step, 2 * step + 2)
        index = np.concatenate([rank % 4, 10 + rank % 32])
        x = np.stack([np.sin(index), np.cos(index)], axis=1)
        yield x, {"label": index % 3, "index": index}
        step += 1


def trained(model, callbacks):
    options = {"steps_per_epoch": STEPS, "shuffle": False, "verbose": 0, "callbacks": callbacks}
    history = model.fit(batches(), epochs=EPOCHS, **options).history
    return model.get_weights(), history


def shares_in(forms):
    return [text["text/plain"].rpartition("trained so far: ")[2] for text, _ in forms]


def test_by_hand_coverage_grows_in_one_place(by_hand, shown, monkeypatch):
    monkeypatch.setattr(live, "SECONDS", float("inf"))  # once, and where epochs end
    model = new_model(coverage_of=STREAMS)
    trained(model, by_hand.live_coverage(model))
    assert [is_update for _, is_update in shown] == [False, *[True] * (len(shown) - 1)]
    # Six of the majority's 32 samples an epoch; the minority's four are through in the first.
    assert shares_in(shown)[-EPOCHS:] == [
        f"minority 100.0%, majority {share}" for share in ("18.8%", "37.5%", "56.2%", "75.0%")
    ]
    for text, _ in shown:
        assert text["text/plain"].startswith("Epoch ")
        assert text["text/html"].count("background:#") == 2 * len(STREAMS)


def test_within_an_epoch_it_is_looked_at_no_more_often_than_told(by_hand, shown, monkeypatch):
    clock = iter(range(10_000))
    monkeypatch.setattr(live.time, "monotonic", lambda: next(clock))
    counts = []
    for seconds in (0, 10_000):
        monkeypatch.setattr(live, "SECONDS", seconds)
        shown.clear()
        model = new_model(coverage_of=STREAMS)
        trained(model, by_hand.live_coverage(model))
        counts.append(len(shown))
    assert counts == [EPOCHS * STEPS + EPOCHS, EPOCHS]


def test_the_training_is_the_same_to_the_bit(by_hand, shown, monkeypatch):
    monkeypatch.setattr(live, "SECONDS", 0)
    model, plain = new_model(coverage_of=STREAMS), new_model()
    looked_at, history = trained(model, by_hand.live_coverage(model))
    unseen, expected = trained(plain, [])
    assert all(map(np.array_equal, looked_at, unseen))
    assert history["loss"] == expected["loss"]
    assert shown


def test_headless_there_is_no_callback_and_nothing_is_shown(headless, shown):
    model = new_model(coverage_of=STREAMS)
    callbacks = headless.live_coverage(model)
    trained(model, callbacks)
    assert callbacks == []
    assert shown == []


@pytest.mark.parametrize("watched", [{}, {"log": "log"}])
def test_a_model_that_counts_no_coverage_is_refused_headless_too(headless, watched, tmp_path):
    watched = {name: tmp_path / folder for name, folder in watched.items()}
    model = new_model(**watched)
    with pytest.raises(BadInput, match=r"^live_coverage: .* counts no coverage; .*coverage_of="):
        headless.live_coverage(model)
    with pytest.raises(BadInput, match="^live_coverage: "):
        headless.live_coverage(epochwatch.unwatch(model))


def test_in_a_notebook_the_display_is_one_output(by_hand):
    model = new_model(coverage_of=STREAMS)
    with shell_of() as shell:
        from IPython.utils.capture import capture_output

        shell.user_ns.update(model=model, by_hand=by_hand, trained=trained)
        with capture_output() as captured:
            shell.run_cell("_ = trained(model, by_hand.live_coverage(model))").raise_error()
    first, *updates = captured.outputs
    assert first.data["text/plain"].startswith("Epoch 1")
    assert updates
    assert captured.stdout == ""
