"""The kernel of a run: what it is told, and where its standard error goes.

TensorFlow logs to standard error from C++ before anything can stop it, and the kernel would
print that on the user's terminal. It goes to a file in the run's folder instead, where it is
wanted when a kernel dies.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from jupyter_client.manager import AsyncKernelManager

from epochwatch_lab.runs.run import ATTEMPT_VARIABLE

# Each library has its own name for how many threads it may use.
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)


def manager_of(attempt: Path, log_file: Path, threads: int | None) -> type[AsyncKernelManager]:
    """Make the class of the kernel's manager, through which papermill starts the kernel.

    Returns:
        The class, for papermill's `kernel_manager_class`. The process itself, which may run
        other notebooks, is changed in nothing.
    """
    told = dict.fromkeys(THREAD_VARIABLES, str(threads)) if threads else {}
    # Else every kernel has another order of its sets, and a dask worker's has dask's.
    told |= {ATTEMPT_VARIABLE: str(attempt), "PYTHONHASHSEED": "0"}

    class Manager(AsyncKernelManager):
        async def start_kernel(self, **options):
            with log_file.open("ab") as log:
                options |= {"stdout": log, "stderr": log, "cwd": str(attempt)}
                await super().start_kernel(**options, env=_environment(told))

    return Manager


def _environment(told: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, **told}
