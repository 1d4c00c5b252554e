"""Driving the runs of a sweep: which are needed, where they are made, and what came of them.

What is finished is read from the folders, so a driver can be killed at any moment and started
again, and several can be at work on one sweep.
"""

import contextlib
import re
import secrets
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from epochwatch.errors import BadInput
from epochwatch_lab.runs.attempt import FAILED, HELD, Outcome, attempt
from epochwatch_lab.runs.environment import cores
from epochwatch_lab.runs.execute import Limits
from epochwatch_lab.runs.folder import check_writable
from epochwatch_lab.runs.sweep import Request

LOCAL = "local"
ADDRESS = re.compile(r"(tcp|tls)://[^\s/:]+:\d+")
POLL = 1.0  # seconds between two looks at what another driver is making
GRACE = 10.0  # seconds that a scheduler of others gets to answer
Make = Callable[[Sequence[Request]], Iterator[Outcome]]


@contextlib.contextmanager
def workers(
    outputs: Path, *, jobs: int, executor: str, timeout: int | None, again: bool
) -> Iterator[Make]:
    """Get what makes runs ready, and leave nothing of it at work.

    One job is done in this process. `timeout` is seconds for each cell; `again` makes also what
    is there.

    Yields:
        A function that takes runs and yields their outcomes as they come.

    Raises:
        BadInput: the folder cannot be written, dask is not installed, or the scheduler does not
            answer.
    """
    errand = {"outputs": outputs.resolve(), "again": again}
    if executor == LOCAL and jobs == 1:
        check_writable(outputs)
        yield lambda requests: (
            attempt(*request, limits=Limits(None, timeout), **errand) for request in requests
        )
        return
    threads = max(1, cores() // jobs) if executor == LOCAL else None
    with _client(jobs, executor) as client:
        check_writable(outputs)
        yield lambda requests: _by_dask(client, requests, limits=Limits(threads, timeout), **errand)


def drive(make: Make, requests: Sequence[Request]) -> Iterator[Outcome]:
    """Have runs made; what another driver is making is waited for.

    Yields:
        What became of each, as it comes.
    """
    left = list(requests)
    while left:
        held = set()
        for outcome in make(left):
            if outcome.state == HELD:
                held.add(outcome.id)
            else:
                yield outcome
        left = [request for request in left if request.id in held]
        if left:
            time.sleep(POLL)


def check_executor(text: str) -> None:
    """Refuse what is neither "local" nor the address of a scheduler.

    Raises:
        BadInput: it is neither.
    """
    if text != LOCAL and not ADDRESS.fullmatch(text):
        raise BadInput(
            f"--executor: got {text!r}, allowed: local, or tcp://HOST:PORT of a scheduler"
        )


def _by_dask(client, requests: Sequence[Request], **errand) -> Iterator[Outcome]:
    from distributed import as_completed

    # A scheduler takes an equal key for the same task, whoever asks and wherever it is written.
    call = secrets.token_hex(4)
    futures = {
        client.submit(attempt, *request, **errand, key=f"epochwatch-{request.id}-{call}"): request
        for request in requests
    }
    for future in as_completed(futures):
        # Not of the run, which tells its own failures: its workers have died again and again.
        error = future.exception()
        if error is None:
            yield future.result()
        else:
            yield Outcome(futures[future].id, FAILED, 0.0, f"{type(error).__name__}: {error}")


@contextlib.contextmanager
def _client(jobs: int, executor: str) -> Iterator:
    try:
        import dask
        import distributed
    except ImportError:
        raise BadInput(
            "--jobs and --executor need dask.distributed, which is not installed; "
            'pip install "epochwatch[cluster]", or use --jobs 1'
        ) from None
    dask.config.set({"logging.distributed": "critical"})
    if executor != LOCAL:
        try:
            client = distributed.Client(executor, timeout=GRACE)
        except OSError:
            raise BadInput(
                f"--executor: no dask scheduler answers at {executor}; start one, or use local"
            ) from None
        with client:
            yield client
        return
    cluster = None
    try:
        with _uninterrupted():
            cluster = distributed.LocalCluster(
                n_workers=jobs,
                threads_per_worker=1,  # a run is a process of its own
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",  # a port of its own: two drivers may be at work
                memory_limit=0,  # what takes memory is the kernels, which dask does not see
                silence_logs=50,
            )
        with distributed.Client(cluster) as client:
            yield client
    except BaseException:
        if cluster:
            _kill(cluster)
        raise
    finally:
        if cluster:
            cluster.close()


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Put Ctrl-C off. What is started in here, and later by it, never gets any: it is killed."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _kill(cluster) -> None:
    """End the workers and their kernels at once: they may be in the middle of a training."""
    import psutil

    processes = []
    for nanny in cluster.workers.values():
        nanny.auto_restart = False
        pid = nanny.pid  # None while a worker is started again, and None is this process
        with contextlib.suppress(psutil.NoSuchProcess):
            worker = [psutil.Process(pid)] if pid else []
            processes += worker + [child for w in worker for child in w.children(recursive=True)]
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes, timeout=GRACE)
