"""Keras comes through one door: without a backend it ends in one line, which names the extras."""

import json
import os
import subprocess
import sys

import pytest

from epochwatch import _keras
from epochwatch.errors import BadInput

BACKENDS = ("tensorflow", "jax", "torch")
NO_BACKEND = (
    "Keras: got no backend to run on, allowed: one of tensorflow, jax, torch; pip install "
    "'epochwatch[tensorflow]' or 'epochwatch[jax]' or 'epochwatch[torch]'"
)
USE_EVERYTHING = f"""
import sys
sys.modules.update(dict.fromkeys({BACKENDS}))  # as if they were not installed
import numpy as np
import epochwatch
arrays = np.zeros((4, 2)), np.zeros(4)
sampler = epochwatch.BalancedSampler([2, 2], 4)
uses = dict(
    watch=lambda: epochwatch.watch(None),
    unwatch=lambda: epochwatch.unwatch(None),
    audit=lambda: epochwatch.audit(lambda: arrays),
    assert_sound=lambda: epochwatch.assert_sound(lambda: arrays),
    explain=lambda: epochwatch.explain(arrays),
    BatchCounter=lambda: epochwatch.BatchCounter(),
    ExposureRecorder=lambda: epochwatch.ExposureRecorder,
    py_dataset=lambda: epochwatch.feeds.sampled("py_dataset", sampler, arrays),
    with_index=lambda: epochwatch.with_index(*arrays),
    batches=lambda: epochwatch.feeds.batches(arrays),
    describe=lambda: epochwatch.feeds.describe(arrays),
    ExposureLog=lambda: epochwatch.ExposureLog,
    judge=lambda: epochwatch.exposures.judge,
)
for name, use in uses.items():
    try:
        use()
        print(name, "works", sep=": ")
    except epochwatch.errors.BadInput as error:
        print(name, error, sep=": ")
"""
NEED_NO_KERAS = {"with_index", "batches", "describe", "ExposureLog", "judge"}


def test_without_a_backend_all_that_needs_keras_is_one_line_and_the_rest_works():
    done = subprocess.run(
        [sys.executable, "-c", USE_EVERYTHING], capture_output=True, text=True, check=True
    )
    answers = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    assert {name for name, answer in answers.items() if answer == "works"} == NEED_NO_KERAS
    assert {answers[name] for name in answers.keys() - NEED_NO_KERAS} == {NO_BACKEND}


@pytest.fixture
def backend_chosen(monkeypatch, tmp_path):
    """Choose a backend where some are installed; return what Keras would find in its variable."""

    def choose(installed, asked=None, config=None):
        monkeypatch.setattr("importlib.util.find_spec", lambda name: name in installed or None)
        monkeypatch.setenv("KERAS_HOME", str(tmp_path))
        monkeypatch.delenv("KERAS_BACKEND", raising=False)
        if asked:
            monkeypatch.setenv("KERAS_BACKEND", asked)
        if config:
            (tmp_path / "keras.json").write_text(json.dumps({"backend": config}))
        _keras._choose_backend()
        return os.environ.get("KERAS_BACKEND")

    return choose


@pytest.mark.parametrize(
    ("installed", "asked", "config", "chosen"),
    [
        ({"tensorflow"}, None, None, None),
        ({"tensorflow", "jax"}, None, "tensorflow", None),
        ({"tensorflow", "jax"}, None, "jax", None),
        ({"jax"}, None, None, "jax"),
        ({"jax", "torch"}, None, "tensorflow", "jax"),  # Keras wrote that file by itself
        ({"torch"}, "torch", "jax", "torch"),
        (set(), "openvino", None, "openvino"),  # whatever that is: Keras knows
    ],
)
def test_keras_gets_the_backend_that_is_configured_or_else_one_that_is_installed(
    backend_chosen, installed, asked, config, chosen
):
    assert backend_chosen(installed, asked, config) == chosen


def test_a_backend_that_was_asked_for_is_never_replaced(backend_chosen):
    with pytest.raises(BadInput) as refusal:
        backend_chosen({"tensorflow", "torch"}, asked="jax")
    assert str(refusal.value) == (
        "KERAS_BACKEND: got 'jax', which is not installed, allowed: tensorflow, torch; or "
        "pip install 'epochwatch[jax]'"
    )


def test_a_damaged_configuration_is_taken_for_none(backend_chosen, tmp_path):
    (tmp_path / "keras.json").write_text("{")
    assert backend_chosen({"tensorflow"}) is None
