"""Links between notebooks and posts; test_jekyll.py asks the real Liquid where they lead."""

import nbformat
import pytest
from nbformat import v4

from epochwatch.errors import BadInput
from epochwatch_lab._runs import project
from epochwatch_lab.post import PostExporter

RELATED = {"02_other.ipynb": "the-other", "03_third.ipynb": "third"}


@pytest.fixture
def body(executed):
    """The post of a text, with the given options."""

    def export(text, **options):
        shown = v4.new_output("display_data", data={"text/markdown": text})
        cells = v4.new_markdown_cell(text), v4.new_code_cell("", outputs=[shown])
        notebook = executed(*cells, related=RELATED)
        post, _ = PostExporter(**options).from_notebook_node(notebook)
        once, again = post.split("\n\n")[-2:]
        assert once == again.removesuffix("\n"), "texts and outputs are led on alike"
        return once

    return export


def asked(slug, words, fragment=""):
    """What asks Liquid for the address of a post, and leaves the words alone without one."""
    return (
        f'{{% assign linked = site.posts | where: "slug", "{slug}" | first %}}'
        f"{{% if linked %}}[{{% endif %}}{words}"
        f"{{% if linked %}}]({{{{ linked.url | relative_url }}}}{fragment}){{% endif %}}"
    )


@pytest.mark.parametrize(
    ("written", "jekyll", "github"),
    [
        ("[*a*](02_other.ipynb)!", f"{asked('the-other', '*a*')}!", "[*a*](the-other.md)!"),
        ("[`a]`](02_other.ipynb#b)", asked("the-other", "`a]`", "#b"), "[`a]`](the-other.md#b)"),
        ("[{{ x }}](03_third.ipynb)", asked("third", '{{ "{" }}{ x }}'), "[{{ x }}](third.md)"),
        (
            "[a](../docs/watch.md#b)",
            "[a](/epochwatch/guide/watch.html#b)",
            "[a](../../../docs/watch.md#b)",
        ),
        (
            "[a](../atlas/reproductions/each_fit.md)",
            "[a](/epochwatch/reproductions/each_fit.html)",
            "[a](../../../atlas/reproductions/each_fit.md)",
        ),
        ("[a](../atlas/)", "[a](/epochwatch/atlas/index.html)", "[a](../../../atlas/)"),
        (
            "[a](../atlas/reproductions/)",
            "[a](/epochwatch/reproductions/index.html)",
            "[a](../../../atlas/reproductions/)",
        ),
    ],
)
def test_a_link_leads_to_where_it_is_read(body, written, jekyll, github):
    assert body(written) == jekyll
    assert body(written, flavor="github") == github


@pytest.mark.parametrize(
    "written",
    [
        "`[a](02_other.ipynb)`",
        "```\n[a](02_other.ipynb)\n```",
        "[a](https://a.org/02_other.ipynb)",
        "[a](other.html) and [b](#c)",
        r"\[a](02_other.txt)",
    ],
)
def test_what_is_no_link_to_a_notebook_stays(body, written):
    for flavor in ("jekyll", "github"):
        assert body(written, flavor=flavor) == written


def test_where_the_site_and_the_repository_are_can_be_said(body):
    written = "[a](../docs/watch.md)"
    pages = "https://a.org/b/"
    assert body(written, pages=pages) == "[a](https://a.org/b/guide/watch.html)"
    assert body(written, flavor="github", root="..") == "[a](../docs/watch.md)"


@pytest.mark.parametrize(
    ("written", "remedy"),
    [
        ("[a](04_x.ipynb)", "02_other.ipynb, 03_third.ipynb; name its slug in the notebook's meta"),
        ("[a][b]\n\n[b]: 02_other.ipynb", r"write it as \[words\]\(file.ipynb\)"),
        ("[a [b] c](02_other.ipynb)", r"write it as \[words\]\(file.ipynb\)"),
    ],
)
def test_a_link_to_a_notebook_that_leads_nowhere_is_refused_in_one_line(body, written, remedy):
    with pytest.raises(
        BadInput, match=rf"^cell .*: got a link to .*, allowed: {remedy}"
    ) as refusal:
        body(written)
    assert "\n" not in str(refusal.value)


def test_an_excerpt_has_the_words_of_a_link_alone(executed):
    shown = v4.new_output("display_data", data={"text/markdown": "So says [it](02_other.ipynb)."})
    answer = v4.new_code_cell("", outputs=[shown], metadata={"tags": ["answer"]})
    post, _ = PostExporter().from_notebook_node(executed(answer, related=RELATED))
    assert "\nexcerpt: So says it.\n" in post


def test_each_notebook_names_the_post_of_every_other():
    read = {p.name: nbformat.read(p, as_version=4) for p in project.NOTEBOOKS.glob("*.ipynb")}
    posts = {name: notebook.metadata.epochwatch for name, notebook in read.items()}
    slugs = {name: post.slug for name, post in posts.items()}
    for name, post in posts.items():
        assert post.related == {other: slugs[other] for other in slugs if other != name}
