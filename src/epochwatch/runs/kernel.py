"""A kernel that keeps its standard error to itself.

TensorFlow logs to standard error from C++ before anything can stop it, and the kernel would
print that on the user's terminal. It goes to `kernel.log` in the run's folder instead, where
it is wanted when a kernel dies.
"""

import os
from pathlib import Path

from jupyter_client.manager import AsyncKernelManager

from epochwatch.runs.run import ATTEMPT_VARIABLE

LOG = "kernel.log"


class KernelWithLog(AsyncKernelManager):
    """Starts the kernel with its standard error and output in the run's folder."""

    async def start_kernel(self, **options):
        """Start the kernel."""
        with (Path(os.environ[ATTEMPT_VARIABLE]) / LOG).open("ab") as log:
            await super().start_kernel(**options, stdout=log, stderr=log)
