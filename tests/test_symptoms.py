"""What people search for leads to an answer: symptoms to reproductions, trackers to questions."""

import ast
import builtins
import re

import pytest

from epochwatch_lab._atlas.reproductions import read_reproductions
from epochwatch_lab._runs import project
from tests.recipes import blocks_of

DOCS = project.ROOT / "docs"
SYMPTOMS = (DOCS / "what_do_you_see.md").read_text()
QUESTIONS = (DOCS / "tracker_questions.md").read_text()
REPRODUCTIONS = read_reproductions(project.ROOT / "atlas" / "reproductions")
# What the project's issue asks to be answered; keras#19562 and keras#17264 were found in no source.
ASKED = {
    "tensorflow": (31343, 36539, 29558, 47938, 64476, 67252, 62444, 58966),
    "keras": (10164, 19037, 20030, 20402, 20861, 23072),
    "keras-hub": (204,),
    "imbalanced-learn": (713,),
}
MESSAGE = re.compile(r"\w:[ \w]")  # as in "IndexError: list index out of range"
ALSO_ON_SCREENS = (
    "Local rendezvous is aborting with status: OUT_OF_RANGE",
    "interrupting epoch",
    "shuffle=True was passed, but will be ignored",
    "the generator must yield at least one batch. Received an empty generator",
)


def sections_of(page: str, level: int) -> dict[str, str]:
    """Split a page at its headings of a level: the text below each heading."""
    pieces = re.split(r"^(```.*?^```)$", page, flags=re.MULTILINE | re.DOTALL)
    pieces[1::2] = [re.sub("^#", "\\#", code, flags=re.MULTILINE) for code in pieces[1::2]]
    found = re.split(rf"^{'#' * level} (.+)\n", "".join(pieces), flags=re.MULTILINE)[1:]
    return dict(zip(found[::2], found[1::2], strict=True))


def anchor_of(heading: str) -> str:
    """Name a heading as GitHub and MyST do."""
    text = re.sub(r"[^\w\- ]", "", heading.lower())
    return text.replace(" ", "-")


def plain(text: str) -> str:
    """A text as it is shown: without marks, in one line."""
    return re.sub(r"\s+", " ", text.replace("`", ""))


def message_of(symptom: str) -> str:
    """What stands behind the kind of error."""
    return plain(symptom).rpartition("Error: ")[2]


def stems_of(text: str) -> set[str]:
    """List the words of a text that say something, without their endings."""
    words = re.findall(r"[\w.+]*\w", text.lower())
    return {re.sub(r"(ing|ed|es|s)$", "", word) for word in words if len(word) > 3}


def words_missing(symptom: str, reproduction: str, sections: dict[str, str]) -> set[str]:
    """List the words of a symptom that no section that leads to the reproduction has."""
    link = f"atlas/reproductions/{reproduction}.md"
    leading = [f"{heading} {text}" for heading, text in sections.items() if link in text]
    return stems_of(symptom) - set().union(*map(stems_of, leading))


@pytest.mark.parametrize("reproduction", REPRODUCTIONS, ids=lambda one: one.name)
def test_a_section_leads_from_what_people_see_to_the_reproduction(reproduction):
    """What no section says in its own words, the site's index of the reproductions does."""
    sections = sections_of(SYMPTOMS, 2)
    missing = [words_missing(one, reproduction.name, sections) for one in reproduction.symptoms]
    assert set() in missing


def test_a_symptom_that_leads_nowhere_would_be_noticed():
    sections = {"`val_loss` jumps": "See [it](../atlas/reproductions/one.md)."}
    assert words_missing("val_loss jumps", "one", sections) == set()
    assert words_missing("val_loss jumps", "another", sections) == {"val_los", "jump"}
    assert words_missing("val_loss falls", "one", sections) == {"fall"}


