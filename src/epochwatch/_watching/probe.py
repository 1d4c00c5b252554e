"""A model that learns nothing, for `fit` to hand the batches to: only they are looked at."""

from epochwatch._watching import backends, targets
from epochwatch._watching.batch_counter import CAPACITY, BatchCounter
from epochwatch._watching.fingerprint import NO_CONTENT, NO_LABEL
from epochwatch._watching.model_class import carry
from epochwatch._watching.recorder import recorder_class
from epochwatch._watching.watched import CARRIED_AS, Watch
from epochwatch.errors import BadInput
from epochwatch.feeds._structures import leaves, unpack_batch

COLUMNS = ("identity", "content", "label")


class ProbeWatch(Watch):
    """What the probe carries: it keeps of each sample its identity, content and label."""

    def identify(self, data):
        """Return what is kept of a training batch: int64 (3, batch), its rows as in `COLUMNS`."""
        return self.backend.stack(identify_samples(self.backend, data))

    def check_arguments(self, class_weight, call) -> None:
        """Refuse nothing: targets need no index."""

    def weighted(self, data):
        """Leave the batch as it is: there is no loss to weigh."""
        return data


def identify_samples(backend, data) -> list:
    """Identify the samples of a batch, as it came from the feed or into the step.

    The identity is the index where there is one, or else the content again; the content is a
    fingerprint, the label a class number or `NO_LABEL`; each int64 (batch,).
    """
    x, y, _ = unpack_batch(targets.set_index_aside(data))
    if targets.has_index(data):
        index = backend.index(targets.index_target(data), targets.samples_in(x))
        try:
            content = backend.fingerprint(*leaves((x, y)))
        except BadInput:  # such as sparse tensors, which an index makes up for
            content = index * 0 + NO_CONTENT
    else:
        index = content = backend.fingerprint(*leaves((x, y)))
    label = backend.labels_of(y)
    # `index * 0` has the shape of the batch on any backend, in a graph too.
    return [index, content, index * 0 + NO_LABEL if label is None else label]


def make_probe(
    keras,
    sink,
    steps_per_execution: int = 1,
    longest_execution: int = 0,
    weighs: bool = True,
    replicas: int = 1,
):
    """Make a watched, compiled model that learns nothing.

    Args:
        keras: the module `keras`, or `tf_keras`.
        sink: where its recorder puts what is trained; see `recorder.Recording`. None for no
            recorder: whoever trains it drains its counter.
        steps_per_execution: as of `compile`.
        longest_execution: samples that one execution may have.
        weighs: whether `class_weight` is kept from Keras' `fit`, which has none for targets
            in a dictionary.
        replicas: of the model in this process; it is made in the scope of their strategy.
    """
    backend = backends.backend_module(backends.backend_name(keras))

    class Probe(backend.ProbeStep, keras.Model):
        """Takes any batch.

        Like a model that has not been trained yet it is not built: on JAX and torch Keras
        takes a batch of the feed to build a model with, and that may move the feed.
        """

        def build(self, *_):
            """Build nothing."""
            self.built = True

        def call(self, inputs):
            return inputs

    model = Probe()
    model.built = backends.is_keras_2(keras)  # it builds nothing before the first step
    options = {} if steps_per_execution == 1 else {"steps_per_execution": steps_per_execution}
    model.compile(optimizer="sgd", loss=None, jit_compile=False, **options)
    # Half of it may wait to be drained, and each step takes a cell for its length.
    capacity = max(CAPACITY, 2 * (len(COLUMNS) * longest_execution + steps_per_execution))
    name = backends.backend_name(keras)
    counter = BatchCounter(capacity, columns=len(COLUMNS), backend=name, replicas=replicas)
    recorder = None if sink is None else recorder_class(keras)(counter, sink)
    carry(model, CARRIED_AS, ProbeWatch(backend, counter, recorder, weighs))
    return model
