"""What kramdown would read otherwise; test_pages.py asks the real one."""

import pytest

from epochwatch_lab.post import kramdown

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
        (f"text\n{TABLE}\n\na | b", f"text\n\n{TABLE}\n\na \\| b"),
    ],
)
def test_what_means_nothing_elsewhere_is_escaped_and_tables_stand_apart(written, adapted):
    assert kramdown.adapted(written) == adapted


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
    assert kramdown.adapted(text) == text
