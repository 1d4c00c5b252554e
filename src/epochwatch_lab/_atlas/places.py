"""Where something was observed, a release of Keras and a backend, and many of them in words."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from packaging.version import Version

BACKEND_WORDS = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "torch"}


class Place(NamedTuple):
    """One environment on one backend.

    Attributes:
        package: "keras" or "tf_keras".
        version: of the package.
        backend: "tensorflow", "jax" or "torch".
    """

    package: str
    version: str
    backend: str

    @classmethod
    def of(cls, environment: dict) -> "Place":
        """Read the place of a file of the atlas."""
        return cls(environment["package"], environment["keras"], environment["backend"])

    @property
    def keras(self) -> str:
        """The release in words.

        Example:
            >>> Place("keras", "3.16.0.dev2026102704", "jax").keras
            'Keras 3.16 nightly 20261027'
        """
        version = Version(self.version)
        package = "Keras" if self.package == "keras" else self.package
        name = f"{package} {version.major}.{version.minor}"
        # A nightly is named by its day, as 20261027 and a number.
        return f"{name} nightly {str(version.dev)[:8]}" if version.is_prerelease else name

    @property
    def age(self) -> tuple:
        """What places are sorted by: Keras' releases, the newest first, coming ones, tf_keras."""
        version = Version(self.version)
        newest_first = tuple(-part for part in version.release)
        backend = list(BACKEND_WORDS).index(self.backend)
        return self.package != "keras", version.is_prerelease, newest_first, backend


def places_words(some: Collection[Place], everywhere: Iterable[Place]) -> str:
    """Name releases, and the backends of those of which not all backends are among them.

    Args:
        some: places to name.
        everywhere: all that there are.

    Example:
        >>> every = [Place("keras", "3.15.1", "jax"), Place("keras", "3.15.1", "torch")]
        >>> places_words(every[:1], every)
        'Keras 3.15 on JAX'
    """
    by_age = sorted(everywhere, key=lambda place: place.age)
    of_release = Counter(place.keras for place in by_age)
    parts: dict[str, list[str]] = {}
    for keras in of_release:
        own = [place.backend for place in by_age if place in some and place.keras == keras]
        full = len(own) == of_release[keras]
        on = "" if full else " and ".join(BACKEND_WORDS[backend] for backend in own)
        if own:
            parts.setdefault(on, []).append(keras)
    return "; ".join(
        releases_words(releases, [*of_release]) + (f" on {on}" if on else "")
        for on, releases in parts.items()
    )


def releases_words(some: Iterable[str], every: Sequence[str]) -> str:
    """Name releases, those that follow each other as a range.

    Args:
        some: releases, in the order of `every`.
        every: all that there are, the newest first.

    Example:
        >>> releases_words(["Keras 3.12", "Keras 3.9"], ["Keras 3.15", "Keras 3.12", "Keras 3.9"])
        'Keras 3.9 and 3.12'
    """
    of_keras_2 = [name for name in every if name.split()[1].startswith("2.")]
    is_all = len(of_keras_2) > 1 and set(of_keras_2) <= set(some)
    runs: list[list[str]] = []
    for name in [name for name in some if not (is_all and name in of_keras_2)]:
        last = runs[-1][-1] if runs else ""
        follows = last and every.index(name) == every.index(last) + 1
        # Of one package, and no nightly, which is a day and not a release.
        if follows and name.split()[::2] == last.split()[::2]:
            runs[-1].append(name)
        else:
            runs.append([name])
    first, *more = [range_words(run) for run in runs] or [""]
    spoken = [first, *(part.removeprefix("Keras ") for part in more), "Keras 2" if is_all else ""]
    return ", ".join(filter(None, spoken))


def range_words(run: Sequence[str]) -> str:
    """Name releases of one package that follow each other, the newest first."""
    newest, oldest = run[0], run[-1]
    if newest == oldest:
        return newest
    return f"{oldest} {'and' if len(run) == 2 else 'to'} {newest.split()[1]}"
