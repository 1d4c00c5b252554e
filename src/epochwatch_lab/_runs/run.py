"""A run as its notebook sees it: where to write, what to show, and how to finish.

Run headless, the folder is given by the driver, which also moves it into place. Run by
hand, in Jupyter or by plain papermill, the notebook does that itself in its last cell.
"""

import contextlib
import os
import time
from collections.abc import MutableMapping
from pathlib import Path

from epochwatch._auditing.keras_door import keras_for
from epochwatch._cli.standard_streams import unheard
from epochwatch.errors import BadInput
from epochwatch_lab._runs import by_hand, closing, places, record
from epochwatch_lab._runs.findings import plain
from epochwatch_lab._runs.parameters import Parameters
from epochwatch_lab.answers import Answer

ATTEMPT_VARIABLE = "EPOCHWATCH_ATTEMPT"

_held: dict[str, contextlib.ExitStack] = {}  # by notebook: what this process is making by hand


class Run:
    """The run that a notebook is.

    Args:
        parameters: checked.
        folder: where to write.
        own_folder: the lifecycle of that folder if the notebook is run by hand.
    """

    def __init__(self, parameters, folder, own_folder):
        self.parameters = parameters
        self.folder = folder
        self._begin = time.perf_counter()
        self._own_folder = own_folder
        self._names: MutableMapping[str, object] = {}  # of the notebook
        self._findings: dict[str, object] = {}
        self._places = places.Places()

    @classmethod
    def start(cls, model: type[Parameters], names: MutableMapping[str, object]) -> "Run":
        """Begin a run, and show where its answer will stand.

        Args:
            model: of the notebook's parameters.
            names: the notebook's `globals()`, in which its first cell has set them. Where they
                are refused, an earlier run in there cannot be used any more, and what the
                notebook's cells have made of it is deleted: a cell run by hand would go on
                with what was.

        Returns:
            The run, with an empty folder and the checked `parameters`.

        Raises:
            BadInput: a parameter is not allowed, or the folder cannot be written.
        """
        try:
            parameters = model.from_names(names)
            given = os.environ.get(ATTEMPT_VARIABLE)
            run = cls(parameters, Path(given), None) if given else cls._by_hand(parameters, names)
        except BadInput as refusal:
            by_hand.withdraw(names, model, cls, str(refusal))
            raise
        run._names = names
        run._places.show(by_hand.file_run(model.notebook, names) if run.interactive else None)
        if parameters.uses_keras:
            with unheard():  # what TensorFlow logs at its import belongs in no cell
                keras_for(getattr(parameters, "backend", None))
        return run

    @classmethod
    def _by_hand(cls, parameters: Parameters, names: MutableMapping[str, object]) -> "Run":
        if parameters.notebook in _held:  # the cell is run again, in the same kernel
            _held.pop(parameters.notebook).close()
        with contextlib.ExitStack() as stack:
            own, parameters = by_hand.hold_free_name(parameters, stack)
            own.begin()
            file = by_hand.file_run(parameters.notebook, names)
            record.note_attempt(own.attempt, parameters, file)
            _held[parameters.notebook] = stack.pop_all()
        return cls(parameters, own.attempt, own)

    @property
    def interactive(self) -> bool:
        """Whether somebody is looking on, who would like a progress bar."""
        return self._own_folder is not None

    @property
    def outputs(self) -> Path:
        return self.folder.parents[1]

    def show(self, picture) -> None:
        """Save a picture in the run's folder, and show it in the notebook, which keeps it too.

        Args:
            picture: an `epochwatch_lab.figures.Picture`.
        """
        from IPython.display import display

        self._save(picture)
        display(picture)

    def live_coverage(self, model) -> list:
        """Show, by hand, what has been trained of each stream while `fit` trains.

        Args:
            model: watched, with `coverage_of`.

        Returns:
            Callbacks for `fit`; none where nobody looks on.

        Raises:
            BadInput: the model counts no coverage.
        """
        from epochwatch_lab._runs.live import LiveCoverage

        live = LiveCoverage(model)
        return [live] if self.interactive else []

    def found(self, **findings) -> None:
        """Add to what the run has found, which `finish` writes as `findings.json`.

        Args:
            **findings: numbers, texts, arrays, and lists and dictionaries of them. Floats are
                rounded to six digits.

        Raises:
            ValueError: one of the names has been found already.

        Example:
            `run.found(verdict="resumes", streams={"minority": {"samples": 6742}})`
        """
        if again := sorted(findings.keys() & self._findings.keys()):
            raise ValueError(f"{', '.join(again)}: has been found already; use another name")
        self._findings |= plain(findings)

    def finish(self, answer: Answer, picture=None) -> None:
        """Write the findings, and put the answer where the notebook begins.

        Run by hand, the folder is moved into place, and it is said where it is, how to publish it,
        what comes next and how the last run by hand differed.

        Args:
            answer: the notebook's.
            picture: the one picture of it, an `epochwatch_lab.figures.Picture`.

        Raises:
            BadInput: something that a run promises was not made.
        """
        if picture is not None:
            self._save(picture)
        record.write_findings(self.folder, self.parameters, answer, self._findings)
        if self.interactive:
            self._move_into_place()
        self._places.fill(answer, picture)
        closing.show(self.parameters, self.folder if self.interactive else None, answer)

    def _save(self, picture) -> None:
        (self.folder / "figures").mkdir(exist_ok=True)
        picture.save(self.folder / "figures")

    def _move_into_place(self) -> None:
        stages = {"by hand": round(time.perf_counter() - self._begin, 2)}
        record.write_record(self.folder, self.parameters, stages)
        self._own_folder.commit()
        _held.pop(self.parameters.notebook).close()
        by_hand.reopen_logs(self._names, self.folder, self._own_folder.final)
        self.folder = self._own_folder.final
