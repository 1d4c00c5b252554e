import ast
import base64
import re

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat import v4

from epochwatch.errors import BadInput
from epochwatch_lab.post import PostExporter
from epochwatch_lab.post._markdown import fenced, tidied
from epochwatch_lab.post._parameters import assigned_values

PIECES = ["{{ x }}", "{% if y %}", "{% endraw %}", "{%- endraw -%}", "{epoch:02d}", "{", "%", "}"]
PIECES += ["```", "````", "`", " ", "\n", "a", '"']
TROUBLE = st.lists(st.sampled_from(PIECES), min_size=1, max_size=12).map("".join)


def code(source="run()", *outputs, tags=(), **more):
    metadata = {"tags": list(tags)}
    return v4.new_code_cell(source, outputs=list(outputs), metadata=metadata, **more)


def text(source):
    return v4.new_markdown_cell(source)


def stream(written, name="stdout"):
    return v4.new_output("stream", name=name, text=written)


def displayed(**forms):
    names = {"markdown": "text/markdown", "plain": "text/plain", "html": "text/html"}
    names |= {"svg": "image/svg+xml", "png": "image/png"}
    return v4.new_output("display_data", data={names[form]: forms[form] for form in forms})


def exported(notebook, **options):
    return PostExporter(**options).from_notebook_node(notebook)[0]


def body_of(notebook, **options):
    return exported(notebook, **options).split("\n---\n\n", 1)[1]


def front_matter_of(notebook, **options):
    return yaml.safe_load(exported(notebook, **options).split("---\n")[1])


# front matter


def test_the_front_matter_says_what_the_notebook_does_in_a_fixed_order(executed):
    answer = code("", displayed(markdown="It **resumes**."), tags=["answer"])
    given = front_matter_of(executed(answer, tags=["keras", "mnist"], published=True))
    assert list(given.items()) == [
        ("layout", "post"),
        ("title", "Does fit resume?"),
        ("date", yaml.safe_load("2026-11-20")),
        ("published", True),
        ("tags", ["keras", "mnist"]),
        ("excerpt", "It resumes."),
    ]


def test_a_key_takes_one_line_and_letters_stay_letters(executed):
    title = "Été à Zürich, " * 12 + "fin"
    assert f"\ntitle: {title}\n" in exported(executed(title=title))


def test_a_post_is_not_published_unless_its_notebook_says_so(executed):
    assert front_matter_of(executed())["published"] is False


@given(st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1))
@settings(max_examples=30, deadline=None)
def test_any_title_is_read_back_by_a_yaml_parser(executed, title):
    title = f"a{title}"
    assert front_matter_of(executed(title=title, tags=[title])) == front_matter_of(executed()) | {
        "title": title,
        "tags": [title],
    }


@pytest.mark.parametrize(
    ("output", "excerpt"),
    [
        (
            displayed(
                markdown="The feed **resumes**: [all](x) of `steps_per_epoch`,\n*a_b* $x_1$."
            ),
            "The feed resumes: all of steps_per_epoch, a_b $x_1$.",
        ),
        (displayed(plain="2 * 3 * 4 and a < b"), "2 * 3 * 4 and a < b"),
        (stream("it\n  resumes {{ x }}\n"), "it resumes {{ x }}"),
    ],
)
def test_the_excerpt_is_the_answer_without_markdown(executed, output, excerpt):
    hidden = code("state()", output, tags=["answer", "remove-cell"])
    assert front_matter_of(executed(hidden))["excerpt"] == excerpt


def test_without_an_answer_there_is_no_excerpt(executed):
    assert "excerpt" not in front_matter_of(executed(code("", stream("hello"))))


