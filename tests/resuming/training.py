"""What a script trains with: plainly, resumably, or as Keras' own BackupAndRestore does it."""

import json
from pathlib import Path

import keras

import epochwatch
from tests.resuming import events, rows
from tests.resuming.digest import training_digest
from tests.resuming.how import How

DIGEST = "digest.json"


class Training:
    """Prepares the model of a script, calls its `fit`, and digests what comes of it."""

    def __init__(self, folder: Path, how: How, attempt: int):
        self.folder = folder
        self.how = how
        # BackupAndRestore knows nothing of a log, and what has begun one does not go on with it.
        self.log = folder / (f"log-{attempt}" if how.kind == "backup" else "log")
        rows.is_indexed = how.is_watched
        self.histories: list = []
        self.callbacks: list = []

    def prepare(self, model):
        """Watch the model, and have it go on after a kill."""
        steps = [self._resumable] if self.how.kind == "resumable" else []
        if self.how.is_watched:
            steps.insert(0 if self.how.first == "watch" else 1, self._watched)
        for step in steps:
            model = step(model)
        return model

    def fit(self, model, callbacks=(), usual: bool = True, **arguments) -> None:
        """Call `fit` as a user would, with the usual callbacks, which have a state."""
        number = events.fit = len(self.histories) + 1
        usual_ones = [
            keras.callbacks.EarlyStopping("loss", patience=9, restore_best_weights=True),
            keras.callbacks.ReduceLROnPlateau("loss", min_delta=1e9, patience=1, factor=0.5),
            keras.callbacks.CSVLogger(str(self.folder / f"fit-{number}.csv")),
        ]
        own = [*(usual_ones if usual else []), *callbacks]
        self.callbacks += own
        if self.how.kind == "backup":
            backup = self.folder / f"backup-{number}"
            own.append(keras.callbacks.BackupAndRestore(str(backup), self.how.save_freq))
        history = model.fit(**arguments, callbacks=[*own, events.Events()], verbose=0)
        self.histories.append(history)

    def finish(self, model) -> None:
        """Write the digest beside the files."""
        digest = training_digest(model, self.histories, self.callbacks, self.folder, self.log)
        text = json.dumps(digest)
        # A callback may know where its files are.
        (self.folder / DIGEST).write_text(text.replace(str(self.folder), "folder"))

    def _watched(self, model):
        return epochwatch.watch(model, log=self.log)

    def _resumable(self, model):
        return epochwatch.resumable(
            model,
            self.folder / "checkpoints",
            save_freq=self.how.save_freq,
            untried=self.how.untried,
        )
