import pytest

from epochwatch_lab.datasets import load_mnist


@pytest.fixture(scope="session")
def embedded():
    """All of MNIST, as it lies in a clone."""
    return load_mnist("embedded")
