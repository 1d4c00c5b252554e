"""Notebook 03 on another backend than the one that it is published with."""

import pytest

from tests.backends.conftest import BACKEND
from tests.notebooks.conftest import run_cells
from tests.sample import shared_out

SMALL = {"epochs_each": 2, "mnist_steps": 10, "run_name": "small"}


@pytest.mark.slow
@pytest.mark.skipif(BACKEND == "tensorflow", reason="is done in tests/notebooks")
@pytest.mark.skipif(not shared_out([SMALL]), reason="with SAMPLE=some it is done on torch")
def test_it_answers_for_the_backend_that_it_is_given(tmp_path):
    made = run_cells("03_ways_to_feed_fit", tmp_path, backend=BACKEND, **SMALL)
    assert f" on {BACKEND}, " in made.answer
    verdicts = {(row["feed"], row["fits"]): row["verdict"] for row in made.findings["here"]}
    assert verdicts["arrays(shuffle=False)", 2] == "restarts"
    mnist = {(row["feed"], row["fits"]): row["verdict"] for row in made.findings["mnist"]}
    assert (mnist["tf_data", 1], mnist["tf_data", 2]) == ("resumes", "restarts")
