"""Doing jobs behind the training, one after another."""

import collections
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

MOST_WAITING = 4  # a disk slower than the training holds it up, and does not fill the memory


class JobsBehind:
    """Jobs done by a thread in the order given, until one of them fails.

    The thread is there from the first job to `end`.

    Attributes:
        error: what the job that failed raised. None of those after it is done.

    Example:
        >>> jobs, done = JobsBehind(), []
        >>> jobs.put(done.append, 1)
        >>> jobs.end()
        >>> done, jobs.error
        ([1], None)
    """

    def __init__(self):
        self.error: BaseException | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._jobs: collections.deque[Future] = collections.deque()

    def put(self, job: Callable, *arguments) -> None:
        """Have a job done; wait where too many are waiting already."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "epochwatch-log")
        while len(self._jobs) >= MOST_WAITING:
            wait([self._jobs[0]])
            self._jobs.popleft()
        self._jobs.append(self._thread.submit(self._do, job, *arguments))

    def end(self) -> None:
        """Wait until all is done, and end the thread.

        Where Ctrl-C ends the waiting, the thread goes on, and can be waited for again.
        """
        wait(self._jobs)
        # Forgotten first: what has been shut down takes no job, even if this is interrupted.
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.shutdown()

    @property
    def done(self) -> bool:
        return all(job.done() for job in self._jobs)

    def _do(self, job: Callable, *arguments) -> None:
        # A part after one that is missing would make the whole log unreadable.
        if self.error is None:
            try:
                job(*arguments)
            except BaseException as error:  # whatever it was, the job is not done
                self.error = error
