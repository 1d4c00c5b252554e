"""What somebody who runs a notebook by hand sees while `fit` trains: coverage as it grows."""

import time
from collections.abc import Mapping

from epochwatch._keras import load_keras
from epochwatch._text import percent
from epochwatch.errors import BadInput

keras = load_keras()

SECONDS = 0.25  # between two looks within an epoch
_BAR = (
    '<div style="display:flex;align-items:center;gap:0.6em;max-width:40em">'
    '<span style="width:9em">{name}</span>'
    '<span style="flex:1;height:0.9em;background:#c9cdd2">'
    '<span style="display:block;height:100%;width:{share:.2%};background:{colour}"></span></span>'
    '<span style="width:4em;text-align:right">{said}</span></div>'
)


class LiveCoverage(keras.callbacks.Callback):
    """Shows how much of each stream has been trained, in one display that changes.

    It only reads what `watch(model, coverage_of=…)` counts, so the training is the same.

    Args:
        model: watched.
    """

    def __init__(self, model):
        super().__init__()
        self.coverages = coverages_of(model)
        self.place = None
        self.epoch, self.loss, self.shown_at = 0, None, 0.0

    def on_epoch_begin(self, epoch, logs=None):
        """Note the epoch, as `fit` prints it."""
        self.epoch = epoch + 1

    # Keras calls a callback that asks for the end of batches in its training thread only, which
    # would slow it down; where the next one begins, the counter has just been drained.
    def on_train_batch_begin(self, batch, logs=None):
        """Show how far it is, a few times a second."""
        if time.monotonic() - self.shown_at >= SECONDS:
            self.show()

    def on_epoch_end(self, epoch, logs=None):
        """Show what has been trained by now."""
        self.loss = (logs or {}).get("loss")
        self.show()

    def show(self) -> None:
        """Show the coverage of now, in the place where it was shown before."""
        from IPython.display import display

        shares = {name: stream.share() for name, stream in self.coverages.items()}
        forms = forms_of(self.epoch, self.loss, shares)
        if self.place is None:
            self.place = display(forms, raw=True, display_id=True)
        else:
            self.place.update(forms, raw=True)
        self.shown_at = time.monotonic()


def coverages_of(model) -> dict:
    """Find what counts the coverage of a model's streams, by their names.

    Raises:
        BadInput: the model does not count any.
    """
    watch = getattr(model, "epochwatch", None)
    by_key = watch.recorder.coverages.by_key if watch is not None and watch.recorder else {}
    if not by_key:
        raise BadInput(
            f"live_coverage: {model.name!r} counts no coverage; watch it with "
            'coverage_of={"minority": …, "majority": …}'
        )
    return {key.removesuffix("_coverage"): stream for key, stream in by_key.items()}


def forms_of(epoch: int, loss: float | None, shares: Mapping[str, float]) -> dict[str, str]:
    """Write how far a training is, as a notebook and as a terminal show it."""
    from epochwatch._report.style import looks

    at = f"Epoch {epoch:,}" + ("" if loss is None else f", loss {loss:.4f}") + ", trained so far:"
    said = {name: percent(share) for name, share in shares.items()}
    look_of = looks(shares)
    bars = [
        _BAR.format(name=name, share=share, colour=look_of[name].colour, said=said[name])
        for name, share in shares.items()
    ]
    listed = ", ".join(f"{name} {share}" for name, share in said.items())
    return {"text/html": f"<div>{at}</div>{''.join(bars)}", "text/plain": f"{at} {listed}"}
