"""Making the runs of a sweep: each once, by one process, and only if it is needed.

What is finished is read from the folders, so a driver can be killed at any moment and started
again, and several can be at work on one sweep.
"""

import contextlib
import importlib.util
import platform
import re
import secrets
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from epochwatch._extras import missing_extras_named
from epochwatch.errors import BadInput, RunFailed
from epochwatch_lab._runs import environment, record
from epochwatch_lab._runs.execute import KernelDied, Limits, check_source, folder_of, make_run
from epochwatch_lab._runs.folder import BeingMade, RunFolder, check_writable, writable
from epochwatch_lab._runs.sweep import PlannedRun

LOCAL = "local"
ADDRESS = re.compile(r"(tcp|tls)://[^\s/:]+:\d+")
POLL = 1.0  # seconds between two looks at what another driver is making
GRACE = 10.0  # seconds that a scheduler of others gets to answer
ATTEMPTS = 2  # where the kernel died, which may be the machine's fault; a cell's error comes again
SKIPPED, FINISHED, FAILED, HELD = "was finished", "finished", "failed", "is being made"


class Outcome(NamedTuple):
    """What became of a run.

    Attributes:
        id: of the run.
        state: "finished", "was finished" before, "failed", or "is being made" by another.
        seconds: that it took.
        reason: why it failed, in one line.
    """

    id: str
    state: str
    seconds: float = 0.0
    reason: str = ""


Make = Callable[[Sequence[PlannedRun]], Iterator[Outcome]]


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
        yield lambda planned: (
            make_if_needed(run, limits=Limits(None, timeout), **errand) for run in planned
        )
        return
    threads = max(1, environment.cores() // jobs) if executor == LOCAL else None
    with contextlib.ExitStack() as stack:
        client = stack.enter_context(_client(jobs, executor))
        check_writable(outputs)
        if executor != LOCAL:
            errand["mark"] = stack.enter_context(_marked(errand["outputs"]))
        yield lambda planned: _by_dask(client, planned, limits=Limits(threads, timeout), **errand)


def drive(make: Make, planned: Sequence[PlannedRun]) -> Iterator[Outcome]:
    """Have runs made; what another driver is making is waited for.

    Yields:
        What became of each, as it comes.
    """
    left = list(planned)
    while left:
        held = set()
        for outcome in make(left):
            if outcome.state == HELD:
                held.add(outcome.id)
            else:
                yield outcome
        left = [run for run in left if run.id in held]
        if left:
            time.sleep(POLL)


def usual_jobs() -> int:
    """Count the runs that are made at once unless told otherwise: several are made by dask."""
    return environment.cores() if importlib.util.find_spec("distributed") else 1


def needed(planned: Sequence[PlannedRun], outputs: Path) -> list[PlannedRun]:
    """List the runs that are not finished yet: not there, or not whole."""
    return [
        run
        for run in planned
        if not record.is_finished(folder_of(run.parameters, outputs).final, run.id)
    ]


def make_if_needed(
    run: PlannedRun,
    outputs: Path,
    *,
    limits: Limits,
    again: bool = False,
    mark: Path | None = None,
) -> Outcome:
    """Make a run, unless it is there.

    Args:
        run: what to make.
        outputs: folder of all runs.
        limits: what it may take.
        again: make it also where it is there.
        mark: a file that the driver has put into the folder, where this may be another machine.

    Returns:
        What became of it; a failure is told, not raised.
    """
    begin = time.perf_counter()
    folder = folder_of(run.parameters, outputs)
    try:
        _check_same_folder(outputs, mark)
        check_source(run.source, run.parameters)
        _check_same_code(run)
        with folder.held():
            # Asked only now: another may have finished it a moment ago.
            if not again and record.is_finished(folder.final, run.id):
                return Outcome(run.id, SKIPPED)
            _make(run, folder, limits)
    except BeingMade:
        return Outcome(run.id, HELD)
    except (BadInput, RunFailed, OSError) as error:  # as when a failed attempt cannot be moved
        return Outcome(run.id, FAILED, time.perf_counter() - begin, str(error))
    return Outcome(run.id, FINISHED, time.perf_counter() - begin)


def _make(run: PlannedRun, folder: RunFolder, limits: Limits) -> None:
    for left in reversed(range(ATTEMPTS)):
        try:
            make_run(run.source, folder, run.parameters, limits=limits)
            return
        except KernelDied:
            if not left:
                raise


@contextlib.contextmanager
def _marked(outputs: Path) -> Iterator[Path]:
    """Put a file into a folder, of a name that nobody else can have given to one."""
    mark = outputs / f".sweep-{secrets.token_hex(8)}"
    with writable(outputs):
        mark.touch()
    try:
        yield mark
    finally:
        mark.unlink(missing_ok=True)


def _check_same_folder(outputs: Path, mark: Path | None) -> None:
    """A worker on another machine may have a disk of its own there, on which runs would be lost."""
    if mark is not None and not mark.exists():
        raise BadInput(
            f"--outputs: {platform.node()} does not share the folder {str(outputs)!r} with the "
            "machine of the sweep; give a folder that all workers share"
        )


def _check_same_code(run: PlannedRun) -> None:
    """A worker on another machine may have another version of the packages or the notebook."""
    here = environment.run_id(environment.source_digest(run.source), run.parameters)
    if here != run.id:
        raise BadInput(
            f"run {run.id}: this worker has another epochwatch or another notebook (and would make "
            f"run {here}); install the same on every machine, and start the sweep again"
        )


def check_executor(text: str) -> None:
    """Refuse what is neither "local" nor the address of a scheduler.

    Raises:
        BadInput: it is neither.
    """
    if text != LOCAL and not ADDRESS.fullmatch(text):
        raise BadInput(
            f"--executor: got {text!r}, allowed: local, or tcp://HOST:PORT of a scheduler"
        )


def _by_dask(client, planned: Sequence[PlannedRun], **errand) -> Iterator[Outcome]:
    from distributed import as_completed

    # A scheduler takes an equal key for the same task, whoever asks and wherever it is written.
    call = secrets.token_hex(4)
    futures = {
        client.submit(make_if_needed, run, **errand, key=f"epochwatch-{run.id}-{call}"): run
        for run in planned
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
    with missing_extras_named("--jobs above 1, or --executor"):
        import dask
        import distributed
    dask.config.set({"logging.distributed": "critical"})
    if executor != LOCAL:
        try:
            client = distributed.Client(executor, timeout=GRACE)
        except OSError:
            raise BadInput(
                f"--executor: no dask scheduler answers at {executor}; start one, or leave "
                "--executor out"
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
