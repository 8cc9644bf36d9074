"""README and docs are executed: what a reader copies works, and says what the page says it does."""

from __future__ import annotations

import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
NO_TESTS_RAN = 5
PROJECT = {
    "app.py": "import sys\ndef work():\n    return [str(n) for n in range(1000 * len(sys.argv))]\nKEPT = work()\n",
    "tests/api/test_get.py": "def test_get(): pass\n",
    "tests/test_api.py": "KEPT = []\ndef test_fill():\n    KEPT.extend(str(i) for i in range(1000))\n",
    "tests/test_io.py": "class TestLog:\n    def test_log(self): pass\n",
}


@dataclass(frozen=True, slots=True)
class Snippet:
    """A fenced block of a page.

    Attributes:
        page: the file.
        line: its line there.
        language: the first word of the fence's info string.
        hints: the others: ``no-run`` (can't be executed here), ``fails`` (a test in it, or run by it, is to fail by its memory),
            ``needs-xdist``.
        text: what is in it.
    """

    page: Path
    line: int
    language: str
    hints: frozenset[str]
    text: str

    def __str__(self):
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def _snippets(page):
    for token in MarkdownIt().parse(page.read_text(encoding="utf-8")):
        if token.type == "fence":
            language, *hints = token.info.split() or [""]
            yield Snippet(page, token.map[0] + 1, language, frozenset(hints), token.content)


SNIPPETS = [snippet for page in PAGES for snippet in _snippets(page)]


def _of(language):
    return [
        pytest.param(snippet, id=str(snippet))
        for snippet in SNIPPETS
        if snippet.language == language and "no-run" not in snippet.hints
    ]


@pytest.mark.parametrize("snippet", _of("python"))
def test_python_snippets_run(snippet, shell):
    """Each piece of Python is a test file, or a script, that works; one that is to fail fails by its memory."""
    (shell.folder / "test_snippet.py").write_text(snippet.text, encoding="utf-8")
    done = shell.run("pytest test_snippet.py -q -p no:cacheprovider")
    if "fails" in snippet.hints:
        assert done.returncode == 1, done.stdout
        assert "MEMORY test_snippet.py" in done.stdout
    else:
        assert done.returncode in (0, NO_TESTS_RAN), done.stdout


@pytest.fixture(scope="module")
def project(tmp_path_factory, in_folder):
    """A terminal in a project with a history of two runs, and two shards of it."""
    shell = in_folder(tmp_path_factory.mktemp("project"))
    for name, text in PROJECT.items():
        path = shell.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for _ in range(2):
        assert shell.run("pytest --memopt-report").returncode == 0
    for number in (1, 2):
        shutil.copy(shell.folder / ".memopt" / "history.db", shell.folder / f"shard-{number}.db")
    return shell


@pytest.mark.parametrize("snippet", _of("console"))
def test_commands_run(snippet, project, in_folder, tmp_path):
    """Each command of a page works in a project that has a history."""
    if "needs-xdist" in snippet.hints:
        pytest.importorskip("xdist")
    shutil.copytree(project.folder, tmp_path, dirs_exist_ok=True)
    shell = in_folder(tmp_path)
    commands = [line.removeprefix("$ ") for line in snippet.text.splitlines() if line.startswith("$ ")]
    assert commands, "a console snippet without a command"
    for command in commands:
        done = shell.run(command)
        assert done.returncode == int("fails" in snippet.hints), f"{command}\n{done.stdout}"
        assert ("MEMORY tests/test_api.py" in done.stdout) == ("fails" in snippet.hints)


@pytest.mark.parametrize("snippet", _of("toml"))
def test_configurations_are_accepted(snippet, shell):
    """Each configuration is TOML that pytest-memopt can read: for the ini file, or a list of known leaks."""
    content = tomllib.loads(snippet.text)
    assert "memopt" in str(content) or "leak" in content
    name = "memopt-known-leaks.toml" if "leak" in content else "pyproject.toml"
    (shell.folder / name).write_text(snippet.text, encoding="utf-8")
    (shell.folder / "test_one.py").write_text("def test_one(): pass\n", encoding="utf-8")
    done = shell.run("pytest --strict-config -q --memopt-leaks")
    assert done.returncode == 0, done.stdout


def test_every_snippet_says_what_it_is():
    """No fence is without a language, and none has a hint that nobody reads."""
    languages = {"python", "console", "toml", "text"}
    hints = {"no-run", "fails", "needs-xdist"}
    wrong = [str(snippet) for snippet in SNIPPETS if snippet.language not in languages or snippet.hints - hints]
    assert wrong == []


def test_every_option_is_in_the_readme(shell):
    """The table of options names each option and its ini twin, and no other."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (?:`(--memopt[\w-]*)[^|]*)?\| `(memopt\w*)`", readme, re.MULTILINE)
    told = shell.run("pytest --help").stdout
    assert set(re.findall(r"^  (--memopt[\w-]*)", told, re.MULTILINE)) == {option for option, _ in rows if option}
    assert set(re.findall(r"^  (memopt\w*) \(", told, re.MULTILINE)) == {ini for _, ini in rows}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    """A link to another file of the repository finds it, and its heading."""
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        other = (page.parent / path).resolve() if path else page
        assert other.exists(), target
        if anchor:
            assert anchor in _anchors(other), target


def _anchors(page):
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
