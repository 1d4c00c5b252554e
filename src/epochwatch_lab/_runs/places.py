"""Where a notebook's answer and its picture stand: at the top, empty until the run is finished.

Meanwhile a run by hand says there which of its sections it is at.
"""

from pathlib import Path

from epochwatch_lab._runs import project
from epochwatch_lab.answers import Answer

WAITING = "The answer appears here when the run has found it."


class Places:
    """The two places of one run; none where no notebook is there to show them."""

    def __init__(self):
        self._answer = self._picture = None
        self._progress = None

    def show(self, notebook: Path | None) -> None:
        """Show both places, empty.

        Args:
            notebook: the file that somebody runs by hand, to say what it is at; None if nobody
                looks on.
        """
        from IPython import get_ipython
        from IPython.display import Markdown, display

        shell = get_ipython()
        if shell is None:
            return
        self._answer = display(Markdown(f"*{WAITING}*"), display_id=True)
        self._picture = display(Markdown(""), display_id=True)
        if notebook is not None:
            self._progress = _Progress(shell, notebook, self._answer)

    def fill(self, answer: Answer, picture) -> None:
        """Put the answer and its picture, if there is one, where the notebook begins."""
        from IPython.display import Markdown

        if self._progress:
            self._progress.stop()
        if self._answer:
            self._answer.update(Markdown(answer.text))
        if self._picture and picture is not None:
            forms, metadata = picture._repr_mimebundle_()
            # The picture may stand in the story too, and nbconvert refuses a `filename` twice.
            metadata["image/png"]["name"] = metadata.pop("filename")
            self._picture.update(forms, raw=True, metadata=metadata)


class _Progress:
    """Says in the answer's place which section a run by hand is at."""

    _running: "_Progress | None" = None  # of this kernel; an earlier run's falls silent

    def __init__(self, shell, notebook: Path, place):
        if _Progress._running:
            _Progress._running.stop()
        cells = project.cells_of(notebook)
        self._sections = dict(
            zip((cell.source for cell in cells), project.sections_of(cells), strict=True)
        )
        self._names = list(dict.fromkeys(self._sections.values()))[1:]  # the first is no heading
        self._shell, self._place = shell, place
        shell.events.register("pre_run_cell", self._note)
        _Progress._running = self

    def stop(self) -> None:
        if _Progress._running is self:
            self._shell.events.unregister("pre_run_cell", self._note)
            _Progress._running = None

    def _note(self, info) -> None:
        from IPython.display import Markdown

        section = self._sections.get(info.raw_cell)
        if section in self._names:
            at = f"{self._names.index(section) + 1} of {len(self._names)}"
            self._place.update(Markdown(f"*{WAITING} Now at {at}: {section}.*"))
