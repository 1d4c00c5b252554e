"""What a notebook says about its post: its metadata, checked, and the post's front matter."""

import datetime
import re
import reprlib
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import yaml

from epochwatch.errors import BadInput


def _is_line(value: Any) -> bool:
    return isinstance(value, str) and value.splitlines() == [value] and not value.isspace()


def _is_list_of_lines(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_line, value))


def _is_slug(value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value))


def _is_slugs_by_notebook(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(name, str) and name.endswith(".ipynb") and _is_slug(slug)
        for name, slug in value.items()
    )


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
    "tags": _Rule(_is_list_of_lines, "a list of words"),
    "excerpt": _Rule(lambda value: value == "" or _is_line(value), "one line of text"),
    "hidden_parameters": _Rule(_is_list_of_lines, "a list of the names of parameters"),
    "related": _Rule(_is_slugs_by_notebook, 'slugs by file name, {"other.ipynb": "its-slug"}'),
}
_DEFAULTS = {"published": False, "tags": [], "excerpt": "", "hidden_parameters": [], "related": {}}
_DRAFT = "published: false"
_DRAFT_NOTE = "# Jekyll leaves it out; --published, or true here, shows it"


class PostMetadata(NamedTuple):
    """What a post needs to know about itself.

    Attributes:
        title: one line.
        slug: the post's name in its address.
        date: the day it is dated.
        published: whether Jekyll shows it.
        tags: words to find it by.
        excerpt: the post in a sentence; if empty, what the cell tagged `answer` says.
        hidden_parameters: those that the table of parameters leaves out, as they say where a
            run is kept and not what it did.
        related: the slugs of the posts that it may link to, by their notebooks' file names.
    """

    title: str
    slug: str
    date: datetime.date
    published: bool
    tags: list[str]
    excerpt: str = ""
    hidden_parameters: Sequence[str] = ()
    related: Mapping[str, str] = MappingProxyType({})

    @classmethod
    def from_notebook(cls, notebook: Mapping, **overrides) -> "PostMetadata":
        """Read a notebook's own metadata.

        Args:
            notebook: the notebook, as nbformat reads it.
            **overrides: values in place of the notebook's, by key; None keeps the notebook's.

        Returns:
            The metadata, checked.

        Raises:
            BadInput: a key of the metadata `epochwatch`, or what overrides it, is missing or not
                as it should be.
        """
        overrides = {key: value for key, value in overrides.items() if value is not None}
        written = notebook["metadata"].get("epochwatch", {} if overrides else None)
        if not isinstance(written, Mapping):
            raise BadInput(
                f"notebook metadata epochwatch: got {_shortly(written)}, allowed: an object with "
                "title, slug and date; write it under the notebook's metadata"
            )
        values = {key: _checked_value(key, written, overrides) for key in _RULES}
        return cls(**values | {"date": datetime.date.fromisoformat(values["date"])})

    def file_name(self, flavor: str) -> str:
        """Name the post's file.

        Args:
            flavor: `jekyll`, or `github`, whose folder Jekyll passes over.

        Returns:
            The name, relative to the site.
        """
        if flavor == "github":
            return f"_github/{self.slug}.md"
        return f"_posts/{self.date.isoformat()}-{self.slug}.md"

    @property
    def image_folder(self) -> str:
        """The folder of the post's images, relative to the site."""
        return f"assets/img/{self.slug}"

    def front_matter(self) -> str:
        """Write what Jekyll reads first.

        Returns:
            YAML between two lines of three hyphens.

        Example:
            >>> day = datetime.date(2026, 11, 23)
            >>> print(PostMetadata("Does it?", "does-it", day, False, ["keras"]).front_matter())
            ---
            layout: post
            title: Does it?
            date: 2026-11-23
            published: false  # Jekyll leaves it out; --published, or true here, shows it
            tags:
            - keras
            ---
            <BLANKLINE>
        """
        keys = ("title", "date", "published", "tags", *(["excerpt"] if self.excerpt else []))
        fields = {"layout": "post"} | {key: getattr(self, key) for key in keys}
        # A title stays on one line, however long it is.
        body = yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, width=float("inf"))
        noted = body.replace(f"\n{_DRAFT}\n", f"\n{_DRAFT}  {_DRAFT_NOTE}\n", 1)
        return f"---\n{noted}---\n"


def _checked_value(key: str, written: Mapping, overrides: Mapping) -> Any:
    value = overrides.get(key, written.get(key, _DEFAULTS.get(key)))
    if not _RULES[key].holds(value):
        where, remedy = "notebook metadata epochwatch.", "correct it in the notebook's metadata"
        if key in overrides:
            where, remedy = "", "give such a one"
        raise BadInput(
            f"{where}{key}: got {_shortly(value)}, allowed: {_RULES[key].allowed}; {remedy}"
        )
    return value


def _shortly(value: Any) -> str:
    return "nothing" if value is None else reprlib.repr(value)