def test_a_message_pasted_into_a_find_box_is_on_the_page():
    symptoms = {symptom for one in REPRODUCTIONS for symptom in one.symptoms}
    messages = {symptom for symptom in symptoms if MESSAGE.search(symptom)}
    assert len(messages) >= 5
    page = plain(SYMPTOMS)
    assert {one for one in (*messages, *ALSO_ON_SCREENS) if message_of(one) not in page} == set()


@pytest.mark.parametrize("heading", sections_of(SYMPTOMS, 2))
def test_each_symptom_has_its_answer_a_fix_versions_and_reports(heading):
    text = sections_of(SYMPTOMS, 2)[heading]
    assert re.findall(r"^- \*\*(.+?)\.\*\* \S", text, re.MULTILINE)[-1] == "What to do"
    assert re.search(r"^```(python|sh|bash)\n", text, re.MULTILINE)
    assert re.search(r"\d\.\d|All versions", text)
    assert re.search(r"^(.*[ .])?Trackers:\s.*\[[\w-]+#\d+\]", text, re.MULTILINE | re.DOTALL)
    assert f"](#{anchor_of(heading)})" in SYMPTOMS.partition("\n## ")[0]


def code_of(text: str) -> str:
    return "\n".join(block.code for block in blocks_of(text) if block.language == "python")


def names_missing(code: str) -> set[str]:
    """List the names that code reads and nothing in it defines, wherever they stand."""
    read, defined = set(), set(dir(builtins))
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Name):
            (read if isinstance(node.ctx, ast.Load) else defined).add(node.id)
        elif isinstance(node, ast.arg):
            defined.add(node.arg)
        elif isinstance(node, ast.alias):
            defined.add(node.asname or node.name)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined.add(node.name)
    return read - defined


@pytest.mark.parametrize("heading", sections_of(SYMPTOMS, 2))
def test_the_code_of_a_section_needs_only_the_lines_that_come_first(heading):
    first = code_of(SYMPTOMS.partition("\n## ")[0])
    assert first
    assert names_missing(first + code_of(sections_of(SYMPTOMS, 2)[heading])) == set()


def test_a_name_that_is_not_defined_would_be_noticed():
    code = "import numpy as np\ndef f(x):\n    return np.ones(x + y)\nprint(f(unknown))\n"
    assert names_missing(code) == {"y", "unknown"}


@pytest.mark.parametrize("page", [SYMPTOMS, QUESTIONS], ids=["symptoms", "questions"])
def test_a_page_is_short_its_anchors_are_headings_and_its_reports_have_addresses(page):
    assert len(re.sub(r"^\[.+\]: http\S+$", "", page, flags=re.MULTILINE).split()) <= 2_750
    headings = {anchor_of(one) for level in (2, 3) for one in sections_of(page, level)}
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= headings
    cited = set(re.findall(r"\[([\w-]+#\d+)\](?!: http)", page))
    addresses = dict(re.findall(r"^\[([\w-]+#\d+)\]: (\S+)$", page, re.MULTILINE))
    assert set(addresses) == cited
    for report, address in addresses.items():
        project_name, number = report.split("#")
        assert address.endswith(f"/{project_name}/issues/{number}")


def test_every_question_that_was_to_be_answered_is_answered():
    answered = re.findall(r"^### \[([\w-]+#\d+)\]: ", QUESTIONS, re.MULTILINE)
    asked = [f"{tracker}#{number}" for tracker, numbers in ASKED.items() for number in numbers]
    assert sorted(answered) == sorted(asked)


@pytest.mark.parametrize("heading", sections_of(QUESTIONS, 3))
def test_an_answer_shows_its_evidence(heading):
    text = sections_of(QUESTIONS, 3)[heading]
    assert "```text\n" in text or "atlas/reproductions/" in text


@pytest.mark.parametrize("page", [SYMPTOMS, QUESTIONS], ids=["symptoms", "questions"])
def test_files_that_a_page_links_to_are_there(page):
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page):
        assert (DOCS / link).is_file(), link
