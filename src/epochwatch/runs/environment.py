"""What a run's numbers depend on besides its parameters."""

import hashlib
import importlib.metadata
import platform
import subprocess
import sys
from pathlib import Path

PACKAGES = ("epochwatch", "keras", "tensorflow", "numpy", "pyarrow", "papermill", "nbconvert")


def environment(root: Path) -> dict:
    """Describe the machine's software, without importing a framework.

    Args:
        root: the repository.

    Returns:
        Versions, platform, and the commit, `dirty` if something is not committed.
    """
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "versions": {name: importlib.metadata.version(name) for name in PACKAGES},
        "commit": _git(root, "rev-parse", "HEAD"),
        "dirty": bool(_git(root, "status", "--porcelain")),
    }


def framework() -> dict:
    """Describe the framework that this process trained with.

    Returns:
        Backend, device and what Keras and TensorFlow are told about threads.
    """
    tf, keras = sys.modules["tensorflow"], sys.modules["keras"]
    return {
        "backend": keras.backend.backend(),
        "device": [device.device_type for device in tf.config.list_logical_devices()],
        "intra_op_threads": tf.config.threading.get_intra_op_parallelism_threads(),
    }


def identity(notebook: Path, parameters: dict, version: str) -> str:
    """Name a run by what it is made from.

    Args:
        notebook: the notebook's file.
        parameters: all of them, checked.
        version: of the package.

    Returns:
        Sixteen hexadecimal digits.
    """
    made_from = repr((sorted(parameters.items()), version)).encode()
    return hashlib.sha256(notebook.read_bytes() + made_from).hexdigest()[:16]


def _git(root: Path, *words: str) -> str | None:
    """Ask git; None where there is no git or no repository."""
    try:
        answer = subprocess.run(
            ["git", *words], cwd=root, capture_output=True, text=True, check=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()
