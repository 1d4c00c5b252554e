"""The nbconvert exporter: an executed notebook in, a post for Jekyll or for GitHub out.

The steps, in order, each a function of (notebook, resources) as nbconvert wants it:

    clean_outputs         one clean form of each output
    put_answer_first      what the cell tagged `answer` shows, which is the excerpt too
    tabulate_parameters   the cell tagged `parameters`, and papermill's, as one table
    drop_title            the layout prints it, or the post itself
    TagRemovePreprocessor remove-cell, remove-input, remove-output
    lead_links_on         to the posts of other notebooks, the guide and the atlas
    publish_images        files, and references to them

The template then writes Markdown, with what is tagged `fold-input` or `fold-output`, and large
tables, folded away. For Jekyll, formulas are MathML and each table has a box to scroll in.
`from_notebook_node` writes what stands before it, and the way to the images and other posts.
"""

import re
from pathlib import Path

from nbconvert.exporters import MarkdownExporter
from nbformat import NotebookNode
from traitlets import Bool, Dict, Enum, List, Unicode, default
from traitlets.config import Config

from epochwatch_lab.post import FLAVORS, LINKS, _folding, _links, _markdown
from epochwatch_lab.post._formulas import with_mathml
from epochwatch_lab.post._images import SITE_LINK, publish_images
from epochwatch_lab.post._metadata import PostMetadata
from epochwatch_lab.post._outputs import clean_outputs, put_answer_first
from epochwatch_lab.post._parameters import tabulate_parameters


def drop_title(notebook: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
    """Drop the heading that the first cell of text begins with."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub(r"\A\s*# .*\n?", "", cell.source)
            break
    return notebook, resources


def _jekyll_prose(text: str) -> str:
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _folding.tables_in_boxes(_markdown.for_kramdown(with_mathml(lines)))


def _unchanged(text: str) -> str:
    return text


def _language_name(notebook: NotebookNode) -> str:
    name = notebook.metadata.get("language_info", {}).get("name", "")
    # It stands behind a fence, where it must not end the line.
    return name if re.fullmatch(r"[A-Za-z0-9_+#-]+", name) else "python"


def _override(kind, text: str):
    return kind(default_value=None, allow_none=True, help=text).tag(config=True)


class PostExporter(MarkdownExporter):
    """Export an executed notebook as a post.

    The notebook's metadata names the post: `{"epochwatch": {"title", "slug", "date", "published",
    "tags", "excerpt", "hidden_parameters", "related"}}`, of which the first three are needed; the
    option of the same name overrides each. The same executed notebook gives the same bytes. The
    images are in `resources["outputs"]`, by their paths in the site, and the post's metadata in
    `resources["post"]`.

    Example:
        jupyter nbconvert --to epochwatch_post --PostExporter.links=relative_url notebook.ipynb
    """

    flavor = Enum(FLAVORS, "jekyll", help="Who shows the post.").tag(config=True)
    links = Enum(LINKS, "absolute", help="How Jekyll finds images.").tag(config=True)
    site = Unicode(".", help="For GitHub: from the post to the folder of assets.").tag(config=True)
    root = Unicode("../../..", help="For GitHub: from the post to the repository.").tag(config=True)
    pages = Unicode("/epochwatch", help="For Jekyll: where `make site` is served.").tag(config=True)
    title = _override(Unicode, "One line.")
    slug = _override(Unicode, "The post's name in its address.")
    date = _override(Unicode, "Such as 2026-11-23.")
    tags = _override(List, "Words to find it by.")
    published = _override(Bool, "Whether Jekyll shows it; without, it leaves the post out.")
    excerpt = _override(Unicode, "The post in a sentence or two.")
    hidden_parameters = _override(List, "Names that the table of parameters leaves out.")
    related = _override(Dict, "Slugs of other posts, by their notebooks' file names.")

    export_from_notebook = None  # JupyterLab's menu has Markdown already

    default_preprocessors = List(
        [
            "nbconvert.preprocessors.ExecutePreprocessor",  # only with nbconvert's --execute
            clean_outputs,
            put_answer_first,
            tabulate_parameters,
            drop_title,
            "nbconvert.preprocessors.TagRemovePreprocessor",
            _links.lead_links_on,
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
        yield "fenced", _markdown.fenced
        yield "folded", _folding.folded
        yield "large_tables_folded", _folding.large_tables_folded
        yield "outputs_summary", _folding.outputs_summary
        yield "prose", _jekyll_prose if self.flavor == "jekyll" else _unchanged

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
        post = PostMetadata.from_notebook(nb, **overrides)
        links = _links.in_jekyll(self.pages)
        if self.flavor == "github":
            links = _links.on_github(self.root)
        resources = {**(resources or {}), **links, "post": post, "language": _language_name(nb)}
        body, resources = super().from_notebook_node(nb, resources, **kw)
        post = post._replace(excerpt=post.excerpt or resources["excerpt"])
        resources["post"] = post
        # Where nbconvert writes it, unless its --output says otherwise.
        if "output_base" not in self.config.NbConvertApp:
            resources["unique_key"] = Path(post.file_name(self.flavor)).stem
        write = self._jekyll_post if self.flavor == "jekyll" else self._github_post
        return write(post, _markdown.tidied(body)), resources

    def _jekyll_post(self, post: PostMetadata, body: str) -> str:
        # On the finished text, so that nothing can come out unprotected.
        text = _links.asked_of_liquid(_markdown.for_liquid(body))
        if self.links == "relative_url":
            path = re.compile(rf"{SITE_LINK}(/{post.image_folder}/[A-Za-z0-9_-]+\.png)")
            text = path.sub(r"{{ '\1' | relative_url }}", text)
        return f"{post.front_matter()}\n{text.replace(SITE_LINK, '')}"

    def _github_post(self, post: PostMetadata, body: str) -> str:
        heading = f"# {_markdown.escaped(post.title)}\n\n*{post.date}*\n\n"
        return heading + body.replace(SITE_LINK, self.site)
