"""What a recorder keeps for a checkpoint lets it go on, in another process, as if nothing was."""

import dataclasses
import os
import secrets

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from epochwatch import ExposureLog
from epochwatch._exposures import writer as writer_module
from epochwatch._exposures.resumable_writer import ResumableWriter
from epochwatch._watching.batch_counter import Batches
from epochwatch._watching.no_log import NoLog
from epochwatch._watching.recorder import Recording, RunningFit
from epochwatch._watching.stream_coverage import StreamCoverages
from epochwatch._watching.watch import new_writer
from epochwatch.errors import BadInput
from tests.epochwatch.exposures.records import in_a_folder, on_disk, read_back

STREAMS = {"few": np.array([0, 3]), "far": np.array([1, 10**9])}
LENGTHS = st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=20), min_size=1, max_size=3)


class Tape:
    """Stands for a counter: what was trained since the last drain."""

    columns = 1
    replicas = 1
    capacity = 60  # small, so that the longest batch decides when it is drained

    def __init__(self):
        self.trained = []

    def drain(self):
        trained, self.trained = self.trained, []
        lengths = np.array([len(batch) for batch in trained], np.int64)
        return Batches(
            lengths, np.concatenate([np.empty((1, 0), np.int64), *map(np.atleast_2d, trained)], 1)
        )


class Killed(Exception):
    """The process is no more."""


@dataclasses.dataclass
class Checkpoint:
    """Where a training was, and what was kept there; of a finished fit, no epoch."""

    fit: int
    epoch: int | None
    step: int
    trained: int
    recorder: dict
    log: dict


class Process:
    """Runs a script of fits as Keras and a resumable model do, until it is killed.

    Args:
        folder: of the log.
        fits: lengths of the batches, by fit and epoch.
        save_freq: steps between two checkpoints.
        kept: the checkpoints of the processes before, by what they are of.
        within: whether what a finished fit left is kept before the log is closed.
    """

    def __init__(self, folder, fits, save_freq, kept, within=False):
        self.fits, self.save_freq, self.kept, self.within = fits, save_freq, kept, within
        self.tape, self.sink = Tape(), new_writer(folder, None, "stop")
        self.recorder = Recording(self.tape, self.sink, StreamCoverages(STREAMS))
        self.resumed = kept.get("last")
        self.sink.claim("f00d")
        self.sink.cut_back(self.resumed and self.resumed.log)
        self.trained, self.logs = 0, {}

    def run(self, steps=10**9):
        """Run the script; a kill comes after so many steps of this process."""
        self.left = steps
        for number, epochs in enumerate(self.fits):
            self.recorder.begin_fit(RunningFit(steps_per_execution=1))
            self.recorder.on_train_begin()
            finished = self.kept.get(number)
            if not finished:
                self.train(number, epochs)
                if self.within:
                    self.keep(number, None, 0)
                    if not self.left:
                        raise Killed
            self.recorder.end_fit()
            if finished:
                self.recorder.put_back(finished.recorder)
                self.trained = finished.trained
            elif not self.within:
                self.keep(number, None, 0)

    def train(self, number, epochs):
        goes_on = self.resumed if self.resumed and self.resumed.fit == number else None
        for epoch in range(goes_on.epoch if goes_on else 0, len(epochs)):
            first, goes_on = (goes_on.step, None) if goes_on else (0, None)
            self.recorder.on_epoch_begin(epoch)
            if self.resumed and (number, epoch) == (self.resumed.fit, self.resumed.epoch):
                self.recorder.put_back(self.resumed.recorder, first)
                self.trained, self.resumed = self.resumed.trained, None
            for step in range(first, len(epochs[epoch])):
                if step and self.trained % self.save_freq == 0:
                    self.keep(number, epoch, step)
                self.step(epochs[epoch][step], step)
            logs = {}
            self.recorder.on_epoch_end(epoch, logs)
            self.logs[number, epoch] = logs
            if epoch + 1 < len(epochs):
                self.keep(number, epoch + 1, 0)

    def step(self, length, step):
        if not self.left:
            raise Killed
        self.recorder.on_train_batch_begin(step)
        # Which samples come depends on how many batches came before.
        self.tape.trained.append((self.trained * np.arange(1, length + 1)) % 7)
        self.trained += 1
        self.left -= 1

    def keep(self, number, epoch, step):
        self.recorder.drain()
        state = self.recorder.state(), self.sink.state()
        checkpoint = Checkpoint(number, epoch, step, self.trained, *state)
        assert self.sink.sync(checkpoint.log)
        self.kept["last"] = checkpoint
        if epoch is None:
            self.kept[number] = checkpoint


@pytest.fixture(autouse=True)
def same_small_parts(monkeypatch):
    """Have logs that are the same in their bytes, with parts split within an epoch."""
    monkeypatch.setattr(secrets, "token_hex", lambda size: "ab" * size)
    monkeypatch.setattr(writer_module, "EXPOSURES_A_PART", 9)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@in_a_folder
