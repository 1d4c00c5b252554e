"""What the notebooks on MNIST have in common: the data, and one digit against the rest."""

from typing import Annotated, ClassVar

from pydantic import Field

from epochwatch_lab.datasets import MNIST, DataSet, load_mnist, one_vs_rest
from epochwatch_lab.datasets._population import Population, StreamSamples

Digit = Annotated[int, Field(ge=0, le=9, description="the digit that is the rare class")]


class OnMnist:
    """Of parameters that have a `positive_digit`: their data set is MNIST."""

    data_set: ClassVar[DataSet] = MNIST

    def population(self) -> Population:
        """Find the samples that a run could have trained on."""
        images, labels = load_mnist().train
        streams = one_vs_rest(images, labels, positive=self.positive_digit)._asdict()
        samples = {
            name: StreamSamples(stream.index, labels[stream.index], stream.images)
            for name, stream in streams.items()
        }
        return Population(samples, [str(digit) for digit in range(10)], complete=True)
