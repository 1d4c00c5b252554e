"""What a run's numbers depend on besides its parameters, and the id made from it all."""

import contextlib
import functools
import hashlib
import importlib.metadata
import os
import platform
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import epochwatch
from epochwatch_lab._runs import project
from epochwatch_lab._runs.parameters import Parameters

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


def environment() -> dict:
    """Describe the machine's software, without importing a framework.

    Returns:
        Versions, platform and the packages' source; in a clone also the commit, `dirty` if
        something is not committed.
    """
    commit = _git("rev-parse", "HEAD") if project.ROOT else None
    in_clone = {"commit": commit, "dirty": bool(_git("status", "--porcelain"))} if commit else {}
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cores": cores(),
        "versions": dict(_versions()),
        "code_sha256": code_digest(),
        **in_clone,
    }


def _versions() -> Iterator[tuple[str, str]]:
    for name in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            yield name, importlib.metadata.version(name)


def cores() -> int:
    has_affinity = hasattr(os, "sched_getaffinity")
    return len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1


def process() -> dict:
    """Describe what this process trained with, and what it took.

    Returns:
        Backend, device, threads, those flags that repeatability depends on that are set, and
        the most memory it held, in MiB.
    """
    unit = 2**20 if sys.platform == "darwin" else 2**10  # macOS counts bytes, Linux kibibytes
    return {
        **_framework(),
        "determinism": {name: os.environ[name] for name in FLAGS if name in os.environ},
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit,
    }


def _framework() -> dict:
    if "keras" not in sys.modules:
        return {}
    backend = sys.modules["keras"].backend.backend()
    if "tensorflow" not in sys.modules:
        return {"backend": backend}
    tf = sys.modules["tensorflow"]
    config = sys.modules["tensorflow.python.framework.config"]  # the flag has no public reader
    return {
        "backend": backend,
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


@functools.cache
def code_digest() -> str:
    """Sum up the source of both packages as it was when this process first asked.

    Returns:
        64 hexadecimal digits, the same in a clone and in an installed wheel.
    """
    digest = hashlib.sha256()
    for package in (Path(epochwatch.__file__).parent, project.PACKAGE):
        for file in sorted(package.rglob("*")):
            parts = file.relative_to(package).parts
            if parts[0] != "_carried" and (file.suffix == ".py" or "templates" in parts[:-1]):
                digest.update(repr((package.name, parts, _content(file))).encode())
    return digest.hexdigest()


def _content(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def run_id(notebook_digest: str, parameters: Parameters) -> str:
    """Name a run by what it is made from.

    Args:
        notebook_digest: of its source.
        parameters: checked, of which all count but the run's name.

    Returns:
        Sixteen hexadecimal digits; others with other data or another source of the packages.
    """
    values = parameters.model_dump(exclude=NOT_IN_IDENTITY)
    made_from = (
        notebook_digest,
        sorted(values.items()),
        parameters.data_digest(),
        code_digest(),
    )
    return hashlib.sha256(repr(made_from).encode()).hexdigest()[:16]


def _git(*words: str) -> str | None:
    """Ask git about the clone; None where there is no git or no repository."""
    try:
        answer = subprocess.run(
            ["git", *words],
            cwd=project.ROOT,
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()
