"""What a figure's SVG may hold."""

import io

import pytest

from epochwatch._report import style
from epochwatch_lab._runs import project
from epochwatch_lab.post._svg import svg_fault

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink">{}</svg>'


def drawn():
    with style.figure() as figure:
        left, right = figure.subplots(1, 2)
        left.plot([1, 2], "o--", label="<script> & $x^2$")
        left.fill_between([0, 1], 1, hatch="/")
        right.imshow([[0, 1]])
        figure.legend()
    file = io.BytesIO()
    style.write(figure, file, ".svg")
    return file.getvalue()


def test_what_matplotlib_draws_only_draws():
    assert svg_fault(drawn().decode()) == ""


def test_the_same_figure_is_the_same_bytes():
    assert drawn() == drawn()


@pytest.mark.parametrize(
    ("inside", "named"),
    [
        ("<script>alert(1)</script>", "<script>"),
        ("<g><foreignObject/></g>", "<foreignObject>"),
        ('<a x:href="#b"/>', "<a>"),
        ('<set attributeName="href"/>', "<set>"),
        ('<g onload="alert(1)"/>', "onload="),
        ('<use x:href="https://a.org/b.svg#c"/>', "href="),
        ('<use href="javascript:alert(1)"/>', "href="),
        ('<image href="data:image/svg+xml;base64,PA=="/>', "href="),
        ('<g style="fill: url(https://a.org/b)"/>', "style="),
        ('<g fill="URL( &quot;//a.org&quot;)"/>', "fill="),
        ("<style>@import '//a.org'</style>", "style element="),
        ("<g>", "cannot be read"),
        ("<?xml-stylesheet href='//a.org'?>", "<?"),
    ],
)
def test_what_runs_or_fetches_is_named(inside, named):
    assert named in svg_fault(SVG.format(inside))


def test_entities_are_refused_before_they_are_read():
    bomb = '<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + SVG.format("&b;")
    assert svg_fault(bomb) == "an SVG with <!ENTITY"


def test_references_inside_the_picture_are_kept():
    inside = '<use x:href="#a"/><g style="clip-path: url(#b)" fill="url(\'#c\')"/>'
    assert svg_fault(SVG.format(inside)) == ""


def test_the_committed_figures_only_draw_and_are_small():
    figures = list((project.ROOT / "outputs" / "blog").rglob("*.svg"))
    assert figures
    for figure in figures:
        assert svg_fault(figure.read_text()) == ""
        assert figure.stat().st_size < 500_000, f"{figure}: draw what is many with rasterized=True"
