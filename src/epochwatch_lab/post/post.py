"""The nbconvert exporter: an executed notebook in, a post for Jekyll or for GitHub out.

The steps, in order, each a function of (notebook, resources) as nbconvert wants it:

    clean_outputs         one clean form of each output
    note_excerpt          the cell tagged `answer`, in plain text
    tabulate_parameters   what differs from the notebook's own parameters
    drop_title            the layout prints it, or the post itself
    TagRemovePreprocessor remove-cell, remove-input, remove-output
    publish_images        files, and references to them

The template then writes Markdown, in which formulas are MathML for Jekyll, and
`from_notebook_node` what stands before it, and the way to the images.
"""

import re
from pathlib import Path

from nbconvert.exporters import MarkdownExporter
from nbformat import NotebookNode
from traitlets import Bool, Enum, List, Unicode, default
from traitlets.config import Config

from epochwatch_lab.post import FLAVORS, LINKS, formulas, kramdown, liquid, markdown
from epochwatch_lab.post.images import LINK, publish_images
from epochwatch_lab.post.metadata import PostMetadata
from epochwatch_lab.post.outputs import clean_outputs, note_excerpt
from epochwatch_lab.post.parameters import tabulate_parameters


def drop_title(notebook: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
    """Drop the heading that the first cell of text begins with.

    Args:
        notebook: any notebook.
        resources: nbconvert's; not used.

    Returns:
        The notebook, changed in place, and the resources.
    """
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub(r"\A\s*# .*\n?", "", cell.source)
            break
    return notebook, resources


def _for_kramdown(text: str) -> str:
    return kramdown.adapted(formulas.as_mathml(text.replace("\r\n", "\n").replace("\r", "\n")))


def _unchanged(text: str) -> str:
    return text


def _said(kind, text: str):
    return kind(default_value=None, allow_none=True, help=text).tag(config=True)


class PostExporter(MarkdownExporter):
    """Export an executed notebook as a post.

    The notebook's metadata names the post:
    `{"epochwatch": {"title", "slug", "date", "published", "tags", "excerpt"}}`; each can be
    said otherwise by the option of that name. The same executed notebook gives the same
    bytes. The images are in `resources["outputs"]`, by their paths in the site, and the
    post's metadata in `resources["post"]`.

    Example:
        jupyter nbconvert --to epochwatch_post --PostExporter.links=relative_url notebook.ipynb
    """

    flavor = Enum(FLAVORS, "jekyll", help="Who shows the post.").tag(config=True)
    links = Enum(LINKS, "absolute", help="How Jekyll finds images.").tag(config=True)
    site = Unicode(".", help="For GitHub: from the post to the folder of assets.").tag(config=True)
    title = _said(Unicode, "One line, instead of the notebook's.")
    slug = _said(Unicode, "The post's name in its address.")
    date = _said(Unicode, "Such as 2026-11-23.")
    tags = _said(List, "Words to find it by.")
    published = _said(Bool, "Whether Jekyll shows it.")
    excerpt = _said(Unicode, "The post in a sentence.")

    export_from_notebook = None  # JupyterLab's menu has Markdown already

    default_preprocessors = List(
        [
            "nbconvert.preprocessors.ExecutePreprocessor",  # only with nbconvert's --execute
            clean_outputs,
            note_excerpt,
            tabulate_parameters,
            drop_title,
            "nbconvert.preprocessors.TagRemovePreprocessor",
            publish_images,
        ]
    ).tag(config=True)

    @default("template_name")
    def _template_name_default(self):
        return "epochwatch_post"

    @default("extra_template_basedirs")
    def _extra_template_basedirs_default(self):
        return [str(Path(__file__).with_name("templates"))]

    @default("raw_mimetypes")
    def _raw_mimetypes_default(self):
        return ["text/markdown"]

    @property
    def default_config(self):
        """The settings of nbconvert, and the tags that leave things out."""
        tags = {
            "enabled": True,
            "remove_cell_tags": {"remove-cell"},
            "remove_input_tags": {"remove-input"},
            "remove_all_outputs_tags": {"remove-output"},
        }
        return Config(super().default_config, TagRemovePreprocessor=tags)

    def default_filters(self):
        """What the template calls, beside nbconvert's own."""
        yield from super().default_filters()
        yield "fenced", markdown.fenced
        yield "prose", _for_kramdown if self.flavor == "jekyll" else _unchanged

    def from_notebook_node(self, nb, resources=None, **kw):
        """Convert a notebook.

        Args:
            nb: executed, with the metadata of its post.
            resources: nbconvert's.
            **kw: passed on.

        Returns:
            The post's text and the resources.

        Raises:
            BadInput: the metadata, a cell, an image or a formula cannot be published.
        """
        overrides = {key: getattr(self, key) for key in PostMetadata._fields}
        post = PostMetadata.of(nb, **overrides)
        body, resources = super().from_notebook_node(nb, {**(resources or {}), "post": post}, **kw)
        post = post._replace(excerpt=post.excerpt or resources["excerpt"])
        resources["post"] = post
        written = self._for_jekyll if self.flavor == "jekyll" else self._for_github
        return written(post, markdown.tidy(body)), resources

    def _for_jekyll(self, post: PostMetadata, body: str) -> str:
        # On the finished text, so that nothing can come out unprotected.
        text = liquid.protect(body)
        if self.links == "relative_url":
            path = re.compile(rf"{LINK}(/{post.image_folder}/[A-Za-z0-9_-]+\.png)")
            text = path.sub(r"{{ '\1' | relative_url }}", text)
        return f"{post.front_matter()}\n{text.replace(LINK, '')}"

    def _for_github(self, post: PostMetadata, body: str) -> str:
        heading = f"# {markdown.literal(post.title)}\n\n*{post.date}*\n\n"
        return heading + body.replace(LINK, self.site)
