"""TFRecords as Google Earth Engine exports them: tables, and image patches.

    scene       a made-up scene, patch by patch
    writing     exports of it, of any size
    layout      what is in an export: files, bands, shape; the index of a record
    framing     the bytes of a file, where one is damaged
    faults      what is wrong, and whether to stop or to skip and count
    checking    a damaged file looked through, and what can be saved of it
    reading     an export as a tf.data.Dataset
    streams     its records counted, and its two streams as sets of their own
    damage      damage done on purpose

Formats: https://developers.google.com/earth-engine/guides/tfrecord. A table is one GZIP file,
every property a list of floats. Image patches are several files, packed or not, and a mixer.json;
every band is a list of float32, channels first. `kernelSize` adds a margin of half of it on each
side of a patch, of which the mixer says nothing.
"""

import importlib

_HOMES = {
    "Faults": "faults",
    "Reading": "reading",
    "find_export": "layout",
    "read_export": "reading",
    "split_export": "streams",
    "survey": "streams",
    "write_export": "writing",
    "write_table": "writing",
}

__all__ = list(_HOMES)


def __getattr__(name: str):
    # TensorFlow is imported when something needs it.
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
