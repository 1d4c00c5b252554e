"""Which of Keras' loops goes over a feed, and what of it differs by release and backend."""

import sys
from collections.abc import Callable

from epochwatch._auditing import epoch_loop
from epochwatch._auditing.epoch_loop import Loop
from epochwatch._auditing.request import FitCall
from epochwatch.feeds._facts import FeedFacts

Version = tuple[int, int]
Follow = Callable[[Loop], epoch_loop.Fits]


def looks_ahead(backend: str, keras: Version, accelerated: bool) -> bool:
    """Whether JAX takes one batch more than it trains: from Keras 3.15 on not on a CPU."""
    return backend == "jax" and (accelerated or keras < (3, 15))


def puts_on_device(backend: str, keras: Version, accelerated: bool) -> bool:
    """Whether the step gets batches from JAX' device: in Keras 3.15 not on a CPU."""
    return backend == "jax" and (accelerated or keras != (3, 15))


def is_accelerated(backend: str) -> bool:
    """Whether JAX, where it is imported, runs on something else than a CPU."""
    jax = sys.modules.get("jax") if backend == "jax" else None
    return jax is not None and jax.default_backend() != "cpu"


def loop_of(
    facts: FeedFacts,
    call: FitCall,
    backend: str,
    keras: Version,
    pass_length: int | None,
    ahead: bool,
) -> Loop:
    """Put together what the epoch loop knows of a feed."""
    on_keras_2 = backend == "tf_keras"
    reads_ahead = ahead or backend in ("tensorflow", "tf_keras")
    return Loop(
        length=facts.length or pass_length,
        counted=facts.length is not None and facts.kind != "grain_loader",
        one_shot=not facts.can_be_iterated_again,
        recreated=on_keras_2 and facts.kind == "py_dataset",
        repeated=on_keras_2 and facts.kind == "arrays",
        cycled=on_keras_2 and facts.kind == "py_dataset" and has_workers(call.options),
        offset=0 if on_keras_2 else batches_to_build(facts, call, backend, keras, ahead),
        whole=backend == "tensorflow",
        collected=backend == "torch",
        reads_ahead=epoch_loop.READ_AHEAD if reads_ahead else 0,
        call=call,
    )


def batches_to_build(
    facts: FeedFacts, call: FitCall, backend: str, keras: Version, ahead: bool
) -> int:
    """Count the batches that Keras takes to build a model, and does not train.

    On TensorFlow it looks at their shapes. Elsewhere it takes an execution: up to Keras 3.6 of the
    iterator that is kept; from 3.7 on of another one, so that it is gone from a generator, and
    from a queue without an end. A queue with an end is filled up again.
    """
    if backend == "tensorflow":
        return 0
    one_shot = not facts.can_be_iterated_again
    if keras < (3, 7):
        if call.steps_per_epoch:
            return call.steps_per_execution
        return call.steps_per_execution + ahead * epoch_loop.READ_AHEAD if one_shot else 0
    queue = facts.kind == "py_dataset" and facts.workers and facts.length is None
    if not (one_shot or queue):
        return 0
    return call.steps_per_execution if backend == "torch" else 1 + ahead


def has_workers(options: dict) -> bool:
    """Whether `fit` of Keras 2 is told to have a Sequence's items made by workers."""
    workers = options.get("workers", 1)
    return workers > 1 or (workers > 0 and bool(options.get("use_multiprocessing")))


def loop_by(backend: str, keras: Version) -> Follow:
    """Choose the loop that a Keras has."""
    if backend == "tf_keras":
        return epoch_loop.keras_2
    return epoch_loop.keras_3_6 if keras < (3, 7) else epoch_loop.keras_3
