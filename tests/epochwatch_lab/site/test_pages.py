"""The pages of the site as the real Chromium shows them: from files, without a network.

The atlas' own page is looked at in test_browser.py. What is looked at is kept in
outputs/screenshots.
"""

import re
from urllib.parse import quote_plus

import pytest

from tests.epochwatch_lab.conftest import LOOKS, SCHEMES, SCREENSHOTS
from tests.epochwatch_lab.looks import CONTRASTS, WIDER
from tests.epochwatch_lab.site.sources import SCRIPTS, front_matter

pytestmark = pytest.mark.slow

NARROW, HEIGHT = 360, 900
LOOKED_AT = (
    "index",
    "guide/what_do_you_see",
    "guide/audit",
    "posts/index",
    "posts/ways-to-feed-fit",
    "reproductions/index",
    "reproductions/each_fit_starts_over",
    "api/feeds",
    "search",
)
ANSWERED = re.compile("found|did not match")
SYMPTOMS = [
    (script.stem, symptom)
    for script in SCRIPTS
    for symptom in front_matter(script.with_suffix(".md"))["symptoms"]
]
# Of an element that an address names: how far it is from the header's lower edge, and whether it
# is seen.
LANDED = """() => {
  const place = document.querySelector(":target").getBoundingClientRect();
  const header = document.querySelector("header.bd-header").getBoundingClientRect();
  return [place.top - header.bottom, place.top < innerHeight]; }"""


@pytest.fixture
def shown(site, opened):
    """Opens a page of the site."""

    def shows(name, *look, after=""):
        return opened(site / f"{name}.html", *look, hash_=after, ready=None)

    return shows


@pytest.fixture
def found(site, shown):
    """Searches the site for words, and lists the pages it finds."""
    page = shown("search")

    def finds(words):
        page.goto(f"{(site / 'search.html').as_uri()}?q={quote_plus(words)}")
        page.locator("#search-results .search-summary").filter(has_text=ANSWERED).wait_for()
        links = page.locator("#search-results li a").evaluate_all("all => all.map(a => a.href)")
        home = site.as_uri() + "/"
        return {link.removeprefix(home).partition("#")[0].partition("?")[0] for link in links}

    finds.page = page
    return finds


def pages_of(site):
    shown = (
        path for path in site.rglob("*.html") if 'http-equiv="refresh"' not in path.read_text()
    )
    names = (path.relative_to(site).with_suffix("").as_posix() for path in shown)
    return sorted(name for name in names if not name.startswith(("atlas/", "_")))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_page_is_legible_and_none_is_wider_than_a_narrow_telephone(site, shown, scheme):
    page, faint, wider = shown("index", NARROW, scheme), [], []
    widths = [width for width, its_scheme in LOOKS if its_scheme == scheme]
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for name in pages_of(site):
        page.set_viewport_size({"width": NARROW, "height": HEIGHT})
        page.goto((site / f"{name}.html").as_uri())
        wider += [name] if page.evaluate(WIDER) > 0 else []
        for width in widths:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            faint += [(name, width, *text) for text in page.evaluate(CONTRASTS) if text[0] < 4.5]
            if name in LOOKED_AT:
                file = f"site-{name.replace('/', '-')}-{width}-{scheme}.png"
                page.screenshot(path=SCREENSHOTS / file)
    assert faint == []
    assert wider == []
    assert len(pages_of(site)) > len(LOOKED_AT)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("notebooks/03_ways_to_feed_fit", "posts/ways-to-feed-fit"),
        (
            "reproductions/small_shuffle_buffer_never_reaches_the_end",
            "reproductions/each_fit_starts_over",
        ),
    ],
)
def test_an_address_of_an_earlier_edition_leads_to_where_its_page_is(site, shown, old, new):
    page = shown(old)
    page.wait_for_url(f"**/{new}.html")
    assert page.locator("main h1").count() == 1


