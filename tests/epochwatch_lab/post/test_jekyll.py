"""Posts as the real Jekyll, with the real Liquid and kramdown, shows them."""

import subprocess
from html.parser import HTMLParser

import nbformat
import pytest
from nbformat import v4

from epochwatch_lab.post import export_post

pytestmark = pytest.mark.slow

LAYOUT = "<html><body><h1>{{ page.title }}</h1><i>{{ page.excerpt }}</i>{{ content }}</body></html>"
TITLE = "Does {{ fit }} resume? {% raw %}"
ALT = "^a [b] {{ c }} | d_e_f *g* `h` <i> & &amp;\nj \\ $k$ ~ {: .l} !"

# Pinned: each has changed or broken a post under some version of Liquid or kramdown.
AS_WRITTEN = [
    "{{ x }} {% if y %} {{ unclosed",
    "ModelCheckpoint('weights.{epoch:02d}.keras'); f'{{x}}' % {'a': {}}",
    "{% raw %}{% endraw %}{%- endraw -%}{%endraw%}{% endraw x %}",
    "{{ a {% b %} c",  # Liquid 4.0.4's own raw tag prints "{{ a " twice
    "{% a {% if x %}",
    '{{ "{%" }} %} {{{ }}} {{% %}}',
    "{% comment %} gone? {% endcomment %} {% include none.html %}",
    "{: .class} {::nomarkdown} {:/} ^ | a | b |",
    "```python\ninside\n```\n~~~~~\n````text",
    "<b>&amp; *not* _html_</b> \\{\\{ $$x$$",
]


LINKED = "[the {{ answer }}](01_a.ipynb#b), [a draft](02_b.ipynb), [the guide](../docs/watch.md)."


class Page(HTMLParser):
    """The text of a page by element, and its images."""

    def __init__(self):
        super().__init__()
        self.open, self.images, self.links = [], [], []
        self.texts = {"h1": [], "i": [], "pre": [], "p": [], "td": []}

    def handle_starttag(self, tag, attrs):
        if tag == "img":
            self.images.append(dict(attrs))
        if tag == "a":
            self.links.append(dict(attrs)["href"])
        if tag in self.texts:
            self.texts[tag].append("")
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in self.texts:
            self.open.remove(tag)

    def handle_data(self, data):
        for tag in self.open:
            self.texts[tag][-1] += data


def stdout(written):
    return v4.new_output("stream", name="stdout", text=written)


def parameters(source, tag):
    return v4.new_code_cell(source, metadata={"tags": [tag]})


@pytest.fixture(scope="module")
def site(jekyll, executed, shown_figure, tmp_path_factory):
    """The folder of a built site with two posts, and what Jekyll printed."""
    source = tmp_path_factory.mktemp("site")
    cells = [
        v4.new_markdown_cell("# Title\n\nFirst {{ x }} and {% endraw %} and\n\n- a list"),
        parameters("feed = 'a'  # of {{ two }} | `a` *kinds*", "parameters"),
        parameters("feed = 'a|`{{ b }}`'", "injected-parameters"),
        *(v4.new_code_cell(text, outputs=[stdout(text)]) for text in AS_WRITTEN),
        shown_figure("order", ALT),
        v4.new_markdown_cell(LINKED),
    ]
    answer = v4.new_code_cell("", outputs=[stdout("it {{ resumes }}")])
    answer.metadata["tags"] = ["answer"]
    (source / "_layouts").mkdir()
    (source / "_layouts" / "post.html").write_text(LAYOUT)
    for slug, extra in {"plain": [], "answered": [answer], "unpublished": []}.items():
        related = {"01_a.ipynb": "answered", "02_b.ipynb": "unpublished"}
        notebook = executed(
            *cells, *extra, slug=slug, title=TITLE, published=slug != "unpublished", related=related
        )
        nbformat.write(notebook, source / "notebook.ipynb")
        export_post(source / "notebook.ipynb", source)
    (source / "_config.yml").write_text("baseurl: /blog\npermalink: /:year/:slug.html\n")
    command = [jekyll, "build", "--future", "--source", source, "--destination", source / "built"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return source / "built", done.stdout + done.stderr


def page(site, slug):
    parser = Page()
    parser.feed((site[0] / "2026" / f"{slug}.html").read_text())
    return parser


def test_jekyll_has_nothing_to_say_about_the_posts(site):
    assert "Liquid" not in site[1]
    assert "Warning" not in site[1]


def test_code_and_outputs_are_shown_as_written(site):
    shown = [text.removesuffix("\n") for text in page(site, "plain").texts["pre"]]
    twice = [text for text in AS_WRITTEN for _ in ("code", "output")]
    assert shown == [*twice, "show(order)"]


def test_text_is_shown_as_written(site):
    assert "First {{ x }} and {% endraw %} and" in page(site, "plain").texts["p"]


def test_the_title_is_the_layouts_alone(site):
    assert page(site, "plain").texts["h1"] == [TITLE]


def test_the_excerpt_is_the_answer_or_else_the_first_paragraph(site):
    excerpts = [page(site, slug).texts["i"][0].strip() for slug in ("answered", "plain")]
    assert excerpts == ["it {{ resumes }}", "First {{ x }} and {% endraw %} and"]


def test_the_parameters_are_a_table(site):
    value = r"'a\x7c\x60{{ b }}\x60' instead of 'a'"
    assert page(site, "plain").texts["td"] == ["feed", value, "of {{ two }} | `a` *kinds*"]


def test_the_image_is_there_and_says_what_it_shows(site, png):
    [image] = page(site, "plain").images
    alt = " ".join(ALT.split())
    assert image == {"src": "/assets/img/plain/order.png", "alt": alt, "width": "1"}
    assert (site[0] / image["src"][1:]).read_bytes() == png


def test_a_link_leads_to_the_other_post_wherever_it_is_and_without_one_is_words(site):
    shown = page(site, "plain")
    assert shown.links == ["/blog/2026/answered.html#b", "/epochwatch/guide/watch.html"]
    assert "the {{ answer }}, a draft, the guide." in shown.texts["p"]
    assert not (site[0] / "2026/unpublished.html").exists()
