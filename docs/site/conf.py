"""How Sphinx makes the site of its pages. `make site` puts these, and those made, in one folder."""

import sys
from pathlib import Path

import yaml

import epochwatch

sys.path.insert(0, str(Path(__file__).parent))  # where site_links is

project = "epochwatch"
release = epochwatch.__version__
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "site_links",
]
templates_path = ["_templates"]
smartquotes_action = "D"  # dashes alone: what stands in quotes is often a string of Python

html_theme = "pydata_sphinx_theme"
html_title = "epochwatch"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_extra_path = ["_extra"]
moved = yaml.safe_load(Path(__file__).with_name("moved.yaml").read_text())
html_additional_pages = dict.fromkeys(moved, "moved.html")
html_context = {"default_mode": "auto", "moved": moved}
html_sidebars = {"index": [], "guide/what_do_you_see": []}  # they are no section
html_theme_options = {
    "logo": {"text": "epochwatch"},
    "header_links_before_dropdown": 6,
    "navbar_end": ["theme-switcher"],
    "search_bar_text": "Search: a warning, a symptom, a name",
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": False,  # it would lead from the last reproduction to the API
    "footer_start": ["sphinx-version"],
}
html_copy_source = False
html_show_sourcelink = False
html_show_search_summary = False  # it would fetch pages, which a browser refuses for files
html_use_index = False
html_domain_indices = False

myst_enable_extensions = ["fieldlist"]
myst_heading_anchors = 4  # named as GitHub names them, for links within the repository

default_role = "literal"  # a docstring's `code`
autodoc_mock_imports = ["grain", "jax", "keras", "tensorflow", "tf_keras", "torch"]
autodoc_default_options = {"members": True, "undoc-members": True}
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
