"""What Sphinx reads: the pages of `docs/site`, of the guide, the posts and the reproductions.

They are laid out as the site is. A page keeps the links that it has in the repository;
`site_links` leads them on, by the map that is made here.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import jinja2

from epochwatch_lab._atlas.reproductions import ABOUT, Reproduction, report_address
from epochwatch_lab._site import SITE_MAP
from epochwatch_lab._site.posts import Post
from epochwatch_lab._site.synonyms import SYNONYMS
from epochwatch_lab.post._formulas import with_mathml

EXTRA = "_extra"  # what the site has as it is, in the folder of Sphinx' sources


class SourceFolder:
    """The folder that Sphinx reads, and where in the site the files of the repository are.

    Attributes:
        folder: where it is.
        origins: by page, the file of the repository whose links it has.
        pages: by file, the page made of it, without its ending.
        files: by file, where the site has it as it is.
    """

    def __init__(self, folder: Path, repository: Path):
        self.folder = folder
        self.origins: dict[str, str] = {}
        self.pages: dict[str, str] = {}
        self.files: dict[str, str] = {}
        self._repository = repository
        own = repository / "docs" / "site"
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(own),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            autoescape=False,  # Markdown, not HTML
        )
        self._templates.filters |= {"report_address": report_address, "plainly": plainly}
        shutil.copytree(own, folder, ignore=shutil.ignore_patterns("*.j2", "__pycache__"))
        (folder / EXTRA).mkdir()

    def add_guide(self) -> None:
        """Add the pages of the guide; `site/guide/index.md` has their order."""
        for page in sorted(self._repository.glob("docs/*.md")):
            self._add_page(f"guide/{page.stem}", page, page.read_text())

    def add_posts(self, posts: list[Post]) -> None:
        """Add the posts, in reading order, with their pictures and an index."""
        blog = self._repository / "outputs" / "blog"  # where their links start, wherever they are
        for post in posts:
            notebook = self._repository / "notebooks" / post.notebook.name
            text = (post.blog / post.name).read_text()
            self._add_page(f"posts/{post.slug}", blog / post.name, text, notebook)
            for picture in sorted((post.blog / post.image_folder).glob("*.png")):
                self._add_file(picture, f"{post.image_folder}/{picture.name}")
        self._add_filled("posts/index", "posts/index", blog / "README.md", posts=posts)

    def add_reproductions(self, reproductions: list[Reproduction], findings: set[str]) -> None:
        """Add the reproductions, with their scripts and an index.

        Args:
            reproductions: in the order of their names.
            findings: names of those that cells of the atlas show.
        """
        folder = self._repository / "atlas" / "reproductions"
        for one in reproductions:
            place, page = f"reproductions/{one.name}", folder / f"{one.name}.md"
            heading, _, text = one.page.strip().partition("\n")
            values = {"heading": heading, "text": text, "findings": findings}
            values["other_words"] = other_words(one)
            self._add_filled("reproductions/page", place, page, one=one, **values)
            self._add_file(page.with_suffix(".py"), f"{place}.py")
        self.files[str(folder.parent.resolve())] = "atlas/index.html"
        about = folder / f"{ABOUT}.md"
        pairs = [(symptom, one) for one in reproductions for symptom in one.symptoms]
        values = {
            "about": about.read_text().partition("\n")[2].strip(),
            "by_symptom": sorted(pairs, key=lambda pair: pair[0].casefold()),
            "reproductions": reproductions,
        }
        self._add_filled("reproductions/index", "reproductions/index", about, folder, **values)

    def write_map(self) -> None:
        """Write where everything is, for `site_links`."""
        site_map = {"origins": self.origins, "pages": self.pages, "files": self.files}
        (self.folder / SITE_MAP).write_text(json.dumps(site_map))

    def _add_page(self, page: str, origin: Path, text: str, *others: Path) -> None:
        """Add a page of Markdown; what links to its origin, or to the others, links to it."""
        (self.folder / f"{page}.md").write_text(with_mathml(text))
        self.origins[page] = str(origin.resolve())
        self.pages |= {str(file.resolve()): page for file in (origin, *others)}

    def _add_filled(
        self, template: str, page: str, origin: Path, *others: Path, **values: Any
    ) -> None:
        text = self._templates.get_template(f"{template}.md.j2").render(**values)
        self._add_page(page, origin, text, *others)

    def _add_file(self, file: Path, place: str) -> None:
        path = self.folder / EXTRA / place
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, path)
        self.files[str(file.resolve())] = place


def other_words(one: Reproduction) -> list[str]:
    """List words by which people search for a reproduction, and that its page may not have."""
    said = " ".join([one.verdict, one.title, one.actual, *one.symptoms]).casefold()
    phrases = [phrase for phrase, meant in SYNONYMS.items() if any(word in said for word in meant)]
    return sorted(set(" ".join(phrases).split()))


def plainly(text: str) -> str:
    r"""Write a text so that Markdown shows it as it is.

    Example:
        >>> print(plainly("loss: 0.0 <nan>"))
        loss: 0.0 \<nan\>
    """
    return "".join(f"\\{letter}" if letter in r"\`*_{}[]<>#|$~&" else letter for letter in text)