def test_light_and_dark_are_the_readers_choice(shown):
    ground = "getComputedStyle(document.body).backgroundColor"
    light, dark = (shown("index", 1280, scheme).evaluate(ground) for scheme in ("light", "dark"))
    assert light == "rgb(255, 255, 255)"
    assert light != dark


def test_a_search_for_a_symptom_finds_its_reproduction(found):
    missed = [one for one in SYMPTOMS if f"reproductions/{one[0]}.html" not in found(one[1])]
    assert SYMPTOMS
    assert missed == []


@pytest.mark.parametrize(
    ("words", "verdict"), [("stops early", "runs dry"), ("starts from scratch", "restarts")]
)
def test_a_search_finds_reproductions_by_other_words_for_their_verdict(found, words, verdict):
    wanted = {
        f"reproductions/{script.stem}.html"
        for script in SCRIPTS
        if front_matter(script.with_suffix(".md"))["verdict"] == verdict
    }
    assert wanted
    assert wanted - found(words) == set()


@pytest.mark.parametrize(
    "words",
    [
        "Your input ran out of data; interrupting training",
        "OUT_OF_RANGE",
        "loss: 0.0000e+00 every other epoch",
        "val_loss jumps",
        "the same order after set_random_seed",
        "starts from the first batch after a restart",
        "more steps than asked",
    ],
)
def test_a_search_for_what_is_on_the_screen_finds_what_do_you_see(found, words):
    assert "guide/what_do_you_see.html" in found(words)


def test_a_search_finds_names_of_the_api_and_words_of_posts_and_guide(found):
    assert "api/watch.html" in found("BatchCounter")
    assert "posts/satellite-scale-imbalance.html" in found("satellite")
    assert "guide/audit.html" in found("ci pytest")


def test_where_nothing_is_found_it_says_what_to_try(found):
    assert found("zzzq") == set()
    helped = found.page.get_by_role("region", name="Not found?")
    assert helped.is_visible()
    for name in ("What do you see?", "atlas"):
        assert helped.get_by_role("link", name=name).is_visible()
    helped.get_by_role("link", name="ran out of data").click()
    found.page.locator("#search-results li a").first.wait_for()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize(
    ("name", "anchor"),
    [
        ("guide/audit", "a-seed-that-undoes-the-shuffle"),
        ("reproductions/index", "by-status"),
        ("reproductions/each_fit_starts_over", "the-script"),
        ("posts/ways-to-feed-fit", "ten-batches"),
        ("api/feeds", "epochwatch.feeds.describe"),
    ],
)
def test_an_address_lands_below_the_header(shown, name, anchor, width):
    below, is_seen = shown(name, width, after=f"#{anchor}").evaluate(LANDED)
    assert below >= 0
    assert is_seen


def test_the_keyboard_alone_is_enough(shown):
    page = shown("guide/audit")
    press = page.keyboard.press
    press("Tab")
    skip = page.get_by_role("link", name="Skip to main content")
    assert skip.evaluate("e => e === document.activeElement")
    press("Enter")
    press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
    focus = "(({boxShadow, outlineStyle}) => boxShadow + outlineStyle)"
    assert page.evaluate(f"{focus}(getComputedStyle(document.activeElement))") != "nonenone"
    press("Control+k")
    page.keyboard.type("BatchCounter")
    press("Enter")
    page.locator("#search-results .search-summary").filter(has_text=ANSWERED).wait_for()
    assert page.url.endswith("search.html?q=BatchCounter")


@pytest.mark.parametrize("name", LOOKED_AT)
def test_screen_readers_are_told_what_there_is(shown, name):
    page = shown(name)
    for role in ("banner", "main", "contentinfo"):
        assert page.get_by_role(role).count() == 1, role
    assert page.get_by_role("navigation").count() >= 1
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("main h1").count() == 1
    assert page.locator("img:not([alt])").count() == 0
