"""The atlas as a static page, beside the guide and the rendered notebooks: `make site`.

Its modules, in the order of the data:

    cells           what each cell of the atlas says, and what its data came to
    columns         the cells packed for a browser: each value once
    texts           Markdown as HTML, its links leading to pages of the site
    guide           the pages of docs, one a task
    reproductions   scripts that show a finding, each with its page
    page            the first page, with all cells in it
    notebooks       each notebook, from its newest run or its post
    build           the site whole: made aside, moved into place
"""
