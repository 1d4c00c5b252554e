"""Which posts the site has: of a run of this machine rather than the published one."""

import json
import shutil

import nbformat
from nbformat import v4

from epochwatch_lab._runs import project
from epochwatch_lab._site.posts import read_posts
from tests.epochwatch_lab.site.sources import BLOG, POSTS, slug_of

RUN = "01_does_fit_resume"
SAID = "This machine made this run."


def with_run(outputs):
    """Put a run named default, of one cell, into a folder of outputs."""
    source = json.loads((project.NOTEBOOKS / f"{RUN}.ipynb").read_text())
    notebook = v4.new_notebook(cells=[v4.new_markdown_cell(SAID)], metadata=source["metadata"])
    folder = outputs / RUN / "default"
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / "notebook.ipynb")


def test_a_run_of_this_machine_goes_before_the_published_post(tmp_path):
    outputs, work = tmp_path / "outputs", tmp_path / "work"
    shutil.copytree(BLOG, outputs / "blog")
    with_run(outputs)
    posts = list(read_posts(outputs, work))
    assert [post.slug for post in posts] == [slug_of(post) for post in POSTS]
    assert [post.from_run for post in posts] == [True] + [False] * (len(POSTS) - 1)
    first, second = ((post.blog / post.name).read_text() for post in posts[:2])
    assert SAID in first
    assert second == (BLOG / posts[1].name).read_text()


def test_what_has_neither_a_run_nor_a_post_is_left_out(tmp_path):
    with_run(tmp_path)
    assert [post.from_run for post in read_posts(tmp_path, tmp_path / "work")] == [True]
    assert list(read_posts(tmp_path / "nothing", tmp_path / "work2")) == []
