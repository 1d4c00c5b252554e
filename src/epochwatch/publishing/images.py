"""The images of a post: named by their figures, described in words, kept in one folder."""

import binascii
import re

from nbformat import NotebookNode

from epochwatch.errors import BadInput
from epochwatch.publishing import cells, markdown
from epochwatch.publishing.metadata import PostMetadata

PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]+")
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_REMEDY = 'display(figure, metadata={"image/png": {"alt": "…"}, "filename": "…"})'


def publish_images(notebook: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
    """Turn each image into a file and a reference to it.

    (nbconvert's ExtractOutputPreprocessor writes `![png]` for every image, quietly takes the
    last part of a name that is a path, and extracts images that the text never shows.)

    Args:
        notebook: its outputs cleaned, and only those that are to be shown.
        resources: nbconvert's; gets the key `outputs`, each file's path and bytes.

    Returns:
        The notebook, changed in place, and the resources.

    Raises:
        BadInput: an image is not a PNG, or lacks a name of its own or a text, or is attached
            to a cell.
    """
    folder = PostMetadata.of(notebook).image_folder
    files = {}
    for cell in notebook.cells:
        _refuse_attachments(cell)
        for output in cell.get("outputs", []):
            if _is_image(output):
                path = f"{folder}/{_name(cell, output)}.png"
                if path in files:
                    raise _bad(cell, f"a second image named {path}", "a name of its own")
                files[path] = _png(cell, output)
                reference = markdown.image(_alt(cell, output), f"/{path}")
                output.data = NotebookNode({"text/markdown": reference})
    resources["outputs"] = files
    return notebook, resources


def _is_image(output: NotebookNode) -> bool:
    return any(form.startswith("image/") for form in output.get("data", {}))


def _name(cell: NotebookNode, output: NotebookNode) -> str:
    given = output.metadata.get("filename")
    if not isinstance(given, str) or not PLAIN_NAME.fullmatch(given):
        raise _bad(
            cell, f"an image named {given!r}", "a plain name of letters, digits, _ and -, no ending"
        )
    return given


def _alt(cell: NotebookNode, output: NotebookNode) -> str:
    given = output.metadata.get("image/png", {}).get("alt")
    if not isinstance(given, str) or not given.strip():
        raise _bad(cell, f"an image with the text {given!r}", "what it shows, in words")
    return given


def _png(cell: NotebookNode, output: NotebookNode) -> bytes:
    try:
        content = binascii.a2b_base64(output.data.get("image/png", ""))
    except binascii.Error:
        content = b""
    if not content.startswith(_PNG_SIGNATURE):
        raise _bad(cell, "an image that is not a PNG", "a PNG")
    return content


def _refuse_attachments(cell: NotebookNode) -> None:
    if cell.get("attachments"):
        raise _bad(cell, "an image attached to the cell", "an image that a code cell shows")


def _bad(cell: NotebookNode, got: str, allowed: str) -> BadInput:
    return BadInput(f"{cells.name(cell)}: got {got}, allowed: {allowed}; show it with {_REMEDY}")
