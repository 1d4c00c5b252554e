"""Ctrl-C and termination, where what runs would swallow them.

A signal's handler raises in whatever Python code the main thread is in. Now and then that is code
whose exceptions are dropped: a `__del__`, the callback of a weak reference, or a `__len__` that
TensorFlow's C++ calls in each step of `fit` (`TensorShape.__len__`, TensorFlow 2.21: of 250
interrupts at random times, 10 were lost). `fit` would then go on to its end.
"""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

AGAIN = 2  # seconds: by then, a training that was stopped has cleaned up after itself


@contextlib.contextmanager
def insistent_signals() -> Iterator[None]:
    """Raise what a signal raises again, every two seconds, until the block has been left."""
    if not hasattr(signal, "setitimer"):  # Windows
        yield
        return
    names = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)
    before = {name: signal.getsignal(name) for name in names}

    def insist(signum: int, frame: FrameType | None) -> None:
        handle = before[signum]
        signal.signal(signal.SIGALRM, lambda _, later: handle(signum, later))
        signal.setitimer(signal.ITIMER_REAL, AGAIN, AGAIN)
        handle(signum, frame)

    try:
        for name in (signal.SIGINT, signal.SIGTERM):
            if callable(before[name]):  # not one that is ignored, as in a shell's background
                signal.signal(name, insist)
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for name, handler in before.items():
            signal.signal(name, handler)
