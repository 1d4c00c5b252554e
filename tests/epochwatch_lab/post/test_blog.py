import errno
import re
from types import MappingProxyType

import nbformat
import pytest
import yaml
from nbformat import v4

from epochwatch import _files as files
from epochwatch.errors import BadInput
from epochwatch_lab.post import export_post


@pytest.fixture
def export(tmp_path, executed, shown_figure):
    """Exports a notebook with the figures of the given names to `tmp_path/blog`."""

    def make(*figures, options=MappingProxyType({}), **changes):
        cells = v4.new_markdown_cell("# Title\n\n{{ x }}"), *map(shown_figure, figures)
        nbformat.write(executed(*cells, **changes), tmp_path / "notebook.ipynb")
        return export_post(tmp_path / "notebook.ipynb", tmp_path / "blog", **options)[0]

    return make


def files_in(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_post_and_its_images_stand_where_jekyll_looks_for_them(export, tmp_path, png):
    path = export("order", "coverage")
    assert path == tmp_path / "blog/_posts/2026-11-20-does-fit-resume.md"
    reading = tmp_path / "blog/_github/does-fit-resume.md"
    assert files_in(tmp_path / "blog") == {
        "_github/does-fit-resume.md": reading.read_bytes(),
        "_posts/2026-11-20-does-fit-resume.md": path.read_bytes(),
        "assets/img/does-fit-resume/coverage.png": png,
        "assets/img/does-fit-resume/order.png": png,
    }


def test_the_front_matter_parses_and_every_reference_is_a_file(export, tmp_path):
    written = export("order", "coverage").read_text()
    assert yaml.safe_load(written.split("---\n")[1])["title"] == "Does fit resume?"
    references = re.findall('src="(/[^"]+)"', written)
    assert len(references) == 2
    assert all((tmp_path / "blog" / reference[1:]).is_file() for reference in references)


def test_the_same_notebook_gives_the_same_bytes(export, tmp_path):
    export("order", "coverage")
    first = files_in(tmp_path / "blog")
    export("order", "coverage")
    assert files_in(tmp_path / "blog") == first


def test_what_an_earlier_export_left_is_removed_and_nothing_else(export, tmp_path):
    export("order", "stale")
    export("order", slug="fit-resume")  # ends alike, is another post
    kept = ["_posts/2026-01-01-notes-on-does-fit-resume.md", "_posts/does-fit-resume.md"]
    kept += ["assets/img/does-fit-resume/by hand.png", "assets/img/does-fit-resume/photo.jpg"]
    for name in kept:
        (tmp_path / "blog" / name).write_text("mine")
    export("order", date="2026-11-21")
    assert set(files_in(tmp_path / "blog")) == {
        *kept,
        "_github/does-fit-resume.md",
        "_github/fit-resume.md",
        "_posts/2026-11-20-fit-resume.md",
        "_posts/2026-11-21-does-fit-resume.md",
        "assets/img/does-fit-resume/order.png",
        "assets/img/fit-resume/order.png",
    }


def test_github_finds_each_image_from_where_the_post_is(export, tmp_path):
    export("order", "coverage")
    path = tmp_path / "blog/_github/does-fit-resume.md"
    references = re.findall('src="([^"]+)"', path.read_text())
    assert len(references) == 2
    assert all((path.parent / reference).is_file() for reference in references)


def test_one_flavor_leaves_the_post_of_the_other_alone(export, tmp_path):
    posts = {"_github/does-fit-resume.md", "_posts/2026-11-20-does-fit-resume.md"}
    for flavor in ("jekyll", "github"):
        export(title=f"For {flavor}", options={"flavors": [flavor]})
    export(date="2026-11-21", options={"flavors": ["github"]})
    assert set(files_in(tmp_path / "blog")) == posts
    written = (tmp_path / "blog/_posts/2026-11-20-does-fit-resume.md").read_text()
    assert "\ntitle: For jekyll\n" in written


def test_what_is_said_stands_in_place_of_what_the_notebook_says(export, tmp_path):
    path = export(options={"slug": "other", "date": "2027-01-02", "title": "Other"})
    assert path.name == "2027-01-02-other.md"
    assert "\ntitle: Other\n" in path.read_text()
    assert (tmp_path / "blog/_github/other.md").read_text().startswith("# Other\n\n*2027-01-02*")


def test_a_bad_notebook_changes_nothing(export, tmp_path):
    export("order")
    before = files_in(tmp_path / "blog")
    with pytest.raises(BadInput, match="allowed: a plain name"):
        export("coverage", "../order")
    assert files_in(tmp_path / "blog") == before


def test_who_reads_an_older_post_while_it_is_replaced_reads_it_whole(export):
    path = export(title="Older")
    with path.open() as older:
        export(title="Newer")
        assert "title: Older" in older.read()
    assert "title: Newer" in path.read_text()


def test_a_full_disk_leaves_the_earlier_post_whole(export, tmp_path, monkeypatch):
    export("order")
    before = files_in(tmp_path / "blog")
    full = OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(files.os, "fsync", lambda _: (_ for _ in ()).throw(full))
    with pytest.raises(BadInput, match=r"cannot be written \(No space left on device\)"):
        export("order", date="2026-11-21")
    assert files_in(tmp_path / "blog") == before


def test_a_blog_that_is_a_file_is_refused_in_one_line(export, tmp_path):
    (tmp_path / "blog").write_text("not a folder")
    with pytest.raises(BadInput, match=r"blog.*: cannot be written \(Not a directory\); free it"):
        export()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "text",
        "[]",
        "{}",
        '{"cells": 5, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
        '{"cells": [{"cell_type": "code", "metadata": {}}], "metadata": {}, "nbformat": 4}',
    ],
)
def test_what_is_no_notebook_is_refused_in_one_line(tmp_path, content):
    path = tmp_path / "notebook.ipynb"
    path.write_text(content)
    with pytest.raises(BadInput, match=r"notebook\.ipynb: cannot be read as a notebook \(\w+\)"):
        export_post(path, tmp_path / "blog")
    assert not (tmp_path / "blog").exists()


def test_a_notebook_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"none\.ipynb: cannot be read .*\(FileNotFoundError\)"):
        export_post(tmp_path / "none.ipynb", tmp_path / "blog")
