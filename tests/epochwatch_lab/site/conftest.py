import shutil

import pytest

from epochwatch_lab._runs import project
from epochwatch_lab._site.build import build_site

BLOG = project.ROOT / "outputs" / "blog"


@pytest.fixture(scope="session")
def outputs(tmp_path_factory):
    """The outputs of a fresh clone: the posts, and no run."""
    folder = tmp_path_factory.mktemp("outputs")
    shutil.copytree(BLOG, folder / "blog")
    return folder


@pytest.fixture(scope="session")
def site(outputs):
    """The site of this repository."""
    return build_site(project.ROOT, outputs, outputs / "site").index.parent
