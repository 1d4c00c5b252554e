"""What a run's numbers depend on besides its parameters."""

import hashlib
import importlib.metadata
import os
import platform
import resource
import subprocess
import sys
from pathlib import Path

import epochwatch
from epochwatch_lab.runs import project

PACKAGES = ("epochwatch", "keras", "tensorflow", "numpy", "pyarrow", "papermill", "nbconvert")
FLAGS = (
    "PYTHONHASHSEED",
    "TF_DETERMINISTIC_OPS",
    "TF_CUDNN_DETERMINISTIC",
    "TF_ENABLE_ONEDNN_OPTS",
    "XLA_FLAGS",
    "CUBLAS_WORKSPACE_CONFIG",
)
NOT_IN_IDENTITY = {"run_name"}  # it says where the run is kept, not what was run


def environment(root: Path) -> dict:
    """Describe the machine's software, without importing a framework.

    Returns:
        Versions, platform, and the commit, `dirty` if something is not committed.
    """
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": cores(),
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
        "commit": _git(root, "rev-parse", "HEAD"),
        "dirty": bool(_git(root, "status", "--porcelain")),
    }


def cores() -> int:
    """Count the processor cores that this process may use."""
    has_affinity = hasattr(os, "sched_getaffinity")
    return len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1


def process() -> dict:
    """Describe what this process trained with, and what it took.

    Returns:
        Backend, device, threads, the flags that repeatability depends on (null where one is
        not set), and the most memory it held, in MiB.
    """
    unit = 2**20 if sys.platform == "darwin" else 2**10  # macOS counts bytes, Linux kibibytes
    return {
        **_framework(),
        "determinism": {name: os.environ.get(name) for name in FLAGS},
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit,
    }


def _framework() -> dict:
    if "keras" not in sys.modules:
        return {"backend": None, "device": [], "intra_op_threads": None, "op_determinism": None}
    tf, keras = sys.modules["tensorflow"], sys.modules["keras"]
    config = sys.modules["tensorflow.python.framework.config"]  # the flag has no public reader
    return {
        "backend": keras.backend.backend(),
        "device": [device.device_type for device in tf.config.list_logical_devices()],
        "intra_op_threads": tf.config.threading.get_intra_op_parallelism_threads(),
        "op_determinism": config.is_op_determinism_enabled(),
    }


def source_digest(notebook: Path) -> str:
    """Sum up a notebook's source: what is written in it, not its outputs or metadata.

    Returns:
        64 hexadecimal digits.
    """
    written = repr([cell[:3] for cell in project.cells_of(notebook)])
    return hashlib.sha256(written.encode()).hexdigest()


def identity(digest: str, parameters: dict) -> str:
    """Name a run by what it is made from.

    Returns:
        Sixteen hexadecimal digits; others with another version of the package.
    """
    counted = sorted(item for item in parameters.items() if item[0] not in NOT_IN_IDENTITY)
    made_from = repr((digest, counted, epochwatch.__version__))
    return hashlib.sha256(made_from.encode()).hexdigest()[:16]


def _git(root: Path, *words: str) -> str | None:
    """Ask git; None where there is no git or no repository."""
    try:
        answer = subprocess.run(
            ["git", *words], cwd=root, capture_output=True, text=True, check=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()
