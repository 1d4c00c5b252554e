"""A run, a sweep or an exposure log as one HTML file that opens without a network.

    subject      what a folder holds: a run, a sweep, or a log alone
    population   the samples a run could have trained on: streams, labels, images
    stream_file  the streams of a user's own data, from a file
    matrix       how often each of them was trained in each epoch
    tables       what the page says in numbers
    plots        what it draws, as Bokeh models
    page         all of it in one file

Importing this package imports no Bokeh: `write_report` is loaded when it is first used.
"""

from epochwatch._lazy import lazy_names

__all__ = ["write_report"]

__getattr__, __dir__ = lazy_names(__name__, {"write_report": "epochwatch_lab._report.write"})
