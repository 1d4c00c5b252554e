"""The batches of a run, one at a time: with a slider over its steps where there can be one."""

import io
import itertools
from pathlib import Path

from epochwatch._report import style
from epochwatch.exposures import ExposureLog
from epochwatch_lab.datasets import Streams, look_up
from epochwatch_lab.figures import batch
from epochwatch_lab.figures.picture import Picture

NAME = "batch_trained"
MOST_STEPS = 100_000  # that a slider has; their batches are kept in memory


def picture(log: ExposureLog, streams: Streams, step: int, *, sliding: bool) -> "BatchExplorer":
    """Show the batch that was trained at a step of a run.

    Args:
        log: of the run.
        streams: the minority and the majority that it was trained on.
        step: of the run, from 0; beyond its end, the last one.
        sliding: whether somebody looks on, who gets a slider over all steps if ipywidgets is
            installed.

    Returns:
        What shows itself in a notebook, and is saved, as a `Picture` is.
    """
    # Kept, because the log is moved when the run is finished and the slider stays.
    batches = list(itertools.islice(log.batches(), MOST_STEPS))
    return BatchExplorer(batches, streams, min(step, len(batches) - 1), sliding)


class BatchExplorer:
    """A picture of one batch; by hand, with a slider that shows any other.

    Args:
        batches: as trained, in that order.
        streams: the minority and the majority.
        step: that is shown first.
        sliding: whether there shall be a slider.
    """

    def __init__(self, batches: list, streams: Streams, step: int, sliding: bool):
        self.batches, self.streams = batches, streams
        self.first = self.picture_at(step)
        self.slider = self._make_slider(step) if sliding else None

    def picture_at(self, step: int) -> Picture:
        """Draw the batch of a step."""
        trained = self.batches[step]
        title = f"step {step:,} of the run: epoch {trained.epoch:,}, step {trained.step:,}"
        return batch.picture(NAME, *look_up(self.streams, trained.index), title)

    def save(self, folder: Path) -> None:
        """Write the picture that is shown first, as a `Picture` is written."""
        self.first.save(folder)

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        forms, metadata = self.first._repr_mimebundle_()
        if self.slider is not None:
            # Beside the picture, which is shown by whatever shows no widgets.
            forms = self.slider._repr_mimebundle_() | forms
        return forms, metadata

    def _make_slider(self, step: int):
        try:
            import ipywidgets
        except ImportError:
            return None
        slider = ipywidgets.IntSlider(
            value=step,
            max=len(self.batches) - 1,
            description="step",
            continuous_update=False,
            layout={"width": "100%"},
        )
        image = ipywidgets.Image(value=_pixels(self.first), format="png", layout={"width": "768px"})

        def show(change):
            image.value = _pixels(self.picture_at(change["new"]))

        slider.observe(show, "value")
        return ipywidgets.VBox([slider, image], layout={"max_width": "768px"})


def _pixels(drawn: Picture) -> bytes:
    file = io.BytesIO()
    style.write(drawn.wide, file, ".png")
    return file.getvalue()
