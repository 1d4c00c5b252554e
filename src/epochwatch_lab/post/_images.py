"""The images of a post: named by their figures, described in words, kept in one folder."""

import binascii
import re

import bs4
from nbconvert import filters
from nbformat import NotebookNode

from epochwatch.errors import BadInput
from epochwatch_lab.post import _markdown
from epochwatch_lab.post._cells import cell_name
from epochwatch_lab.post._svg import svg_fault

NARROW_FORM = "application/vnd.epochwatch.narrow+png"  # an output's version for telephones
PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]+")
SITE_LINK = "\ufdd0"  # stands for the way to the site until the post knows it; in no text
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_REMEDY = 'display(figure, metadata={"image/png": {"alt": "…"}, "filename": "…"})'


def publish_images(notebook: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
    """Turn each image into a file and a reference to it.

    (nbconvert's ExtractOutputPreprocessor writes `![png]` for every image, quietly takes the
    last part of a name that is a path, and extracts images that the text never shows.)

    The post shows the PNG, on a telephone the narrow one if the output has it; an SVG is published
    beside them. The same image may be shown twice.

    Args:
        notebook: its outputs cleaned, and only those that are to be shown.
        resources: nbconvert's, with the `post`; gets the key `outputs`, each file's path and
            bytes.

    Returns:
        The notebook, changed in place, and the resources.

    Raises:
        BadInput: an image is not a PNG, lacks a name of its own or a text, has an SVG that
            does more than draw, is attached to a cell, or is a file that a text refers to.
    """
    folder = resources["post"].image_folder
    files = {}
    for cell in notebook.cells:
        _refuse_attachments(cell)
        _refuse_files(cell, cell.source if cell.cell_type == "markdown" else "")
        for output in cell.get("outputs", []):
            if _is_image(output):
                path = f"{folder}/{_file_name(cell, output)}"
                made = _image_files(cell, output, path)
                for name in made.keys() & files.keys():
                    if made[name] != files[name]:
                        raise _refusal(cell, f"a second image named {name}", "a name of its own")
                files |= made
                output.data = NotebookNode({"text/markdown": _reference(cell, output, path)})
            else:
                _refuse_files(cell, output.get("data", {}).get("text/markdown", ""))
    resources["outputs"] = files
    return notebook, resources


def _is_image(output: NotebookNode) -> bool:
    return any(form.startswith("image/") for form in output.get("data", {}))


def _file_name(cell: NotebookNode, output: NotebookNode) -> str:
    # nbconvert's own exporters refuse a `filename` twice: where it is shown again, it is a `name`.
    name = output.metadata.get("filename", output.metadata.get("image/png", {}).get("name"))
    if not isinstance(name, str) or not PLAIN_NAME.fullmatch(name):
        raise _refusal(
            cell, f"an image named {name!r}", "a plain name of letters, digits, _ and -, no ending"
        )
    return name


def _alternative_text(cell: NotebookNode, output: NotebookNode) -> str:
    text = output.metadata.get("image/png", {}).get("alt")
    if not isinstance(text, str) or not text.strip():
        raise _refusal(cell, f"an image with the text {text!r}", "what it shows, in words")
    return text


def _reference(cell: NotebookNode, output: NotebookNode, path: str) -> str:
    words = _alternative_text(cell, output)
    width = output.metadata["image/png"].get("width")
    return _markdown.image(
        words,
        f"{SITE_LINK}/{path}.png",
        width if isinstance(width, int) else None,
        f"{SITE_LINK}/{path}-narrow.png" if NARROW_FORM in output.data else "",
    )


def _image_files(cell: NotebookNode, output: NotebookNode, path: str) -> dict[str, bytes]:
    files = {f"{path}.png": _png_content(cell, output, "image/png")}
    if NARROW_FORM in output.data:
        files[f"{path}-narrow.png"] = _png_content(cell, output, NARROW_FORM)
    if "image/svg+xml" in output.data:
        svg = output.data["image/svg+xml"]
        if fault := svg_fault(svg):
            raise _refusal(cell, fault, "an SVG that draws, and neither runs nor fetches anything")
        files[f"{path}.svg"] = svg.encode()
    return files


def _png_content(cell: NotebookNode, output: NotebookNode, form: str) -> bytes:
    try:
        content = binascii.a2b_base64(output.data.get(form, ""))
    except binascii.Error:
        content = b""
    if not content.startswith(_PNG_SIGNATURE):
        raise _refusal(cell, "an image that is not a PNG", "a PNG")
    return content


def _refuse_attachments(cell: NotebookNode) -> None:
    if cell.get("attachments"):
        raise _refusal(cell, "an image attached to the cell", "an image that a code cell shows")


def _refuse_files(cell: NotebookNode, text: str) -> None:
    # A cheap look first: most texts have no image, and Markdown takes long to read.
    if "![" in text or "<img" in text.lower():
        page = bs4.BeautifulSoup(filters.markdown2html(text), "html.parser")
        sources = [image.get("src", "") for image in page.find_all("img")]
        for source in sources:
            if not source.startswith("https://"):
                raise _refusal(cell, f"an image at {source!r}", "one at https://, or of an output")


def _refusal(cell: NotebookNode, got: str, allowed: str) -> BadInput:
    return BadInput(f"{cell_name(cell)}: got {got}, allowed: {allowed}; show it with {_REMEDY}")
