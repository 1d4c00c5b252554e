"""The folder of the blog: one post and its images in, nothing stale left behind."""

import re
from collections.abc import Sequence
from pathlib import Path

import nbformat

from epochwatch._files import write_whole
from epochwatch.errors import BadInput
from epochwatch_lab.post import FLAVORS
from epochwatch_lab.post._exporter import PostExporter
from epochwatch_lab.post._images import PLAIN_NAME
from epochwatch_lab.post._metadata import PostMetadata


def export_post(
    notebook_path: str | Path,
    blog_folder: str | Path,
    flavors: Sequence[str] = FLAVORS,
    **options,
) -> list[Path]:
    """Write an executed notebook's post and its images.

    For Jekyll the post goes to `_posts/YYYY-MM-DD-<slug>.md`, for reading on GitHub to
    `_github/<slug>.md`, the images of both to `assets/img/<slug>/`. Nothing is written before
    all is converted; each file is written aside and renamed, the posts after their images.
    Then what an earlier export of the slug left is removed: images that are no longer shown,
    and the post under another date.

    Args:
        notebook_path: the executed notebook.
        blog_folder: the site; made if it is not there.
        flavors: for whom, one or both of `jekyll` and `github`.
        **options: of `PostExporter`, such as `title` or `links`.

    Returns:
        The posts' paths, by flavor.

    Raises:
        BadInput: the notebook cannot be read or published, or the folder not written.

    Example:
        `export_post("executed.ipynb", "blog")[0]` is
        `PosixPath("blog/_posts/2026-11-23-does-fit-resume.md")`.
    """
    notebook, blog = _read_notebook(Path(notebook_path)), Path(blog_folder)
    posts, images = {}, {}
    for flavor in flavors:
        exporter = PostExporter(flavor=flavor, site="..", **options)
        text, resources = exporter.from_notebook_node(notebook)
        post = resources["post"]
        posts[blog / post.file_name(flavor)] = text.encode()
        images |= {blog / name: content for name, content in resources["outputs"].items()}
    try:
        # Images first: a post never shows one that is not there.
        for path, content in {**images, **posts}.items():
            _write_file(path, content)
        for stale in _earlier_files(post, blog, flavors) - {*posts, *images}:
            stale.unlink()
    except OSError as error:
        raise BadInput(
            f"{blog_folder}: cannot be written ({error.strerror}); free it, or name another folder"
        ) from None
    return list(posts)


def _read_notebook(path: Path) -> nbformat.NotebookNode:
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    # nbformat trips over JSON that is no notebook in each of these ways.
    except (OSError, ValueError, AttributeError, TypeError, nbformat.ValidationError) as error:
        raise BadInput(
            f"{path}: cannot be read as a notebook ({type(error).__name__}), allowed: an executed "
            "notebook (.ipynb); run it again"
        ) from None
    return notebook


def _write_file(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, lambda file: file.write(content))


def _earlier_files(post: PostMetadata, blog: Path, flavors: Sequence[str]) -> set[Path]:
    names = re.compile(rf"\d{{4}}-\d\d-\d\d-{post.slug}\.md")
    posts = (blog / "_posts").glob("*.md") if "jekyll" in flavors else ()
    images = (blog / post.image_folder).glob("*.[ps][nv]g")
    return {path for path in posts if names.fullmatch(path.name)} | {
        path for path in images if PLAIN_NAME.fullmatch(path.stem)
    }
