"""The samples that a run could have trained on: its streams, their labels and images."""

from collections.abc import Mapping

import numpy as np

from epochwatch._exposures.log import ExposureLog
from epochwatch.errors import BadInput
from epochwatch_lab.datasets._population import Population, StreamSamples

OTHER = "in no stream"


def population_of(
    notebook: str,
    parameters: dict,
    log: ExposureLog,
    streams: Mapping[str, np.ndarray] | None = None,
) -> Population:
    """Find the samples of a run: those given, or as its notebook's parameters know them.

    Of a log alone, what was trained is one stream.
    """
    trained = log.counts().index
    population = _given(streams) if streams else _known(notebook, parameters)
    if population is None:
        return Population({"trained samples": StreamSamples(trained)}, [], complete=False)
    known = np.concatenate([samples.index for samples in population.streams.values()])
    # Shown apart rather than left out: every exposure of the log is on the page.
    if len(foreign := np.setdiff1d(trained, known)):
        population.streams[OTHER] = StreamSamples(foreign)
    return population


def _given(streams: Mapping[str, np.ndarray]) -> Population:
    samples = {name: StreamSamples(index) for name, index in streams.items()}
    return Population(samples, [], complete=True)


def _known(notebook: str, parameters: dict) -> Population | None:
    if not notebook:  # a log alone, which is read without what runs need
        return None
    from epochwatch_lab._runs.notebooks import parameters_of

    try:
        return parameters_of(notebook).checked(parameters).population()
    except BadInput:  # no notebook of ours, or of an earlier version
        return None
