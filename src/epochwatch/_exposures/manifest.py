"""What a log says of itself: a manifest that is there from the start and final at the end."""

import json
import zlib
from pathlib import Path

from epochwatch._files import write_whole
from epochwatch.errors import BadInput

SCHEMA_NUMBER = 1
MANIFEST = "manifest.json"


def seal(said: dict) -> bytes:
    """Turn a statement into JSON that tells whether it was changed: a checksum stands last.

    Example:
        >>> seal({"exposures": 3})
        b'{"exposures": 3, "checksum": 2645068136}'
    """
    return json.dumps({**said, "checksum": zlib.crc32(json.dumps(said).encode())}).encode()


def unseal(text: bytes, path: Path) -> dict:
    """Read a statement that `seal` made; ValueError if it was changed since."""
    said = json.loads(text)
    if not isinstance(said, dict) or "schema" not in said:
        raise ValueError("it names no version")
    if said["schema"] != SCHEMA_NUMBER:
        raise BadInput(
            f"{path}: got a log of version {said['schema']}, allowed: {SCHEMA_NUMBER}; read it "
            "with the epochwatch that wrote it"
        )
    checksum = said.pop("checksum", None)
    if checksum != zlib.crc32(json.dumps(said).encode()):
        raise ValueError("its text has another checksum")
    return said


def write_manifest(folder: Path, manifest: dict) -> None:
    """Write the manifest in place of the one before."""
    text = seal({"schema": SCHEMA_NUMBER, **manifest}) + b"\n"
    write_whole(folder / MANIFEST, lambda file: file.write(text))


def read_manifest(folder: Path) -> dict | None:
    """Read the manifest; None where there is none."""
    path = folder / MANIFEST
    if not path.exists():
        return None
    try:
        return unseal(path.read_bytes(), path)
    except BadInput:
        raise
    except (OSError, ValueError) as error:
        raise BadInput(
            f"{path}: damaged ({error}); delete it to read the parts without it"
        ) from error
