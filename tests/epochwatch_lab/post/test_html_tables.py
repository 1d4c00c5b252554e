"""Tables as HTML, of which the first are what pandas 3.1 writes."""

import pytest

from epochwatch_lab.post._html_tables import tables_as_markdown

STYLE = "<style scoped>.dataframe tbody tr th { vertical-align: top; }</style>"


def frame(head, body, after=""):
    table = (
        f'<table border="1" class="dataframe"><thead>{head}</thead><tbody>{body}</tbody></table>'
    )
    return f"<div>\n{STYLE}\n{table}\n{after}</div>"


def row(*cells):
    return "<tr>" + "".join(c if c.startswith("<t") else f"<td>{c}</td>" for c in cells) + "</tr>"


def heads(*cells):
    return row(*(f"<th>{cell}</th>" for cell in cells))


PLAIN = frame(
    heads("", "stream", "share"),
    row("<th>0</th>", "minority", "2.5e-01") + row("<th>1</th>", "ma|jority", "NaN"),
    "<p>2 rows × 2 columns</p>",
)
NAMED_INDEX = frame(heads("", "n") + heads("stream", ""), row("<th>minority</th>", "-53258"))
MANY_LEVELS = frame(
    row("<th></th>", "<th></th>", '<th colspan="2" halign="left">p</th>')
    + heads("", "", "r", "s")
    + heads("a", "b", "", ""),
    row('<th rowspan="2" valign="top">x</th>', "<th>1</th>", "0", "1")
    + row("<th>2</th>", "2", "3"),
)


def test_a_data_frame_has_its_style_dropped_and_numbers_stand_right():
    assert tables_as_markdown(PLAIN).splitlines() == [
        "|  | stream | share |",
        "| ---: | :--- | ---: |",
        "| 0 | minority | 2.5e-01 |",
        "| 1 | ma\\|jority | NaN |",
        "",
        "2 rows × 2 columns",
    ]


def test_the_name_of_an_index_is_the_name_of_its_column():
    assert tables_as_markdown(NAMED_INDEX).splitlines() == [
        "| stream | n |",
        "| :--- | ---: |",
        "| minority | -53258 |",
    ]


def test_names_of_several_levels_are_joined_and_a_long_cell_stands_in_its_first_row():
    assert tables_as_markdown(MANY_LEVELS).splitlines() == [
        "| a | b | p / r | p / s |",
        "| :--- | ---: | ---: | ---: |",
        "| x | 1 | 0 | 1 |",
        "|  | 2 | 2 | 3 |",
    ]


def test_what_a_cell_holds_is_text_whatever_it_resembles():
    shown = tables_as_markdown(frame(heads("a*b*"), row("&lt;b&gt; $x$<br>`y`\n\nz")))
    assert shown.splitlines()[::2] == ["| a\\*b\\* |", "| \\<b\\> \\$x\\$ \\`y\\` z |"]


def test_a_very_long_table_is_cut_and_says_by_how_much():
    shown = tables_as_markdown(frame(heads("n"), "".join(row(str(n)) for n in range(1100))))
    assert len(shown.splitlines()) == 2 + 80 + 2
    assert shown.endswith("| 79 |\n\n… 1,020 rows left out")


@pytest.mark.parametrize(
    "html",
    ["", "<b>only</b>", "<table></table>", f"<details>LogisticRegression{PLAIN}</details>"],
)
def test_what_is_more_or_less_than_tables_is_left_to_its_text(html):
    assert tables_as_markdown(html) == ""


@pytest.mark.parametrize("span", ["0", "x", "-1", "99999999999"])
def test_a_span_that_makes_no_sense_does_no_harm(span):
    cells = f'<td rowspan="{span}">1</td>', "<td>2</td>"
    assert "| 1 | 2 |" in tables_as_markdown(frame(heads("a", "b"), row(*cells)))
