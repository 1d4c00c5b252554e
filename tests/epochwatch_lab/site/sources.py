"""What the site is made of, read here as its readers have it: by nothing of the site's own."""

import json

import bs4
import yaml
from markdown_it import MarkdownIt

from epochwatch_lab._runs import project

DOCS = project.ROOT / "docs"
BLOG = project.ROOT / "outputs" / "blog"
REPRODUCTIONS = project.ROOT / "atlas" / "reproductions"
EVIDENCE = sorted((project.ROOT / "atlas").glob("*.json"))
GUIDE = sorted(DOCS.glob("*.md"))
POSTS = sorted(BLOG.glob("_posts/*.md"))
SCRIPTS = sorted(REPRODUCTIONS.glob("*.py"))
MARKDOWN = [
    *GUIDE,
    *sorted(BLOG.glob("_github/*.md")),
    *(script.with_suffix(".md") for script in SCRIPTS),
]


def front_matter(path):
    """The fields at the top of a page."""
    return next(yaml.safe_load_all(path.read_text()))


def slug_of(post):
    """The name of a post, without its date."""
    return post.stem.split("-", 3)[3]


def one_line(text):
    return " ".join(text.split())


def soup(page):
    return bs4.BeautifulSoup(page.read_text(), "html.parser")


def article(page):
    """What a page says, without the navigation around it."""
    return soup(page).find("article")


def headings_of(html):
    """The headings of a part of HTML, without the marks that lead to them."""
    for mark in html.select("a.headerlink"):
        mark.extract()
    return [one_line(heading.text) for heading in html.find_all(["h1", "h2", "h3", "h4"])]


def as_html(markdown):
    html = MarkdownIt("commonmark").enable("table").render(markdown)
    return bs4.BeautifulSoup(html, "html.parser")


def headings_in(markdown):
    return headings_of(as_html(markdown))


def links_in(markdown):
    """The links of a page to files."""
    links = [link["href"] for link in as_html(markdown).find_all("a")]
    return [link for link in links if "://" not in link and not link.startswith("#")]


def place_of(file):
    """Where the site has the page of a file of the repository; None where it has none."""
    if file.suffix == ".ipynb":
        about = json.loads(file.read_text())["metadata"].get("epochwatch", {})
        return f"posts/{about['slug']}.html" if "slug" in about else None
    folders = {DOCS: "guide", BLOG / "_github": "posts", REPRODUCTIONS: "reproductions"}
    if file.suffix != ".md" or file.parent not in folders:
        return None
    name = "index" if file.stem == "README" else file.stem
    return f"{folders[file.parent]}/{name}.html"
