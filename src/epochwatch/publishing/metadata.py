"""What a notebook says about its post: its metadata, checked, and the post's front matter."""

import datetime
import re
import reprlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import yaml

from epochwatch.errors import BadInput


def _is_line(value: Any) -> bool:
    return isinstance(value, str) and value.splitlines() == [value] and not value.isspace()


def _is_slug(value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value))


def _is_date(value: Any) -> bool:
    try:
        return datetime.date.fromisoformat(value).isoformat() == value
    except (TypeError, ValueError):
        return False


class _Rule(NamedTuple):
    holds: Callable[[Any], bool]
    allowed: str


_RULES = {
    "title": _Rule(_is_line, "one line of text"),
    "slug": _Rule(_is_slug, "lower-case letters and digits, in words joined by a hyphen"),
    "date": _Rule(_is_date, "a date such as 2026-11-23"),
    "published": _Rule(lambda value: isinstance(value, bool), "true or false"),
    "tags": _Rule(
        lambda value: isinstance(value, list) and all(map(_is_line, value)),
        "a list of words",
    ),
}
_DEFAULTS = {"published": False, "tags": []}


class PostMetadata(NamedTuple):
    """What a post needs to know about itself.

    Attributes:
        title: one line.
        slug: the post's name in its address.
        date: the day it is dated.
        published: whether Jekyll shows it.
        tags: words to find it by.
    """

    title: str
    slug: str
    date: datetime.date
    published: bool
    tags: list[str]

    @classmethod
    def of(cls, notebook: Mapping) -> "PostMetadata":
        """Read a notebook's own metadata.

        Args:
            notebook: the notebook, as nbformat reads it.

        Returns:
            The metadata, checked.

        Raises:
            BadInput: a key of the metadata `epochwatch` is missing or not as it should be.
        """
        given = notebook["metadata"].get("epochwatch")
        if not isinstance(given, Mapping):
            raise BadInput(
                f"notebook metadata epochwatch: got {_shortly(given)}, allowed: an object with "
                "title, slug and date; write it under the notebook's metadata"
            )
        values = {key: _checked(key, given) for key in _RULES}
        return cls(**values | {"date": datetime.date.fromisoformat(values["date"])})

    @property
    def file_name(self) -> str:
        """The name of the post's file, as Jekyll wants it."""
        return f"{self.date.isoformat()}-{self.slug}.md"

    @property
    def image_folder(self) -> str:
        """The folder of the post's images, relative to the site."""
        return f"assets/img/{self.slug}"

    def front_matter(self, excerpt: str) -> str:
        """Write what Jekyll reads first.

        Args:
            excerpt: the post in a sentence; left out if empty.

        Returns:
            YAML between two lines of three hyphens.

        Example:
            >>> day = datetime.date(2026, 11, 23)
            >>> print(PostMetadata("Does it?", "does-it", day, False, ["keras"]).front_matter(""))
            ---
            layout: post
            title: Does it?
            date: 2026-11-23
            published: false
            tags:
            - keras
            ---
            <BLANKLINE>
        """
        fields = {
            "layout": "post",
            "title": self.title,
            "date": self.date,
            "published": self.published,
            "tags": self.tags,
            "excerpt": excerpt,
        }
        if not excerpt:
            del fields["excerpt"]
        body = yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, width=float("inf"))
        return f"---\n{body}---\n"


def _checked(key: str, given: Mapping) -> Any:
    value = given.get(key, _DEFAULTS.get(key))
    if not _RULES[key].holds(value):
        raise BadInput(
            f"notebook metadata epochwatch.{key}: got {_shortly(value)}, allowed: "
            f"{_RULES[key].allowed}; correct it in the notebook's metadata"
        )
    return value


def _shortly(value: Any) -> str:
    return "nothing" if value is None else reprlib.repr(value)
