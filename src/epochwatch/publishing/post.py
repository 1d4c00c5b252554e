"""The nbconvert exporter: an executed notebook in, a Jekyll post out.

The steps, in order, each a function of (notebook, resources) as nbconvert wants it:

    clean_outputs         one clean form of each output
    note_excerpt          the cell tagged `answer`, in plain text
    tabulate_parameters   what differs from the notebook's own parameters
    drop_title            the layout prints it
    TagRemovePreprocessor remove-cell, remove-input, remove-output
    publish_images        files, and references to them
"""

import re
from pathlib import Path

from nbconvert.exporters import MarkdownExporter
from nbformat import NotebookNode
from traitlets import List, default
from traitlets.config import Config

from epochwatch.publishing import liquid, markdown
from epochwatch.publishing.images import publish_images
from epochwatch.publishing.metadata import PostMetadata
from epochwatch.publishing.outputs import clean_outputs, note_excerpt
from epochwatch.publishing.parameters import tabulate_parameters


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


class PostExporter(MarkdownExporter):
    """Export an executed notebook as a post for Jekyll.

    The notebook's metadata names the post:
    `{"epochwatch": {"title", "slug", "date", "published", "tags"}}`. The same executed
    notebook gives the same bytes. The images are in `resources["outputs"]`, by their paths
    in the site, and the post's metadata in `resources["post"]`.

    Example:
        jupyter nbconvert --to epochwatch_post notebook.ipynb
    """

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

    def from_notebook_node(self, nb, resources=None, **kw):
        """Convert a notebook.

        Args:
            nb: executed, with the metadata of its post.
            resources: nbconvert's.
            **kw: passed on.

        Returns:
            The post's text and the resources.

        Raises:
            BadInput: the metadata, a cell or an image cannot be published.
        """
        post = PostMetadata.of(nb)
        body, resources = super().from_notebook_node(nb, resources, **kw)
        resources["post"] = post
        # On the finished text, so that nothing can come out unprotected.
        text = liquid.protect(markdown.tidy(body))
        return post.front_matter(resources["excerpt"]) + "\n" + text, resources
