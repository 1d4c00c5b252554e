import base64
import re
import struct
import zlib

import pytest
from nbformat import v4


def chunk(kind, content):
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


@pytest.fixture(scope="session")
def png():
    """One grey pixel."""
    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0\x80")
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


@pytest.fixture(scope="session")
def executed():
    """Makes an executed notebook of the given cells; keywords change its post's metadata."""

    def make(*cells, **changes):
        post = {"title": "Does fit resume?", "slug": "does-fit-resume", "date": "2026-11-20"}
        kept = {key: value for key, value in (post | changes).items() if value is not None}
        return v4.new_notebook(cells=list(cells), metadata={"epochwatch": kept})

    return make


@pytest.fixture(scope="session")
def shown_figure(png):
    """Makes the code cell that `display(figure, metadata=…)` leaves behind."""

    def make(name="order", alt="a grey pixel", content=png, tags=(), svg=None):
        metadata = {"image/png": {"alt": alt, "width": 1}, "filename": name}
        data = {
            "image/png": base64.b64encode(content).decode(),
            "text/plain": "<Figure size 640x480 with 1 Axes>",
        }
        if svg:
            data["image/svg+xml"] = svg
        output = v4.new_output("display_data", data=data, metadata=metadata)
        return v4.new_code_cell("show(order)", outputs=[output], metadata={"tags": list(tags)})

    return make


@pytest.fixture(scope="session")
def render_liquid():
    """Liquid 4.0.4 as far as a post may use it: text, and variables that are a string.

    Its tokens are Liquid's own (TemplateParser in lib/liquid.rb). A tag, or a variable that
    is anything else than a string, is a hole in the protection and an error here.
    """
    tokens = re.compile(r"(\{%.*?%\}|\{\{.*?\}\}?|\{%|\{\{)", re.DOTALL)
    string = re.compile(r'\{\{\s*"([^"]*)"\s*\}\}')

    def render(text):
        rendered = []
        for token in tokens.split(text):
            if token.startswith(("{%", "{{")):
                printed = string.fullmatch(token)
                assert printed, f"Liquid would act on {token!r}"
                token = printed[1]
            rendered.append(token)
        return "".join(rendered)

    return render
