"""The recipes of README and of the guide, run as they stand.

The blocks of a page are run in order, in a folder of their own, as a reader would:

- `python`: run, in one namespace for the page; a block whose first line is `# feeds.py` is the
  file of that name, and is not run.
- `sh`: `epochwatch …` is run, and ends with 0 unless `# exits with 1` stands behind it. What sets
  up a machine (`pip`, `make`) is not run: there must be such an extra, and such a target.
- `yaml`: the file that its first line names.
- `text`: what the block before it prints, or its beginning and end around a line `…`; a `…` within
  a line stands for anything. `print(…)  # 2` says the same of one line.
- `py` needs data that are not here, so only its imports are run; `bash` is for another machine,
  so only that its commands have these options is checked.
"""

import ast
import contextlib
import importlib.util
import io
import itertools
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from click.testing import CliRunner

from epochwatch_lab._cli import instrument
from epochwatch_lab._runs import project

PAGES = [project.ROOT / "README.md", *sorted((project.ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# ([\w/]+\.\w+)\b")
PRINTS = re.compile(r"^print\(.*\)  # (.*)$", re.MULTILINE)
EXITS = re.compile(r"\s+# exits with (\d)$")
# What some recipes import, and what that needs: no package of ours does.
NOT_HERE = {"duckdb": "duckdb", "polars": "polars", "dask": "pandas"}


class Block(NamedTuple):
    """A block of code on a page.

    Attributes:
        language: as the page says.
        code: its text.
        printed: the `text` block that follows it; None where none does.
    """

    language: str
    code: str
    printed: str | None

    @property
    def file(self) -> str | None:
        """The file that the block is, if it is one."""
        named = FILE.match(self.code) if self.language in ("python", "yaml") else None
        return named and named[1]

    @property
    def imports_what_is_not_here(self) -> bool:
        names = set(re.findall(r"^import (\w+)", self.code, re.MULTILINE))
        needed = (NOT_HERE[name] for name in names & set(NOT_HERE))
        return any(importlib.util.find_spec(name) is None for name in needed)


def blocks_of(text: str) -> Iterator[Block]:
    """Find the blocks of a page, each with what it prints."""
    found = BLOCK.findall(text)
    for (language, code), (next_language, output) in itertools.pairwise([*found, ("", "")]):
        if language != "text":
            yield Block(language, code, output if next_language == "text" else None)


def block_with(words: str) -> Block:
    """Find the first block of README that has these words."""
    return next(block for block in blocks_of(PAGES[0].read_text()) if words in block.code)


def run_page(page: Path) -> list[str]:
    """Run the recipes of a page in the current folder; list what went otherwise than it says."""
    names, wrong = {"__name__": page.name}, []
    for block in blocks_of(page.read_text()):
        if block.file:
            write_file(block)
        elif block.imports_what_is_not_here:
            continue
        elif block.language == "python":
            wrong += differences(block, python_output(block.code, names))
        elif block.language == "py":
            python_output("\n".join(re.findall(r"^(?:from|import) .*", block.code, re.M)), {})
        elif block.language == "sh":
            wrong += run_commands(block)
        elif block.language == "bash":
            wrong += unknown_options(block.code)
    return wrong


def write_file(block: Block) -> None:
    path = Path(block.file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.code)


def python_output(code: str, names: dict) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, names.get("__name__", "py"), "exec"), names)
    return printed.getvalue()


def differences(block: Block, printed: str) -> list[str]:
    """Compare what a block printed with what the page says it prints."""
    comments = PRINTS.findall(block.code)
    said = block.printed or "".join(f"{line}\n" for line in comments)
    parts = [re.escape(part) for part in re.split(r"^…\n|…", said, flags=re.MULTILINE)]
    if re.fullmatch(".*".join(parts), printed, re.DOTALL):
        return []
    return [f"{block.code}\nsays\n{said}\nprints\n{printed}"]


def run_commands(block: Block) -> list[str]:
    """Run the commands of a block that are ours, and check that the others could be."""
    printed, wrong = "", []
    for line in block.code.splitlines():
        program, *rest = shlex.split(line, comments=True)
        if program == "epochwatch":
            done = CliRunner().invoke(instrument.command, rest)
            code = EXITS.search(line)
            if done.exit_code != (int(code[1]) if code else 0):
                wrong.append(f"{line}: ended with {done.exit_code}: {done.stderr}")
            printed += done.stdout
        elif not is_there(program, rest):
            wrong.append(f"{line}: there is no such thing")
    return wrong + (differences(block, printed) if block.printed else [])


def is_there(program: str, words: list[str]) -> bool:
    """Whether `make` has these targets, and the package these extras."""
    if program == "make":
        targets = re.findall(r"^([\w-]+):", (project.ROOT / "Makefile").read_text(), re.M)
        return {word for word in words if "=" not in word} <= set(targets)
    extras = tomllib.loads((project.ROOT / "pyproject.toml").read_text())["project"]
    asked = re.findall(r"epochwatch\[(.*?)\]", " ".join(words))
    return program == "pip" and set(",".join(asked).split(",")) <= {
        *extras["optional-dependencies"],
        "",
    }


def unknown_options(code: str) -> list[str]:
    """List the options of `epochwatch` in a script that its commands do not have."""
    wrong = []
    for call in re.findall(r"\bepochwatch ([^|)\n]*)", code):
        asked, words = instrument.command, call.split()
        while hasattr(asked, "commands"):
            asked = asked.commands[words.pop(0)]
        has = {option for parameter in asked.params for option in parameter.opts} | {"--help"}
        options = {word for word in words if re.match(r"--?[a-z]", word)}
        wrong += [f"{call}: has no {option}" for option in options - has]
    return wrong


def code_lines(code: str) -> list[str]:
    """List the statements of a block that are no imports."""
    return [
        ast.unparse(one)
        for one in ast.parse(code).body
        if not isinstance(one, ast.Import | ast.ImportFrom)
    ]
