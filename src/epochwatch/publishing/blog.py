"""The folder of the blog: one post and its images in, nothing stale left behind."""

import re
from pathlib import Path

import nbformat

from epochwatch.errors import BadInput
from epochwatch.files import write_whole
from epochwatch.publishing.images import PLAIN_NAME
from epochwatch.publishing.metadata import PostMetadata
from epochwatch.publishing.post import PostExporter


def export_post(notebook_path: str | Path, blog_folder: str | Path) -> Path:
    """Write an executed notebook's post and its images.

    The post goes to `_posts/YYYY-MM-DD-<slug>.md`, the images to `assets/img/<slug>/`.
    Nothing is written before all is converted; each file is written aside and renamed, the
    post after its images. Then what an earlier export of the slug left is removed: images
    that are no longer shown, and the post under another date.

    Args:
        notebook_path: the executed notebook.
        blog_folder: the site; made if it is not there.

    Returns:
        The post's path.

    Raises:
        BadInput: the notebook cannot be read or published, or the folder not written.

    Example:
        `export_post("outputs/01_does_fit_resume/default/notebook.ipynb", "outputs/blog")`
        returns `PosixPath("outputs/blog/_posts/2026-11-23-does-fit-resume.md")`.
    """
    text, resources = PostExporter().from_notebook_node(_read(Path(notebook_path)))
    post = resources["post"]
    path = Path(blog_folder, "_posts", post.file_name)
    files = {Path(blog_folder, name): content for name, content in resources["outputs"].items()}
    try:
        for image, content in files.items():
            _write(image, content)
        _write(path, text.encode())
        for stale in _written_for(post, Path(blog_folder)) - {path, *files}:
            stale.unlink()
    except OSError as error:
        place = error.filename or blog_folder
        raise BadInput(
            f"{place}: cannot be written ({error.strerror}); free it, or name another folder"
        ) from None
    return path


def _read(path: Path) -> nbformat.NotebookNode:
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


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, lambda file: file.write(content))


def _written_for(post: PostMetadata, blog: Path) -> set[Path]:
    posts = {
        path
        for path in (blog / "_posts").iterdir()
        if re.fullmatch(rf"\d{{4}}-\d\d-\d\d-{post.slug}\.md", path.name)
    }
    folder = blog / post.image_folder
    images = {path for path in folder.glob("*.png") if PLAIN_NAME.fullmatch(path.stem)}
    return posts | images
