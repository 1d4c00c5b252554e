"""What the notebooks on MNIST have in common: the data, and one digit against the rest."""

import hashlib
from typing import Annotated

from pydantic import Field

from epochwatch_lab.runs.parameters import Population, Samples

Digit = Annotated[int, Field(ge=0, le=9, description="the digit that is the rare class")]


class OnMnist:
    """Of parameters that have a `positive_digit`: their data set is MNIST."""

    @classmethod
    def check_data(cls) -> None:
        """Load MNIST, which checks it.

        Raises:
            DataError: it is damaged or missing.
        """
        from epochwatch_lab.datasets import load_mnist

        load_mnist()

    @classmethod
    def data_digest(cls) -> str:
        """Sum up the samples, wherever they come from: the digests that loading holds them to."""
        from epochwatch_lab.datasets.mnist import IDX_FILES

        digests = "".join(file.sha256 for file in IDX_FILES.values())
        return hashlib.sha256(digests.encode()).hexdigest()

    def population(self) -> Population:
        """Find the samples that a run could have trained on."""
        from epochwatch_lab.datasets import load_mnist, one_vs_rest

        images, labels = load_mnist().train
        streams = one_vs_rest(images, labels, positive=self.positive_digit)._asdict()
        samples = {
            name: Samples(stream.index, labels[stream.index], stream.images)
            for name, stream in streams.items()
        }
        return Population(samples, [str(digit) for digit in range(10)], complete=True)
