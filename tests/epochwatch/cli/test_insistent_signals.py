"""A signal whose exception is swallowed is raised again, and only then."""

import itertools
import signal
import time
from threading import current_thread, main_thread

import pytest

from epochwatch._cli import insistent_signals as insisting

OF_PROCESS = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)


class Terminated(SystemExit):
    """What this test's handler of SIGTERM raises."""


class Swallowing:
    """Gets a signal where Python drops what its handler raises."""

    def __init__(self, signum: int):
        self.signum = signum

    def __del__(self):
        signal.raise_signal(self.signum)


@pytest.fixture(autouse=True)
def handlers(monkeypatch):
    assert current_thread() is main_thread()
    monkeypatch.setattr(insisting, "AGAIN", 0.05)
    before = {name: signal.getsignal(name) for name in OF_PROCESS}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(Terminated))
    yield {name: signal.getsignal(name) for name in OF_PROCESS}
    for name, handler in before.items():
        signal.signal(name, handler)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("signum", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)]
)
def test_what_was_swallowed_is_raised_again(signum, raised, handlers):
    steps = itertools.count()

    def train_on():
        with insisting.insistent_signals():
            Swallowing(signum)
            for _ in steps:
                time.sleep(0.01)

    with pytest.raises(raised):
        train_on()
    assert next(steps) > 0, "the first one was dropped"
    assert {name: signal.getsignal(name) for name in OF_PROCESS} == handlers


def test_one_that_arrives_ends_the_block_at_once_and_nothing_follows(handlers):
    with pytest.raises(KeyboardInterrupt), insisting.insistent_signals():
        signal.raise_signal(signal.SIGINT)
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert {name: signal.getsignal(name) for name in OF_PROCESS} == handlers


def test_a_signal_that_is_ignored_stays_ignored(handlers):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with insisting.insistent_signals():
        signal.raise_signal(signal.SIGINT)
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
