"""A sample of the atlas is observed again on this backend."""

import pytest

from tests.atlas import evidence
from tests.backends.conftest import BACKEND


@pytest.mark.skipif(BACKEND == "tensorflow", reason="is done in tests/atlas")
def test_a_sample_of_the_cells_does_again_what_is_committed():
    assert evidence.differences(BACKEND) == [], "remake them with `make atlas`"
