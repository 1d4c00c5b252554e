"""A set of TFDS, found on disk or prepared."""

import difflib
from pathlib import Path
from typing import Any

from epochwatch._extras import missing_extras_named
from epochwatch.errors import BadInput, DataError
from epochwatch_lab.datasets._reason import reason_of


def find_builder(name: str, data_dir: str | Path | None, download: bool = False) -> Any:
    with missing_extras_named(f"name: got {name!r}"):
        from tensorflow_datasets.core import read_only_builder, registered

    # Not tfds.builder: of a set that is not prepared, it looks up the sizes on the network.
    try:
        return read_only_builder.builder_from_files(name, data_dir=data_dir and str(data_dir))
    except registered.DatasetNotFoundError:
        if download:
            return _prepare(name, data_dir)
        raise BadInput(_not_prepared(name, data_dir)) from None
    except Exception as error:
        reason = reason_of(error)
        raise BadInput(f"name: got {name!r}, which TFDS does not take: {reason}") from error


def _prepare(name: str, data_dir: str | Path | None) -> Any:
    import tensorflow_datasets as tfds

    if not _is_known(name):
        raise BadInput(_not_prepared(name, data_dir))
    try:
        builder = tfds.builder(name, data_dir=data_dir and str(data_dir))
        builder.download_and_prepare()
    except Exception as error:
        raise DataError(
            f"name: got {name!r}, which TFDS could not download and prepare ({reason_of(error)}); "
            "check the network, or give the data_dir where the set is prepared"
        ) from error
    return builder


def _not_prepared(name: str, data_dir: str | Path | None) -> str:
    where = data_dir or "the data_dir of TFDS"
    if _is_known(name):
        return (
            f"name: got {name!r}, which is not prepared in {where}, allowed: a set that is; "
            f"prepare it with from_tfds({name!r}, …, download=True), or give its data_dir"
        )
    like = difflib.get_close_matches(_parse_name(name).name, _known_sets(), n=3)
    perhaps = f" (it knows {', '.join(like)})" if like else ""
    return (
        f"name: got {name!r}, which this TFDS does not know{perhaps} and which is not prepared in "
        f"{where}; give the data_dir where it is stored, or name/configuration if it has several"
    )


def _is_known(name: str) -> bool:
    parsed = _parse_name(name)
    # What a namespace holds is not known without a network.
    return bool(parsed.namespace) or parsed.name in _known_sets()


def _parse_name(name: str) -> Any:
    from tensorflow_datasets.core import naming

    return naming.parse_builder_name_kwargs(name)[0]


def _known_sets() -> list[str]:
    import tensorflow_datasets as tfds

    return tfds.list_builders(with_community_datasets=False)
