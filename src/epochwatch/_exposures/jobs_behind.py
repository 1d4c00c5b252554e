"""Doing jobs behind the training, one after another."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait


class JobsBehind:
    """Jobs done by a thread in the order given, until one of them fails.

    One is done at a time and none waits: whoever gives the next one waits until it is done. So
    a disk slower than the training does not fill the memory, and a kill loses one job. The
    thread is there from the first job to `end`.

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
        self._last: Future | None = None

    def put(self, job: Callable, *arguments) -> None:
        """Have a job done, after the one before."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "epochwatch-log")
        self.wait()
        self._last = self._thread.submit(self._do, job, *arguments)

    def wait(self) -> None:
        """Wait until all is done; where Ctrl-C ends the waiting, the job goes on."""
        if self._last is not None:
            wait([self._last])

    def end(self) -> None:
        """Wait until all is done, and end the thread."""
        self.wait()
        # Forgotten first: what has been shut down takes no job, even if this is interrupted.
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.shutdown()

    @property
    def done(self) -> bool:
        return self._last is None or self._last.done()

    def _do(self, job: Callable, *arguments) -> None:
        # A part after one that is missing would make the whole log unreadable.
        if self.error is None:
            try:
                job(*arguments)
            except BaseException as error:  # whatever it was, the job is not done
                self.error = error