@pytest.mark.parametrize(
    ("key", "value", "got"),
    [
        ("title", None, "nothing"),
        ("title", "two\nlines", r"'two\nlines'"),
        ("title", "  ", "'  '"),
        ("slug", None, "nothing"),
        ("slug", "../escape", "'../escape'"),
        ("slug", "Upper", "'Upper'"),
        ("slug", "two--hyphens", "'two--hyphens'"),
        ("date", None, "nothing"),
        ("date", "20261120", "'20261120'"),
        ("date", "2026-02-30", "'2026-02-30'"),
        ("date", 20261120, "20261120"),
        ("published", "yes", "'yes'"),
        ("tags", "keras", "'keras'"),
        ("tags", [1], "[1]"),
        ("hidden_parameters", "run_name", "'run_name'"),
        ("excerpt", "two\nlines", r"'two\nlines'"),
        ("related", ["b.ipynb"], "['b.ipynb']"),
        ("related", {"b.ipynb": "B"}, "{'b.ipynb': 'B'}"),
        ("related", {"b.md": "b"}, "{'b.md': 'b'}"),
    ],
)
def test_bad_metadata_is_refused_in_one_line_that_names_the_key(executed, key, value, got):
    with pytest.raises(BadInput) as refusal:
        exported(executed(**{key: value}))
    message = str(refusal.value)
    assert message.startswith(f"notebook metadata epochwatch.{key}: got {got}, allowed: ")
    assert "\n" not in message


def test_a_notebook_without_metadata_is_refused():
    with pytest.raises(BadInput, match=r"epochwatch: got nothing, allowed: an object with title"):
        exported(v4.new_notebook())


OTHERS = {
    "title": "Another: {{ x }}",
    "date": "2027-01-31",
    "slug": "another",
    "tags": ["one", "two"],
    "published": True,
    "excerpt": "In short: it does.",
}


def test_all_that_the_notebook_says_of_its_post_can_be_said_otherwise(executed):
    answer = code("", displayed(markdown="It **resumes**."), tags=["answer"])
    expected = OTHERS | {"layout": "post", "date": yaml.safe_load(OTHERS["date"])}
    del expected["slug"]
    for notebook in (executed(answer), v4.new_notebook(cells=[answer])):
        post, resources = PostExporter(**OTHERS).from_notebook_node(notebook)
        assert yaml.safe_load(post.split("---\n")[1]) == expected
        assert resources["post"].file_name("jekyll") == "_posts/2027-01-31-another.md"


def test_the_notebooks_own_excerpt_comes_before_its_answer(executed):
    answer = code("", displayed(markdown="It **resumes**."), tags=["answer"])
    assert front_matter_of(executed(answer, excerpt="So it does."))["excerpt"] == "So it does."


@pytest.mark.parametrize("key", ["title", "slug", "date", "excerpt"])
def test_what_is_said_badly_is_refused_by_its_own_name(executed, key):
    with pytest.raises(BadInput, match=rf"^{key}: got 'a\\nb', allowed: .*; give such a one$"):
        exported(executed(), **{key: "a\nb"})


# flavors


def test_github_gets_a_heading_and_a_day_and_all_else_as_it_is(executed, shown_figure):
    cells = text("# Old title\n\n$x$ {{ y }}"), code("f'{{x}}'"), shown_figure()
    assert exported(executed(*cells, title="Is a_b?"), flavor="github", site="..") == (
        "# Is a\\_b?\n\n*2026-11-20*\n\n$x$ {{ y }}\n\n```python\nf'{{x}}'\n```\n\n"
        "```python\nshow(order)\n```\n\n"
        '<p><img src="../assets/img/does-fit-resume/order.png" alt="a grey pixel" width="1"></p>\n'
    )


def test_relative_url_is_asked_for_images_and_for_nothing_that_resembles_them(
    executed, shown_figure, render_liquid
):
    path = "/assets/img/does-fit-resume/order.png"
    asked = f"{{{{ '{path}' | relative_url }}}}"
    shown = body_of(executed(code(f"![x]({path}) {asked}"), shown_figure()), links="relative_url")
    assert shown.count(asked) == 1
    image = f'<img src="{asked}" alt="a grey pixel"'
    assert image in shown
    assert f"![x]({path}) {asked}" in render_liquid(shown.replace(image, ""))


# text and code


def test_the_title_is_left_to_the_layout(executed):
    cells = text("# Does fit resume?\n\nA question."), text("# Stays")
    assert body_of(executed(*cells)) == "A question.\n\n# Stays\n"


