"""Coverage in the epoch's logs, and logs named by the time."""

import csv
import datetime
import re

import pytest

import epochwatch
from epochwatch._watching import log_name
from epochwatch.errors import BadInput
from tests.backends.conftest import ROWS, backend_only, keras
from tests.backends.records import EPOCHS, assert_same_weights, recorded

STEPS = 2  # of three batches: an epoch leaves some rows to the next


@pytest.fixture
def streams(data):
    """The first five rows, and every other one of them."""
    return {"rare": data.ids[:5], "other": data.ids[5::2]}


def endless(data, watched=True):
    """A feed that goes on where an epoch ends."""
    return (data.indexed if watched else data.plain).repeat()


def fit(model, feed, **options):
    """Train for epochs of two batches of three."""
    options = {"verbose": 0, **options}
    return model.fit(feed, steps_per_epoch=STEPS, epochs=EPOCHS, **options)


def covered(data, streams):
    """Compute the coverage by epoch from the batches that must have been trained, with sets."""
    trained, shares = set(), {f"{name}_coverage": [] for name in streams}
    batches = data.batches() * EPOCHS
    for epoch in range(EPOCHS):
        trained |= {i for batch in batches[STEPS * epoch : STEPS * (epoch + 1)] for i in batch}
        for name, stream in streams.items():
            share = len(trained & set(stream.tolist())) / len(stream)
            shares[f"{name}_coverage"].append(share)
    return shares


@pytest.mark.parametrize("keeps_log", [True, False])
def test_the_coverage_of_streams_stands_in_the_history(
    keeps_log, data, streams, make_model, tmp_path
):
    plain = make_model()
    history = fit(plain, endless(data, watched=False)).history
    log = tmp_path / "log" if keeps_log else None
    model = epochwatch.watch(make_model(), log=log, coverage_of=streams)
    assert fit(model, endless(data)).history == history | covered(data, streams)
    assert_same_weights(model, plain)
    assert model.epochwatch.log == log
    if keeps_log:
        by_log = epochwatch.ExposureLog.read(log).coverage(streams)
        assert {f"{name}_coverage": list(c) for name, c in by_log.items()} == covered(data, streams)


def test_progress_bar_and_csv_file_show_the_coverage(data, streams, make_model, tmp_path, capsys):
    model = epochwatch.watch(make_model(), coverage_of=streams)
    logger = keras.callbacks.CSVLogger(str(tmp_path / "epochs.csv"))
    fit(model, endless(data), callbacks=[logger], verbose=2)
    wanted = covered(data, streams)["other_coverage"]
    with open(tmp_path / "epochs.csv", newline="") as file:
        assert [float(row["other_coverage"]) for row in csv.DictReader(file)] == wanted
    shown = re.findall(r"other_coverage: (\S+)", capsys.readouterr().out)
    assert [float(share) for share in shown] == [round(share, 4) for share in wanted]


def test_early_stopping_ends_the_training_when_nothing_new_is_seen(
    data, streams, make_model, tmp_path
):
    model = epochwatch.watch(make_model(), log=tmp_path / "log", coverage_of=streams)
    stop = keras.callbacks.EarlyStopping("other_coverage", mode="max", patience=1)
    model.fit(endless(data), steps_per_epoch=1, epochs=9, verbose=0, callbacks=[stop])
    # The third of three batches is the last that is new.
    assert {batch[1] for batch in recorded(tmp_path / "log")} == {1, 2, 3, 4}


def test_an_array_alone_is_the_coverage(data, make_model):
    model = epochwatch.watch(make_model(), coverage_of=data.ids)
    shares = fit(model, endless(data)).history["coverage"]
    assert shares == [32 / ROWS, 1.0, 1.0]


def test_coverage_goes_on_over_fits_and_batches_by_hand(data, make_model):
    model = epochwatch.watch(make_model(), coverage_of={"all": data.ids})
    model.train_on_batch(data.x[:4], {"label": data.y[:4], "index": data.ids[:4]})
    options = {"batch_size": 2, "shuffle": False, "verbose": 0}
    for rows, wanted in ((slice(2, 6), 6), (slice(30, 34), 10)):
        targets = {"label": data.y[rows], "index": data.ids[rows]}
        history = model.fit(data.x[rows], targets, **options).history
        assert history["all_coverage"] == [wanted / ROWS]


