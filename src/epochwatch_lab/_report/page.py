"""The report as one file: everything it needs inside, each part packed."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from bokeh.embed import json_item
from bokeh.resources import Resources

from epochwatch_lab._inline import hash_of, packed_text, templates_in
from epochwatch_lab._report.population import Population

TEMPLATES = Path(__file__).with_name("templates")
INK = 128  # of 255; see `black_and_white`


def black_and_white(images: np.ndarray) -> bytes:
    """Draw images in black and white, eight pixels a byte.

    MNIST's 60,000 digits take 1.65 MB so, and read as well as in grey when they are enlarged
    smoothly; in four greys they take 3.1 MB, in sixteen 5.7, as WebP of quality 5 4.4.
    """
    return np.packbits(images.reshape(len(images), -1) >= INK, axis=1).tobytes()


def stream_parts(population: Population, exposures: Mapping[str, np.ndarray]) -> dict[str, str]:
    """Pack what is known of each sample."""
    parts = {}
    for rank, (name, samples) in enumerate(population.streams.items()):
        steps = np.diff(samples.index, prepend=np.int64(0))  # modulo 2**64, and added up so
        parts[f"index-{rank}"] = packed_text(steps.astype("<i8").tobytes())
        cells = exposures[name]
        # The script reads little-endian, whatever this machine is.
        parts[f"matrix-{rank}"] = packed_text(cells.astype(cells.dtype.newbyteorder("<")).tobytes())
        if samples.labels is not None:
            parts[f"labels-{rank}"] = packed_text(samples.labels.tobytes())
        if samples.images is not None:
            parts[f"images-{rank}"] = packed_text(black_and_white(samples.images))
    return parts


def stream_facts(population: Population, exposures: Mapping[str, np.ndarray]) -> list[dict]:
    """List what the script must know to unpack each stream."""
    return [
        {
            "name": name,
            "samples": len(samples.index),
            "bytes": exposures[name].dtype.itemsize,
            "labels": samples.labels is not None,
            "image": None if samples.images is None else samples.images.shape[1:],
        }
        for name, samples in population.streams.items()
    ]


def rendered_page(facts: dict, plots: dict, parts: dict[str, str], **texts) -> str:
    bokeh = Resources(mode="inline", components=["bokeh"]).js_raw[0]
    script = (TEMPLATES / "report.js").read_text()
    items = {target: json_item(plot, target) for target, plot in plots.items()}
    contents = {"facts": json.dumps(facts), "plots": json.dumps(items), "bokeh": bokeh}
    # Packed like the rest, no text from a run can end the script it stands in.
    parts = parts | {name: packed_text(text.encode()) for name, text in contents.items()}
    template = templates_in(TEMPLATES).get_template("page.html.j2")
    return template.render(
        style=(TEMPLATES / "report.css").read_text(),
        script=script,
        hashes=[hash_of(script), hash_of(bokeh)],
        streams=facts["streams"],
        plots=items,
        parts=parts,
        **texts,
    )