def test_a_cell_of_text_is_left_as_it_is(executed):
    written = "Costs $5.\n\n- x\n\n      y\n\n\n      z"
    assert body_of(executed(text(written))) == f"{written}\n"


def test_blank_lines_and_trailing_spaces_go_outside_code_only(executed):
    written = "one \n\n\n\ntwo  \nbroken\t\n\n```\na\n\n\n\nb\n```\n\n\n\n\n~~~\nc\n\n\n~~~\n\n\n"
    tidied = "one\n\ntwo  \nbroken\n\n```\na\n\n\n\nb\n```\n\n~~~\nc\n\n\n~~~\n"
    assert body_of(executed(text(written))) == tidied


def test_code_is_fenced_as_python_with_blank_lines_around(executed):
    cells = text("- a list"), code("x = 1  \n\n\n\ny = 2\n"), text("after")
    expected = "- a list\n\n```python\nx = 1\n\n\n\ny = 2\n```\n\nafter\n"
    assert body_of(executed(*cells)) == expected


@pytest.mark.parametrize(
    ("info", "language"),
    [({"name": "julia"}, "julia"), ({"name": "x\n```"}, "python")],
)
def test_code_is_fenced_as_what_the_notebook_is_written_in(executed, info, language):
    notebook = executed(code("x = 1"))
    notebook.metadata.language_info = info
    assert body_of(notebook) == f"```{language}\nx = 1\n```\n"


def test_an_empty_cell_leaves_nothing(executed):
    assert body_of(executed(text("a"), code(""), text(""), text("b"))) == "a\n\nb\n"


@given(TROUBLE)
@settings(max_examples=60, deadline=None)
def test_code_and_outputs_survive_liquid_as_written(executed, render_liquid, trouble):
    source = f"a{trouble}z"
    notebook = executed(code(source, stream(source), displayed(plain=source)), text(f"`{source}`"))
    rendered = re.sub("</?span[^>]*>", "", render_liquid(body_of(notebook)))
    blocks = fenced(source, "python"), *[fenced(source, "text")] * 2
    assert rendered == tidied("\n\n".join([*blocks, f"`{source}`"]))


def test_tags_leave_out_what_they_say(executed):
    notebook = executed(
        code("hidden()", stream("hidden"), tags=["remove-cell"]),
        code("source()", stream("hidden"), tags=["remove-output"]),
        code("hidden()", stream("shown"), tags=["remove-input"]),
        code("fails()", displayed(svg="<svg/>"), tags=["remove-output"]),
    )
    expected = "```python\nsource()\n```\n\n```text\nshown\n```\n\n```python\nfails()\n```\n"
    assert body_of(notebook) == expected


# what comes first, and what is folded away


def test_the_answer_and_its_picture_come_first_without_their_code(executed, shown_figure):
    answer = shown_figure()
    answer.outputs.insert(0, displayed(markdown="**It resumes.** All is seen."))
    answer.metadata["tags"] = ["answer"]
    cells = text("# Title\n\nA question."), code("1 + 1"), answer, text("The rest.")
    notebook = executed(*cells)
    first, picture, *rest = body_of(notebook).split("\n\n")
    assert first == "**It resumes.** All is seen."
    assert picture.startswith("<p><img ")
    assert rest == ["A question.", "```python\n1 + 1\n```", "The rest.\n"]
    assert front_matter_of(notebook)["excerpt"] == "It resumes. All is seen."


def test_code_that_is_not_the_point_is_folded_and_what_it_shows_is_not(executed):
    folded = code("import keras", stream("shown"), tags=["fold-input"])
    for options in ({}, {"flavor": "github"}):
        shown = exported(executed(folded), **options)
        inside, after = shown.split("<summary>The code</summary>\n\n")[1].split(
            "\n\n</details>\n\n"
        )
        assert inside == "```python\nimport keras\n```"
        assert after == "```text\nshown\n```\n"


