"""The reproductions of `atlas/reproductions`: each a script, and beside it a page about it."""

from pathlib import Path
from typing import Annotated, Literal

import pydantic
import yaml

from epochwatch.errors import BadInput

ABOUT = "README"  # the page that lists the others
TRACKERS = {
    "keras": "keras-team/keras",
    "keras-hub": "keras-team/keras-hub",
    "tensorflow": "tensorflow/tensorflow",
    "cpython": "python/cpython",
    "pytorch": "pytorch/pytorch",
}

Sentence = Annotated[str, pydantic.Field(pattern=r"^[A-Z`\d_][^\n]*[.?]$")]
Status = Annotated[
    str, pydantic.Field(pattern=r"^(to be reported|known|works as documented|fixed in \d+\.\d+)$")
]
Release = Annotated[str, pydantic.Field(pattern=r"^(keras-3\.\d+|tf_keras|tf-2\.\d+)$")]
Source = Annotated[
    str, pydantic.Field(pattern=r"^(keras|tf_keras|tensorflow|torch)/[\w/]+\.py: [\w.]+$")
]
Report = Annotated[str, pydantic.Field(pattern=rf"^({'|'.join(TRACKERS)})#\d+$")]
Phrase = Annotated[str, pydantic.Field(min_length=1)]
Verdict = Literal[
    "resumes",
    "restarts",
    "skips",
    "replays",
    "runs dry",
    "overruns",
    "reshuffles",
    "alike",
    "never trained",
    "raises",
    "hangs",
]


class Reproduction(pydantic.BaseModel, extra="forbid", frozen=True):
    """One cause of what the atlas shows: the front matter of its page, the page and the script.

    Attributes:
        name: of both files, and as cells of the atlas name it.
        title: what happens, in a sentence without a full stop.
        status: what is known of it in Keras' tracker.
        expected: what a user expects.
        actual: what happens instead.
        verdict: what happens to the feed.
        warns: whether Keras says anything.
        seen: where the script prints what the page shows: by release, the backends.
        cause: functions of Keras, or of what it is fed by, that make it so, as "file: function".
        fix: the change proposed to Keras, or what a user does where nothing is wrong in Keras.
        related: reports of it in the trackers, as "keras#19037".
        symptoms: what people search for, or see on the screen.
        page: Markdown, without the front matter.
        script: Python that shows it with Keras alone.
    """

    name: str
    title: Annotated[str, pydantic.Field(pattern=r"^[^\n]+[^.\n]$")]
    status: Status
    expected: Sentence
    actual: Sentence
    verdict: Verdict
    warns: bool
    seen: dict[Release, list[Literal["tensorflow", "jax", "torch"]]]
    cause: Annotated[list[Source], pydantic.Field(min_length=1)]
    fix: Sentence
    related: list[Report]
    symptoms: Annotated[list[Phrase], pydantic.Field(min_length=1)]
    page: str
    script: str


def read_reproductions(folder: Path) -> list[Reproduction]:
    """Read all reproductions of a folder, in the order of their names.

    Raises:
        BadInput: a page or its script is missing, or is no such page.
    """
    return [read_reproduction(page) for page in sorted(folder.glob("*.md")) if page.stem != ABOUT]


def read_reproduction(page: Path) -> Reproduction:
    """Read a page, and the script beside it.

    Raises:
        BadInput: one of them is missing, or the page does not begin with the fields it needs.
    """
    script = page.with_suffix(".py")
    if not script.is_file():
        raise BadInput(f"{page}: has no {script.name} beside it")
    try:
        _, front, below = page.read_text().split("---\n", 2)
        fields = yaml.safe_load(front)
        texts = {"name": page.stem, "page": below, "script": script.read_text()}
        return Reproduction.model_validate(fields | texts)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise BadInput(f"{page}: {place}: got {first['input']!r}, {first['msg']}") from None
    except (ValueError, TypeError, yaml.YAMLError):
        raise BadInput(
            f"{page}: does not begin with fields between two lines of ---, such as title and seen"
        ) from None


def report_address(report: str) -> str:
    """Find a report's address in its tracker.

    Example:
        >>> report_address("keras#19037")
        'https://github.com/keras-team/keras/issues/19037'
    """
    tracker, number = report.split("#")
    return f"https://github.com/{TRACKERS[tracker]}/issues/{number}"
