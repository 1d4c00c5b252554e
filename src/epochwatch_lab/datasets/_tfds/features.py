"""Which features of a set are the image and the class, and which class is meant."""

from typing import Any

import numpy as np

from epochwatch.errors import BadInput
from epochwatch_lab.datasets._imbalance import LABELS_SHOWN

NO_LABEL = -1  # of a ClassLabel


def find_keys(info: Any, image_key: str | None, label_key: str | None) -> tuple[str, str]:
    import tensorflow_datasets as tfds

    supervised = info.supervised_keys or (None, None)
    image = _choose_key("image", image_key, supervised[0], info.features, tfds.features.Image)
    label = _choose_key("label", label_key, supervised[1], info.features, tfds.features.ClassLabel)
    if not _is_image(info.features[image]):
        raise BadInput(
            f"image_key: got {image!r}, which is {info.features[image]}, allowed: an image; "
            "give another image_key, or take another set"
        )
    if info.features[label].shape != ():
        raise BadInput(
            f"label_key: got {label!r}, which is {info.features[label]}, allowed: one class for "
            "each image; give another label_key, or take another set"
        )
    return image, label


def _is_image(feature: Any) -> bool:
    shape = feature.shape  # of a feature with parts, a dictionary
    is_array = isinstance(shape, tuple) and len(shape) >= 2
    return is_array and np.issubdtype(feature.np_dtype, np.number)


def _choose_key(what: str, wanted: str | None, own: Any, features: Any, kind: type) -> str:
    there = ", ".join(sorted(features))
    if wanted is not None:
        if wanted not in features:
            raise BadInput(f"{what}_key: got {wanted!r}, allowed: one of {there}")
        return wanted
    if isinstance(own, str):
        return own
    fitting = [key for key, feature in features.items() if isinstance(feature, kind)]
    if len(fitting) != 1:
        raise BadInput(
            f"{what}_key: got none, but the set has {len(fitting)} features of the kind "
            f"{kind.__name__} and does not say which to take; give one of {there}, or take another "
            "set"
        )
    return fitting[0]


def class_names(feature: Any) -> list[str] | None:
    """The names of a feature's classes; None where they have none."""
    return feature.names if getattr(feature, "num_classes", None) else None


def check_labels(labels: np.ndarray, split: str, names: list[str] | None) -> np.ndarray:
    """Refuse labels that name no class; decode those that are texts."""
    if labels.dtype.kind in "OS":
        return np.array([label.decode() for label in labels])
    is_missing = np.isnan(labels) if names is None else labels == NO_LABEL
    if is_missing.any():
        value = "NaN" if names is None else NO_LABEL
        raise BadInput(
            f"labels: got {value}, which is not a class, for {is_missing.sum():,} of "
            f"{len(labels):,} samples of {split!r}, allowed: a class for each; take another split"
        )
    return labels


def meant_label(positive: Any, labels: np.ndarray, names: list[str] | None) -> Any:
    """Find the label that is meant, by its name or as it stands."""
    present = np.unique(labels).tolist()
    is_name = isinstance(positive, str) and names is not None
    label = names.index(positive) if is_name and positive in names else positive
    if label not in present:
        listed = [repr(one) if names is None else f"{one} {names[one]!r}" for one in present]
        more = ", …" * (len(listed) > LABELS_SHOWN)
        raise BadInput(
            f"positive: got {positive!r}, allowed: a class that is in the split, by "
            f"{'label' if names is None else 'number or name'}: "
            f"{', '.join(listed[:LABELS_SHOWN])}{more}"
        )
    return label