def table(rows, columns):
    lines = [["name"] * columns, ["---"] * columns, *[["x"] * columns] * rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


@pytest.mark.parametrize(
    ("rows", "columns", "is_folded"), [(6, 5, False), (7, 5, True), (6, 6, True), (1, 1, False)]
)
def test_a_table_that_is_too_large_for_the_flow_is_folded(executed, rows, columns, is_folded):
    words = f"Before\n\n{table(rows, columns)}\n\nafter"
    for options in ({}, {"flavor": "github"}):
        shown = exported(executed(code("", displayed(markdown=words))), **options)
        summary = f"<summary>Table of {rows} rows and {columns} columns</summary>"
        assert shown.count("<summary>") == shown.count(summary) == is_folded
        assert shown.count("\n| x |") == rows
        assert shown.endswith("\n\nafter\n")


def test_outputs_that_are_not_the_point_are_folded_once_and_say_what_they_are(executed):
    one, more = displayed(markdown=table(24, 4)), displayed(markdown=table(24, 4) + "\n\nx")
    for outputs in ([one], [stream("a"), more]):
        shown = body_of(executed(code("", *outputs, tags=["fold-output"])))
        summary = "<summary>Table of 24 rows and 4 columns</summary>"
        assert shown.count("<details") == shown.count(summary) == 1
        assert shown.endswith("</details>\n")
    two = code("", *[displayed(markdown=table(2, 2))] * 2, tags=["fold-output"])
    assert "<summary>The output</summary>" in body_of(executed(two))


def test_a_picture_that_is_folded_is_called_one(executed, shown_figure):
    shown = body_of(executed(shown_figure(tags=["fold-output"])))
    assert "<summary>The picture</summary>\n\n<p><img " in shown


def test_each_table_scrolls_in_a_box_of_its_own(executed):
    cells = text(f"Words.\n{table(1, 30)}\n\nMore."), code("", displayed(markdown=table(1, 2)))
    shown = body_of(executed(*cells))
    box = '<div markdown="1" style="overflow-x: auto">'
    boxes = [part.split("\n\n</div>\n")[0] for part in shown.split(f"\n\n{box}\n\n")[1:]]
    inside = [part.rpartition("\n{: style=")[0] for part in boxes]
    assert inside == [table(1, 30), table(1, 2)]
    assert box not in exported(executed(*cells), flavor="github")


# parameters

PARAMETERS = code(
    "digit: int = 1  # the rare class\n"
    "# What fit is fed by,\n# see feeds.\nfeed = 'tf_data'\n\n# Apart.\n\n"
    "run_name: str = 'default'  # of the folder\nrate = 1e-3",
    tags=["parameters"],
)
INJECTED = '# Parameters\ndigit = 7\nfeed = "tf_data"\nrun_name = "sevens"\nrate = 0.001\n'


def rows_of(shown):
    """The cells of the one table in a post."""
    table = [line for line in shown.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def test_the_parameters_are_a_folded_table_of_what_each_means(executed):
    cells = PARAMETERS, code(INJECTED, tags=["injected-parameters"]), text("after")
    shown = body_of(executed(*cells, hidden_parameters=["run_name"]))
    assert rows_of(shown) == [
        ["parameter", "this run", "what it means"],
        [":---"] * 3,
        ["`digit`", "**`7`** instead of `1`", "the rare class"],
        ["`feed`", "`'tf_data'`", "What fit is fed by, see feeds."],
        ["`rate`", "`0.001`", ""],
    ]
    summary = "<summary>The parameters of this run (1 of 3 not the default)</summary>"
    before, after = shown.split(summary)
    assert before.startswith("<details")
    assert after.endswith("</details>\n\nafter\n")
    assert "python" not in shown


def test_without_papermill_the_table_has_the_notebooks_own_values(executed):
    shown = body_of(executed(PARAMETERS), hidden_parameters=["feed", "rate"])
    assert "<summary>The parameters of this run</summary>" in shown
    assert rows_of(shown)[2:] == [
        ["`digit`", "`1`", "the rare class"],
        ["`run_name`", "`'default'`", "of the folder"],
    ]


def test_where_all_parameters_are_hidden_nothing_is_shown(executed):
    injected = code("digit = 1\nrun_name = 'x'", tags=["injected-parameters"])
    hidden = ["digit", "feed", "rate", "run_name"]
    notebook = executed(PARAMETERS, injected, text("after"), hidden_parameters=hidden)
    assert body_of(notebook) == "after\n"


def test_a_parameter_without_a_default_is_shown(executed):
    injected = code("limit = float('nan')", tags=["injected-parameters"])
    for cells in ([PARAMETERS, injected], [injected]):
        assert ["`limit`", "`float('nan')`", ""] in rows_of(body_of(executed(*cells)))


def test_parameters_that_are_not_to_be_shown_are_not(executed):
    hidden = code("digit = 1", tags=["parameters", "remove-cell"])
    assert body_of(executed(hidden, text("after"))) == "after\n"


@given(st.text(max_size=8))
@settings(max_examples=50, deadline=None)
def test_a_string_with_marks_of_markdown_stays_the_same_value_in_one_cell(executed, value):
    injected = code(f"feed = {value!r}", tags=["injected-parameters"])
    *_, (name, shown, meaning) = rows_of(PostExporter().from_notebook_node(executed(injected))[0])
    if "{" not in value:
        assert (name, meaning) == ("`feed`", "")
        assert ast.literal_eval(shown.strip(" `")) == value


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1))
@settings(max_examples=50, deadline=None)
def test_any_comment_is_read_and_nothing_in_it_is_markdown(comment):
    comment = comment.lstrip("#") or "x"
    for source in (f"a = 1  # {comment}", f"# {comment}\na = 1", f"a = [  # {comment}\n1]"):
        assert assigned_values(source)["a"].meaning == comment


