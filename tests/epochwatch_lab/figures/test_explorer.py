"""The explorer of batches: a picture of one step, and by hand a slider over all of them."""

import builtins
import sys

import numpy as np
import pytest

from epochwatch._exposures.log import ExposureLog
from epochwatch._exposures.writer import ExposureWriter
from epochwatch_lab import figures
from epochwatch_lab.datasets import one_vs_rest

WIDGET = "application/vnd.jupyter.widget-view+json"
EPOCHS, STEPS = 2, 3


@pytest.fixture
def streams():
    """Images 28 × 28 of ten samples, every other one of which is of the minority."""
    images = np.arange(10 * 28 * 28).reshape(10, 28, 28) % 256
    return one_vs_rest(images, np.arange(10) % 2 == 0, positive=True)


@pytest.fixture
def log(tmp_path):
    """Two epochs of three batches, of a minority and a majority sample each."""
    writer = ExposureWriter(tmp_path / "log", {})
    for epoch in range(EPOCHS):
        first = epoch * STEPS
        index = [i % 10 for step in range(first, first + STEPS) for i in (2 * step, 2 * step + 1)]
        writer.append(1, epoch + 1, 0, np.full(STEPS, 2), np.array(index))
    writer.close()
    return ExposureLog.read(tmp_path / "log")


def test_headless_it_is_the_picture_of_one_step(log, streams, tmp_path):
    explorer = figures.explorer.picture(log, streams, STEPS, sliding=False)
    forms, metadata = explorer._repr_mimebundle_()
    assert WIDGET not in forms
    assert metadata["filename"] == "batch_trained"
    assert forms["text/plain"] == (
        "Step 3 of the run: epoch 2, step 0. 2 images of one batch. Labels: 1 0. Positions: 3 3."
    )
    explorer.save(tmp_path)
    assert {file.name for file in tmp_path.glob("batch_trained*")} == {
        "batch_trained.png",
        "batch_trained.svg",
        "batch_trained-narrow.png",
    }


def test_beyond_the_end_the_last_step_is_shown(log, streams):
    forms, _ = figures.explorer.picture(log, streams, 100, sliding=False)._repr_mimebundle_()
    assert forms["text/plain"].startswith("Step 5 of the run: epoch 2, step 2.")


def test_by_hand_the_slider_shows_any_step_even_when_the_log_has_moved(log, streams):
    pytest.importorskip("ipywidgets")
    explorer = figures.explorer.picture(log, streams, 1, sliding=True)
    forms, _ = explorer._repr_mimebundle_()
    assert {WIDGET, "image/png", "text/html"} <= forms.keys()
    log.folder.rename(log.folder.parent / "moved")
    slider, image = explorer.slider.children
    assert (slider.min, slider.value, slider.max) == (0, 1, EPOCHS * STEPS - 1)
    seen = [image.value]
    for slider.value in (4, 0):
        seen.append(image.value)
        expected = explorer.picture_at(slider.value)
        assert expected.alt.startswith(f"Step {slider.value} of the run: ")
    assert len(set(seen)) == 3
    slider.value = 1
    assert image.value == seen[0]


def test_without_ipywidgets_it_is_the_picture(log, streams, monkeypatch):
    imported = builtins.__import__

    def refuse(name, *rest):
        if name == "ipywidgets":
            raise ModuleNotFoundError(name)
        return imported(name, *rest)

    monkeypatch.delitem(sys.modules, "ipywidgets", raising=False)
    monkeypatch.setattr(builtins, "__import__", refuse)
    explorer = figures.explorer.picture(log, streams, 1, sliding=True)
    assert explorer.slider is None
    assert WIDGET not in explorer._repr_mimebundle_()[0]