@given(
    fits=st.lists(LENGTHS, min_size=1, max_size=3),
    save_freq=st.integers(1, 7),
    kills=st.lists(st.integers(0, 30), max_size=5),
    within=st.booleans(),
)
# Long between two drains: the next one is at the step that it would have been at.
@example(fits=[[[1] * 40]], save_freq=20, kills=[25], within=False)
def test_killed_between_any_steps_the_record_goes_on_as_in_one_process(
    fits, save_freq, kills, within, tmp_path_factory
):
    folder, kept, logs = tmp_path_factory.mktemp("logs"), {}, {}
    once = Process(folder / "once", fits, save_freq, {})
    once.run()
    for steps in [*kills, 10**9]:
        process = Process(folder / "log", fits, save_freq, kept, within)
        try:
            process.run(steps)
        except Killed:
            on_disk(process.sink)
        logs |= process.logs
    assert files(folder / "log") == files(folder / "once")
    assert logs == once.logs
    for name in ("fits", "begun", "longest"):
        assert getattr(process.recorder, name) == getattr(once.recorder, name)
    log = ExposureLog.read(folder / "log")
    batches, counted = read_back(log.batches()), 0
    for fit, epochs in enumerate(fits, start=1):  # the same record, counted here
        for epoch, lengths in enumerate(epochs, start=1):
            for step, length in enumerate(lengths):
                index = [counted * n % 7 for n in range(1, length + 1)]
                assert not length or batches.pop(0) == (fit, epoch, step, index)
                counted += 1
    assert not batches
    assert log.complete


def test_what_is_trained_beside_the_fits_is_recorded_once(tmp_path):
    """By a loop of the user's own, which runs again in the second process."""

    def run(kept, steps):
        process = Process(tmp_path / "log", [[[2]], [[2, 2]]], 1, kept)
        process.tape.trained.append(np.array([5]))  # before the first fit
        process.run(steps)

    kept = {}
    with pytest.raises(Killed):
        run(kept, 2)
    assert kept["last"].fit == 1
    run(kept, 9)
    batches = read_back(ExposureLog.read(tmp_path / "log").batches())
    assert [batch[:3] for batch in batches] == [(1, 1, 0), (2, 1, 0), (3, 1, 0), (3, 1, 1)]
    assert batches[0][3] == [5]


def test_a_fit_that_was_resumed_keeps_its_number_when_it_is_interrupted_at_once(tmp_path):
    kept = {}
    process = Process(tmp_path / "log", [[[2, 2, 2]]], 1, kept)
    with pytest.raises(Killed):
        process.run(2)
    resumed = Process(tmp_path / "log", [[[2, 2, 2]]], 1, kept)
    with pytest.raises(Killed):
        resumed.run(0)
    resumed.recorder.end_fit("KeyboardInterrupt")
    assert resumed.recorder.fits == 1
    log = ExposureLog.read(tmp_path / "log")
    assert (log.end, log.interrupted_by) == ((1, 1, 1), "KeyboardInterrupt")


def test_killed_before_the_log_is_closed_it_is_complete_once_the_script_has_run_again(tmp_path):
    kept = {}
    with pytest.raises(Killed):
        Process(tmp_path / "log", [[[2]]], 1, kept, within=True).run(1)
    assert not ExposureLog.read(tmp_path / "log").complete
    Process(tmp_path / "log", [[[2]]], 1, kept, within=True).run(0)
    assert ExposureLog.read(tmp_path / "log").complete


def test_within_the_fit_of_a_callback_no_checkpoint_is_taken(tmp_path):
    recorder = Recording(Tape(), NoLog())
    recorder.begin_fit(RunningFit())
    assert recorder.state()["fit"]["number"] == 1
    recorder.begin_fit(RunningFit())
    with pytest.raises(ValueError, match="too many values"):
        recorder.state()


def test_other_streams_than_the_checkpoint_has_are_refused_with_both_named():
    kept = StreamCoverages(STREAMS).state()
    for streams in (STREAMS | {"few": np.array([0, 4])}, {"far": STREAMS["far"]}, {}):
        with pytest.raises(BadInput, match="but the checkpoint has few_coverage, far_coverage"):
            StreamCoverages(streams).put_back(kept)


def test_a_checkpoint_is_not_changed_by_what_is_trained_after_it():
    coverages = StreamCoverages(STREAMS)
    kept = coverages.state()
    coverages.mark(np.array([0, 10**9]))
    coverages.put_back(kept)
    logs = {}
    coverages.put_into(logs)
    assert set(logs.values()) == {0.0}


def test_a_checkpoint_with_a_log_is_not_taken_up_without_it(tmp_path):
    writer = ResumableWriter(tmp_path / "log")
    with pytest.raises(BadInput, match=r"got none, but the checkpoint goes on with the log .*log'"):
        NoLog().cut_back(writer.state())
    NoLog().cut_back(NoLog().state())


def test_a_log_called_by_the_time_belongs_to_no_resumable_training(tmp_path):
    writer = new_writer(tmp_path / "{time}", None, "stop")
    with pytest.raises(BadInput, match="a resumed training would not find it again"):
        writer.claim("f00d")
    new_writer(tmp_path / "log", None, "stop").claim("f00d")