def test_parameters_are_read_and_never_run(executed, tmp_path):
    source = f"open({str(tmp_path / 'run')!r}, 'w')\nvalue = open({str(tmp_path / 'run')!r}, 'w')"
    assert list(assigned_values(source)) == ["value"]
    assert not list(tmp_path.iterdir())


def test_parameters_that_are_not_python_are_refused(executed):
    with pytest.raises(BadInput, match=r"^cell 'digit =': got invalid syntax, allowed: assign"):
        exported(executed(code("digit = ", tags=["parameters"])))


# outputs


def test_of_several_forms_markdown_is_taken_and_html_never(executed):
    notebook = executed(
        code("", displayed(html="<b>h</b>", plain="p", markdown="**m**")),
        code("", displayed(html="<table>", plain="   a\n0  1")),
        code("", displayed(html="<b>only</b>")),
    )
    assert body_of(notebook) == "**m**\n\n```text\n   a\n0  1\n```\n"


def test_a_data_frame_is_a_table_whether_or_not_it_has_a_text(executed):
    html = "<div><style>th { x }</style><table><tr><th>n</th></tr><tr><td>1</td></tr></table></div>"
    for forms in ({"html": html}, {"html": html, "plain": "   n\n0  1"}):
        assert rows_of(body_of(executed(code("", displayed(**forms))))) == [["n"], ["---:"], ["1"]]


def test_much_output_is_cut_and_says_so(executed):
    shown = body_of(executed(code("", stream("line\n" * 10_000), displayed(plain="x" * 9_999))))
    assert "\nline\n… 9,900 lines left out\nline\n" in shown
    assert "x … 8,999 characters left out\n" in shown
    assert len(shown) < 2_000


@pytest.mark.parametrize(
    "shown",
    [
        "<keras.src.callbacks.history.History at 0x7f41d2a1c5d0>",
        "[<matplotlib.lines.Line2D at 0x7f41d2a1c5d0>]",
        "<Figure size 640x480 with 1 Axes>",
        "<IPython.core.display.HTML object>",
    ],
)
def test_an_object_that_only_says_its_address_is_left_out(executed, shown):
    assert body_of(executed(text("a"), code("", displayed(plain=shown)))) == "a\n"


def test_the_text_of_an_object_that_says_more_stays(executed):
    shown = "<Sequential name=sequential, built=True>"
    assert shown in body_of(executed(code("", displayed(plain=shown))))


def test_the_value_of_a_cells_last_line_is_shown(executed):
    value = v4.new_output("execute_result", data={"text/plain": "42"}, execution_count=1)
    assert body_of(executed(code("6 * 7", value))) == "```python\n6 * 7\n```\n\n```text\n42\n```\n"


