import shutil

import pytest

from epochwatch_lab._site.build import build_site
from tests.epochwatch_lab.site.cells import ATLAS, BLOG, DOCS, with_reproduction


@pytest.fixture(scope="session")
def atlas(tmp_path_factory):
    """The atlas with a reproduction."""
    folder = tmp_path_factory.mktemp("atlas")
    shutil.copytree(ATLAS, folder, dirs_exist_ok=True)
    return with_reproduction(folder)


@pytest.fixture(scope="session")
def outputs(tmp_path_factory):
    """The outputs of a fresh clone: the posts, and no run."""
    folder = tmp_path_factory.mktemp("outputs")
    shutil.copytree(BLOG, folder / "blog")
    return folder


@pytest.fixture(scope="session")
def site(atlas, outputs):
    return build_site(atlas, DOCS, outputs, outputs / "site").index.parent
