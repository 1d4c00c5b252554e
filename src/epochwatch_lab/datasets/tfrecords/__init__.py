"""TFRecords as Google Earth Engine exports them: tables, and image patches.

    _scene      a made-up scene, patch by patch
    _writing    exports of it, of any size
    _layout     what is in an export: files, bands, shape; the index of a record
    _finding    an export on disk
    _framing    the bytes of a file, where one is damaged
    _faults     what is wrong, and whether to stop or to skip and count
    _checking   a damaged file inspected, and what can be saved of it
    _reading    an export as a tf.data.Dataset
    _ways       the ways to read a stream, and balanced batches of two
    _streams    its records counted, and its two streams as sets of their own
    damage      damage done on purpose

Formats: https://developers.google.com/earth-engine/guides/tfrecord. A table is one GZIP file,
every property a list of floats. Image patches are several files, packed or not, and a mixer.json;
every band is a list of float32, channels first. `kernelSize` adds a margin of half of it on each
side of a patch, of which the mixer says nothing.
"""

import importlib

from epochwatch._extras import missing_extras_named

_HOMES = {
    "Export": "_layout",
    "Faults": "_faults",
    "Reading": "_reading",
    "ReadingWay": "_ways",
    "Survey": "_streams",
    "balanced_records": "_ways",
    "example_patches": "_reading",
    "file_and_record": "_layout",
    "find_export": "_finding",
    "patch_numbers": "_layout",
    "read_export": "_reading",
    "read_silently": "_reading",
    "split_export": "_streams",
    "survey_export": "_streams",
    "write_export": "_writing",
    "write_table": "_writing",
}

__all__ = [*_HOMES, "damage"]


def __getattr__(name: str):
    # TensorFlow is imported when something needs it.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with missing_extras_named("datasets.tfrecords"):
        module = importlib.import_module(f"{__name__}.{_HOMES.get(name, name)}")
    return getattr(module, name) if name in _HOMES else module