def test_colours_are_dropped_from_a_value(executed):
    assert "```text\nred\n```" in body_of(executed(code("", displayed(plain="\x1b[31mred\x1b[0m"))))


def test_standard_error_is_dropped_and_does_not_cut_a_progress_bar_in_two(executed):
    written = stream("1 of 2"), stream("warning\n", "stderr"), stream("\r2 of 2\n"), stream("end\n")
    assert body_of(executed(code("", *written))) == "```text\n2 of 2\nend\n```\n"


def test_a_progress_bar_that_is_a_widget_is_left_out(executed):
    bar = displayed(plain="  0%|          | 0/10 [00:00<?, ?it/s]")
    bar.data["application/vnd.jupyter.widget-view+json"] = {"model_id": "1"}
    assert body_of(executed(text("a"), code("", bar))) == "a\n"


def test_output_of_nothing_but_debris_leaves_nothing(executed):
    debris = stream("\x1b[0m \n"), stream("WARNING:tensorflow:x\n"), displayed(plain=" ")
    assert body_of(executed(text("a"), code("", *debris))) == "a\n"


def failed(tags=()):
    error = v4.new_output("error", ename="ValueError", evalue="no", traceback=["File /home/me/x"])
    return code("fit()\nmore()", stream("before\n"), error, tags=tags, execution_count=7)


def test_a_notebook_that_failed_is_not_published(executed):
    with pytest.raises(BadInput, match=r"^cell \[7\] 'fit\(\)': failed with ValueError, allowed"):
        exported(executed(failed()))


def test_a_failure_that_is_meant_is_told_without_its_traceback(executed):
    shown = body_of(executed(failed(["raises-exception", "remove-input"])))
    assert shown == "```text\nbefore\n```\n\n```text\nValueError: no\n```\n"


# images


def test_an_image_is_named_and_described_by_its_output(executed, shown_figure, png):
    notebook = executed(shown_figure("order", "order, epoch by epoch", tags=["remove-input"]))
    post, resources = PostExporter().from_notebook_node(notebook)
    path = "/assets/img/does-fit-resume/order.png"
    assert post.endswith(f'\n\n<p><img src="{path}" alt="order, epoch by epoch" width="1"></p>\n')
    assert resources["outputs"] == {"assets/img/does-fit-resume/order.png": png}


@pytest.mark.parametrize("name", [None, "", "../order", "a/b", "order.png", "two words", "é", 5])
def test_an_image_without_a_plain_name_is_refused(executed, shown_figure, name):
    with pytest.raises(BadInput, match=r"^cell 'show\(order\)': got an image named .*, allowed: a"):
        exported(executed(shown_figure(name=name)))


@pytest.mark.parametrize("alt", [None, "", " \n", 5])
def test_an_image_without_alternative_text_is_refused(executed, shown_figure, alt):
    with pytest.raises(BadInput, match=r"^cell 'show\(order\)': got an image with the text "):
        exported(executed(shown_figure(alt=alt)))


@pytest.mark.parametrize("content", [b"", b"GIF89a"])
def test_an_image_that_is_no_png_is_refused(executed, shown_figure, content):
    with pytest.raises(BadInput, match="got an image that is not a PNG"):
        exported(executed(shown_figure(content=content)))


SVG = '<svg xmlns="http://www.w3.org/2000/svg"><g style="fill: url(#a)"/></svg>'


def test_an_svg_is_published_beside_the_png_that_the_post_shows(executed, shown_figure, png):
    post, resources = PostExporter().from_notebook_node(executed(shown_figure(svg=SVG)))
    path = "assets/img/does-fit-resume/order"
    assert resources["outputs"] == {f"{path}.png": png, f"{path}.svg": SVG.encode()}
    assert f'"/{path}.png"' in post
    assert "svg" not in post


def test_an_svg_that_does_more_than_draw_is_refused(executed, shown_figure):
    svg = SVG.replace("<g", "<script/><g")
    with pytest.raises(BadInput, match=r"^cell 'show\(order\)': got an SVG with <script>, allowed"):
        exported(executed(shown_figure(svg=svg)))


