"""The notebooks' answers, in a module each: what was measured in, words and tables out.

They draw nothing, train nothing and read no files, so that each outcome can be tested.
"""

from typing import NamedTuple

from epochwatch._lazy import lazy_names

_MODULES = {
    name: f"{__name__}.{name}"
    for name in (
        "after_a_crash",
        "many_devices",
        "sweep",
        "ways_to_feed_fit",
        "what_the_model_never_saw",
        "your_shuffle_may_not_shuffle",
    )
}

__all__ = ["Answer", *_MODULES]

__getattr__, __dir__ = lazy_names(__name__, {}, _MODULES)


class Answer(NamedTuple):
    """What a notebook answers.

    Attributes:
        short: a few words by which two runs are compared, such as `resumes`.
        text: two sentences of Markdown that a stranger understands, the first in bold.
        advice: what to do now, in Markdown; may be empty.

    Example:
        >>> Answer("resumes", "**Yes.** Each epoch continues.").short
        'resumes'
    """

    short: str
    text: str
    advice: str = ""
