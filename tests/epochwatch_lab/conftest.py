"""What the tests of posts, reports and the site share: the programs that show them."""

import itertools
import os
import re
import shutil

import pytest

from epochwatch_lab._runs import project
from tests.sample import IS_WHOLE

PATIENCE = 300_000  # ms; a busy machine has time enough
SCREENSHOTS = project.ROOT / "outputs" / "screenshots"
WIDTHS, SCHEMES = (390, 1280), ("light", "dark")  # a telephone and a desk
# Where there is less time two looks, in which every width and every scheme occurs.
ALL_LOOKS = list(itertools.product(WIDTHS, SCHEMES))
LOOKS = ALL_LOOKS if IS_WHOLE else list(zip(WIDTHS, SCHEMES, strict=True))

# What Bokeh and the theme of the site say of themselves.
SMALL_TALK = r"console: (\[bokeh .*\] document idle|\[PST\]: )"


def required_program(command):
    """Find a program of the system, which CI must have."""
    path = shutil.which(command)
    remedy = f"{command} is not on the PATH: apt-get install {command}"
    if not path and os.environ.get("CI"):
        pytest.fail(remedy)
    if not path:
        pytest.skip(remedy)
    return path


@pytest.fixture(scope="session")
def jekyll():
    return required_program("jekyll")


@pytest.fixture(scope="module")
def browser():
    """Chromium; of a module, for playwright's event loop must not outlive it."""
    from playwright.sync_api import sync_playwright

    chromium = required_program("chromium")
    with sync_playwright() as playwright:
        # Root, as in a container, has no sandbox.
        yield playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])


@pytest.fixture
def opened(browser):
    """Opens a file without a network; in the end, nothing must have gone wrong in it."""
    wrong, contexts = [], []

    def files_only(route):
        if route.request.url.startswith("file:"):
            route.continue_()
        else:
            wrong.append(f"asked for {route.request.url[:80]}")
            route.abort()

    def dismissed(dialog):
        wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def failed(request):
        # A picture that is no longer wanted, once the window is wider, is no fault.
        if request.failure != "net::ERR_ABORTED":
            wrong.append(f"failed: {request.url}")

    def opens(path, width=1280, scheme="light", hash_="", ready="html[data-ready]", **options):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True, **options
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        context.route("**/*", files_only)
        page = context.new_page()
        page.on("dialog", dismissed)
        page.on("console", lambda message: wrong.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("requestfailed", failed)
        page.goto(path.as_uri() + hash_)
        if ready and "<script" in path.read_text() and options.get("java_script_enabled", True):
            page.wait_for_selector(ready, state="attached")
        return page

    yield opens
    for context in contexts:
        context.close()
    assert [fault for fault in wrong if not re.match(SMALL_TALK, fault)] == []
