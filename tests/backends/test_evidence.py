"""A sample of the atlas is observed again on this backend."""

import pytest

from tests.backends.conftest import BACKEND
from tests.epochwatch_lab.atlas import evidence


@pytest.mark.slow
@pytest.mark.skipif(BACKEND == "tensorflow", reason="is done in tests/epochwatch_lab/atlas")
def test_a_sample_of_the_cells_does_again_what_is_committed():
    assert evidence.differences(BACKEND) == [], "remake them with `make atlas`"
