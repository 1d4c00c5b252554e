"""Markdown that Liquid and kramdown hand on as it was written; test_pages.py asks the real ones."""

import re

import bs4
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbconvert import filters

from epochwatch_lab.post._markdown import fenced, for_kramdown, for_liquid, image

MARKS = [
    "_",
    " _a_",
    "*",
    " *a*",
    "~~a~~",
    "^",
    "`",
    "[",
    "](",
    "![",
    "|",
    "<b>",
    "&lt;",
    "\\",
    "$",
    "{:",
    "a",
    " ",
]
READABLE = st.characters(exclude_categories=["C"])

# Any text


@given(st.text(st.sampled_from("`~a \n")))
def test_a_fence_ends_where_its_text_ends_whatever_is_inside(inside):
    opening, *lines, closing = fenced(inside, "text").split("\n")
    assert opening == f"{closing}text"
    assert set(closing) == {"`"}
    assert not [line for line in lines if closing in line]
    assert "\n".join(lines) == re.sub(" +$", "", inside, flags=re.MULTILINE).strip("\n")


@given(st.lists(st.one_of(st.sampled_from(MARKS), st.text(READABLE, max_size=3))).map("".join))
@settings(deadline=None)
def test_any_alternative_text_is_read_back_by_a_markdown_parser(alt):
    html = filters.markdown2html(image(f"a{alt}", "/x.png", 640, "/x-narrow.png"))
    shown = bs4.BeautifulSoup(html, "html.parser").img
    assert shown.attrs == {"src": "/x.png", "alt": " ".join(f"a{alt}".split()), "width": "640"}
    assert shown.find_previous("source")["srcset"] == "/x-narrow.png"


# Liquid

PIECES = st.sampled_from(
    ["{", "}", "%", "{{", "}}", "{%", "%}", "-", '"', "'", " ", "\n", "x", "raw", "endraw"]
)
TEXT = st.one_of(st.text(), st.lists(st.one_of(PIECES, st.text(max_size=3))).map("".join))


@given(TEXT)
def test_any_text_comes_out_of_liquid_as_it_was_written(render_liquid, text):
    assert render_liquid(for_liquid(text)) == text


@given(TEXT, TEXT)
def test_no_opening_is_made_where_two_protected_texts_meet(render_liquid, left, right):
    if not left.endswith("{"):
        assert render_liquid(for_liquid(left) + for_liquid(right)) == left + right


@given(st.text(st.characters(exclude_characters="{")))
def test_text_without_a_brace_is_left_alone(text):
    assert for_liquid(text) == text


@pytest.mark.parametrize(
    ("text", "protected"),
    [
        # What Keras' ModelCheckpoint and f-strings write: single braces mean nothing to Liquid.
        ("weights.{epoch:02d}.keras", "weights.{epoch:02d}.keras"),
        ("{{ x }}", '{{ "{" }}{ x }}'),
        ("{% endraw %}", '{{ "{" }}% endraw %}'),
        ("{{{", '{{ "{" }}{{ "{" }}{'),
    ],
)
def test_only_the_brace_before_an_opening_is_escaped(text, protected):
    assert for_liquid(text) == protected


def test_the_oracle_itself_sees_a_hole(render_liquid):
    with pytest.raises(AssertionError, match="Liquid would act on"):
        render_liquid("{% if x %}")


# kramdown

TABLE = "| a | b |\n|---|---|\n| `{:x}` | z |"


@pytest.mark.parametrize(
    ("written", "adapted"),
    [
        ("P(a | b)", r"P(a \| b)"),
        ("- |x|\n- `|x|` | ``a`|``", "- \\|x\\|\n- `|x|` \\| ``a`|``"),
        ("> a | b", r"> a \| b"),
        (r"a \| b", r"a \| b"),
        ('<b title="a|b">a|b</b>', r'<b title="a|b">a\|b</b>'),
        ("*loss*{:.4f}, {x}", r"*loss*\{:.4f}, {x}"),
        (f"text\n{TABLE}\n\na | b", f"text\n{TABLE}\n\na \\| b"),
    ],
)
def test_what_means_nothing_elsewhere_is_escaped_and_a_table_is_not(written, adapted):
    assert for_kramdown(written) == adapted


LONG = "py_dataset_workers_start_over_at_epoch_ends"


@pytest.mark.parametrize(
    "written",
    ["{}", "({})", "`{}`", "``{}``", "[{}](x)", "[`{}`](x)", "- {} and", "<https://a.org/{}>"],
)
def test_a_long_word_may_be_broken_and_keeps_its_meaning(written):
    adapted = for_kramdown(written.format(LONG))
    opening = '<span style="overflow-wrap: anywhere">'
    assert adapted.count(opening) == 1
    assert adapted.replace(opening, "").replace("</span>", "") == written.format(LONG)


@pytest.mark.parametrize(
    "written", ["[x]({})", "![x]({})", '<b title="{}">x</b>', "    {}", "# {}"]
)
def test_a_long_word_that_is_an_address_or_code_is_left_alone(written):
    assert for_kramdown(written.format(LONG)) == written.format(LONG)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "text",
        "```\na | b\n```",
        "    a | b",
        "# a",
        "- | a |\n  |---|\n  | 1 |",
        "<div>|</div>",
    ],
)
def test_all_else_is_left_alone(text):
    assert for_kramdown(text) == text