@pytest.mark.parametrize(
    "source", ["../../x.png", "figures/x.png", "/etc/x.png", "data:image/png,x"]
)
@pytest.mark.parametrize("written", ["![x]({})", '<img src="{}">', "![x][1]\n\n[1]: {}"])
def test_an_image_that_is_a_file_of_the_authors_is_refused(executed, source, written):
    words = written.format(source)
    for cell in (text(words), code("", displayed(markdown=words))):
        with pytest.raises(BadInput, match="got an image at '.*', allowed: one at https://"):
            exported(executed(cell))


def test_an_image_of_the_web_stays_and_one_in_code_is_none(executed):
    written = "![x](https://a.org/x.png)\n\n`![x](x.png)`\n\n```\n<img src=x>\n```"
    assert body_of(executed(text(written))) == f"{written}\n"


def test_an_image_in_another_format_alone_is_refused_and_not_lost(executed):
    with pytest.raises(BadInput, match="got an image named None"):
        exported(executed(code("draw()", displayed(svg="<svg/>", plain="<Figure object>"))))


NARROW = "application/vnd.epochwatch.narrow+png"


@pytest.mark.parametrize(
    ("options", "before", "after"),
    [
        ({}, "/", ""),
        ({"links": "relative_url"}, "{{ '/", "' | relative_url }}"),
        ({"flavor": "github", "site": ".."}, "../", ""),
    ],
)
def test_a_telephone_gets_a_picture_of_its_own(executed, shown_figure, png, options, before, after):
    cell = shown_figure(svg=SVG)
    narrow = png + b"narrow"
    cell.outputs[0].data[NARROW] = base64.b64encode(narrow).decode()
    cell.outputs[0].metadata[NARROW] = {"width": 384}
    post, resources = PostExporter(**options).from_notebook_node(executed(cell))
    path = "assets/img/does-fit-resume/order"
    assert resources["outputs"] == {
        f"{path}.png": png,
        f"{path}-narrow.png": narrow,
        f"{path}.svg": SVG.encode(),
    }
    assert post.endswith(
        "\n\n<p><picture>\n"
        f'<source media="(max-width: 600px)" srcset="{before}{path}-narrow.png{after}">\n'
        f'<img src="{before}{path}.png{after}" alt="a grey pixel" width="1">\n'
        "</picture></p>\n"
    )


def test_a_narrow_version_that_is_no_png_is_refused(executed, shown_figure):
    cell = shown_figure()
    cell.outputs[0].data[NARROW] = base64.b64encode(b"GIF89a").decode()
    with pytest.raises(BadInput, match="got an image that is not a PNG"):
        exported(executed(cell))


def test_html_for_other_exporters_does_not_stand_in_an_images_way(executed, shown_figure):
    cell = shown_figure()
    expected = body_of(executed(cell))
    cell.outputs[0].data["text/html"] = '<img alt="a" src="data:image/png;base64,AAAA">'
    assert body_of(executed(cell)) == expected


def test_two_images_of_one_name_are_refused(executed, shown_figure, png):
    with pytest.raises(BadInput, match=r"got a second image named assets/img/.*/order\.png"):
        exported(executed(shown_figure(), shown_figure(content=png + b"other")))


def test_one_image_can_be_shown_twice_where_only_one_has_a_filename(executed, shown_figure, png):
    again = shown_figure()
    again.outputs[0].metadata["image/png"]["name"] = again.outputs[0].metadata.pop("filename")
    post, resources = PostExporter().from_notebook_node(executed(again, shown_figure()))
    assert resources["outputs"] == {"assets/img/does-fit-resume/order.png": png}
    assert post.count('<img src="/assets/img/does-fit-resume/order.png" alt="a grey pixel"') == 2


def test_an_image_attached_to_a_cell_is_refused(executed):
    cell = v4.new_markdown_cell("![x](attachment:x.png)", attachments={"x.png": {"image/png": ""}})
    with pytest.raises(BadInput, match="got an image attached to the cell"):
        exported(executed(cell))


def test_images_that_are_not_shown_are_not_checked(executed, shown_figure):
    hidden = shown_figure(name=None, tags=["remove-cell"])
    assert body_of(executed(text("a"), hidden)) == "a\n"