def test_without_it_the_history_keeps_its_keys(data, make_model, tmp_path):
    model = epochwatch.watch(make_model(), log=tmp_path / "log")
    assert set(fit(model, endless(data)).history) == {"loss", "mae"}


def test_memory_does_not_grow_with_the_run(data, streams, make_model):
    model = epochwatch.watch(make_model(), coverage_of=streams, capacity=64)
    coverages = model.epochwatch.recorder.coverages
    held = []

    def look(*_):
        held.append(sum(stream.trained.nbytes for stream in coverages.by_key.values()))

    look_in = keras.callbacks.LambdaCallback(on_epoch_end=look)
    model.fit(endless(data), steps_per_epoch=20, epochs=3, verbose=0, callbacks=[look_in])
    assert len(set(held)) == 1
    assert held[0] <= ROWS


@pytest.mark.parametrize(
    ("coverage_of", "told"),
    [
        (
            {"rare": [0.5]},
            r"got float64 \(1,\) for the stream 'rare', allowed: one or more",
        ),
        ({"rare": []}, r"got float64 \(0,\) for the stream 'rare'"),
        ({"rare": [True, False]}, r"got bool \(2,\) for the stream 'rare'"),
        ({"rare": [[1], [2, 3]]}, "got a stream 'rare' that is not an array"),
        ({7: [1]}, "got a stream named 7, allowed: a text"),
        ({"": [1]}, "got a stream named ''"),
        ({"val_rare": [1]}, "does not begin with 'val_'"),
        (True, r"got bool \(\) for the stream 'given'"),
    ],
)
def test_streams_that_cannot_be_counted_are_refused(coverage_of, told, make_model, tmp_path):
    with pytest.raises(BadInput, match=told) as refusal:
        epochwatch.watch(make_model(), log=tmp_path / "log", coverage_of=coverage_of)
    assert "\n" not in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


def test_a_stream_named_as_the_models_own_metric_is_refused(data):
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=[keras.metrics.MeanSquaredError("rare_coverage")])
    watched = epochwatch.watch(model, coverage_of={"rare": data.ids})
    with pytest.raises(BadInput, match="'rare_coverage', a name that the model's logs"):
        watched.fit(data.indexed, verbose=0)


@pytest.fixture
def one_second(monkeypatch):
    """Have the clock stand still."""

    class Still(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(2026, 11, 28, 21, 30, 5, tzinfo=tz)

    monkeypatch.setattr(log_name.datetime, "datetime", Still)


def test_a_log_can_be_named_by_the_time(data, make_model, tmp_path, one_second):
    for name in ("20261128-213005", "20261128-213005-2", "20261128-213005-3"):
        model = epochwatch.watch(make_model(), log=f"{tmp_path}/{{time}}/exposures")
        assert model.epochwatch.log == tmp_path / name / "exposures"
        model.fit(data.indexed, verbose=0)
        assert epochwatch.ExposureLog.read(model.epochwatch.log).complete


def test_the_time_in_a_name_is_that_of_now_in_utc(make_model, tmp_path):
    before = datetime.datetime.now(datetime.UTC).replace(microsecond=0, tzinfo=None)
    log = epochwatch.watch(make_model(), log=tmp_path / "{time}").epochwatch.log
    assert datetime.datetime.strptime(log.name, "%Y%m%d-%H%M%S") >= before


@backend_only("tensorflow")
@pytest.mark.parametrize("name", ["{name}", "{time}-{seed}", "{", "{time!r}", "{time:%Y}"])
def test_other_braces_are_refused(name, make_model, tmp_path):
    with pytest.raises(BadInput, match=r"allowed in braces: \{time\}"):
        epochwatch.watch(make_model(), log=tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@backend_only("tensorflow")
def test_a_folder_that_cannot_be_made_is_refused_with_the_time_too(make_model, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match="log: cannot make the folder"):
        epochwatch.watch(make_model(), log=tmp_path / "file" / "{time}")


@backend_only("tensorflow")
def test_what_is_no_path_is_refused(make_model):
    with pytest.raises(BadInput, match="log: got 7, allowed: a path"):
        epochwatch.watch(make_model(), log=7)
