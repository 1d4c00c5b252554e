"""Training steps that draw from a state of TensorFlow's own: no checkpoint could keep it.

What `keras.random` draws, layers too, comes from seeds that are variables of the model. On torch
the user's own draws are of global states, which are kept; a step on JAX has none.
"""

import contextlib
import importlib
from collections.abc import Iterator

from epochwatch._resuming.feed_check import DRAWING, OF_VARIABLES
from epochwatch.errors import BadInput


@contextlib.contextmanager
def drawing_refused(backend: str) -> Iterator[None]:
    """Refuse the training step of within if it draws so: where it is traced, before it runs."""
    if backend != "tensorflow":
        yield
        return
    before = eager_draws()
    yield
    drawing = drawing_operations()
    if eager_draws() != before:
        drawing = ["an operation of tf.random"]
    if drawing:
        raise BadInput(
            f"train_step: got one that draws by {drawing[0]}, whose state no checkpoint can keep; "
            "draw by keras.random with a keras.random.SeedGenerator that is the model's attribute"
        )


def drawing_operations() -> list[str]:
    """Name the operations that draw in the graph that is being traced."""
    tensorflow = importlib.import_module("tensorflow")
    if tensorflow.executing_eagerly():
        return []
    graph = tensorflow.compat.v1.get_default_graph().as_graph_def()
    nodes = [*graph.node, *(node for each in graph.library.function for node in each.node_def)]
    return [node.op for node in nodes if node.op.startswith(DRAWING + OF_VARIABLES)]


def eager_draws():
    """Return the state that operations draw their seeds from where no graph is made."""
    context = importlib.import_module("tensorflow.python.eager.context").context()
    random = getattr(context, "_rng", None)
    return random and random.getstate()
