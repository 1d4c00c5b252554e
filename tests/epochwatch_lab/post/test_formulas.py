"""Which parts of a text are formulas, and what becomes of them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epochwatch.errors import BadInput
from epochwatch_lab.post._formulas import with_mathml

X = with_mathml("$x$")
BLOCK = with_mathml("$$x$$")
PIECES = st.sampled_from(["$", "$$", "`", "``", "\n", "\n\n", " ", "a", "\\", "- ", "    ", "5"])


def test_a_formula_in_a_line_and_one_on_its_own_are_told_apart():
    assert 'display="inline"><mrow><mi>x</mi></mrow></math></span>' in X
    assert 'display="block"><mrow><mi>x</mi></mrow></math></span>' in BLOCK


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("a $x$ b, $x$", f"a {X} b, {X}"),
        ("a $$x$$ b", f"a {BLOCK} b"),
        ("$$\nx\n$$\n", f"{BLOCK}\n"),
        (r"\\(x\\) and \\[x\\]", f"{X} and {BLOCK}"),
        ("- $x$\n\n  $x$\n\n      $x$", f"- {X}\n\n  {X}\n\n      $x$"),
        ("| $x$ |\n|---|\n| $x$ |", f"| {X} |\n|---|\n| {X} |"),
        ("`a` $x$ `$x$` $x$", f"`a` {X} `$x$` {X}"),
        (r"$x$ \$5 \$", rf"{X} \$5 \$"),
        ("**$x$**", f"**{X}**"),
        ("a\u2028b $x$\n\n```\n$x$\n```\n$x$", f"a\u2028b {X}\n\n```\n$x$\n```\n{X}"),
    ],
)
def test_formulas_are_replaced_and_nothing_else(written, expected):
    assert with_mathml(written) == expected


@pytest.mark.parametrize(
    "written",
    [
        "It costs $5.",
        "It costs $5.\n\nOr $6.",
        "- $5\n- $6",
        "1. $5\n2. $6",
        "It costs $5, not `$x$`.",
        r"It costs \$5 or \$6.",
        "`$x$` and ``$`x`$``",
        "```\n$x$\n```",
        "~~~~ text\n$$\nx\n$$\n~~~~",
        "> ```\n> $x$\n> ```",
        "    $x$\n\n    $$x$$",
        "$ alone, $$ and `$",
        "no formula at all",
        "",
    ],
)
def test_code_and_lone_dollars_are_left_alone(written):
    assert with_mathml(written) == written


@given(st.lists(PIECES).map("".join))
def test_what_is_no_formula_is_never_changed(text):
    try:
        written = with_mathml(text)
    except BadInput:
        return
    kept = re.split(r'<span class="math"[^>]*>.*?</span>', written)
    assert re.fullmatch(".+".join(map(re.escape, kept)), text, re.DOTALL)


KNOWN = [
    r"1 - \left(1 - \frac{1}{n}\right)^{k}",
    r"\begin{cases} 1 & x \\ 0 & y \end{cases}",
    r"\begin{aligned} a &= b \\ c &= d \end{aligned}",
    r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}",
    r"\mathbb{E}[X] = \sum_{i=1}^{n} p_i x_i \quad \text{if } x < 0",
    r"\operatorname{argmax}_\theta |\theta|",
]


@pytest.mark.parametrize("formula", KNOWN)
def test_what_notebooks_write_is_one_line_that_breaks_no_table(formula):
    written = with_mathml(f"$${formula}$$")
    assert written.count("<math") == 1
    assert not set(written) & set("|\n\\`*_")
    assert "&#x" not in written


def test_an_environment_needs_no_dollars():
    written = with_mathml("a\n\\begin{equation}\nx\n\\end{equation}\nb")
    assert written.startswith("a\n<span")
    assert 'display="block"' in written


@pytest.mark.parametrize(
    ("formula", "fault"),
    [
        (r"\foo{x}", r"\\foo"),
        (r"\left( x", "ExtraLeftOrMissingRightError"),
        ("a^", "MissingSuperScriptOrSubscriptError"),
        (r"\text{a<b}", "ParseError"),
        (r"a & b", ""),
        (r"\label{a} x", r"\\label"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_one_line(formula, fault):
    with pytest.raises(BadInput, match=rf"^formula .*: got {fault}.*, which has no MathML") as got:
        with_mathml(f"a $$\n{formula}\n$$ b")
    assert "\n" not in str(got.value)
