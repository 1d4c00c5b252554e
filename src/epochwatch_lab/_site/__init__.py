"""One site of the guide, the atlas, the posts, the reproductions and the API: `make site`.

Sphinx makes all but the atlas' own page. What stands ready for it is in `docs/site`, with its
settings and `site_links`, which leads links of the repository on.

Modules, in the order of the data:

    posts           each notebook's post, from its newest run or as published
    sources         the pages that Sphinx reads, laid out as the site is
    build           the site whole: made aside, moved into place

The atlas' own page:

    cells           a cell as the page has it: the one place that knows how a file writes it
    words           a feed, a call and what happened, in words
    explain_command the command that predicts what a call does
    synonyms        words that people search with
    remedies        what to change in a call, as another cell shows that it works
    guarantees      questions about a feed, each answered from its cells
    guarantee_rows  the answers for all feeds, on one screen
    columns         the cells packed for a browser: each value once
    atlas_page      the page and what lies beside it
"""

SITE_MAP = "site_map.json"  # written by `sources`, and read by `site_links` in its own process
