"""Which program the words of a command line mean."""

import pytest

from pytest_memopt.cli.command import Parser
from pytest_memopt.cli.programs.target import Target, TargetKind, add_target_arguments, chosen_target
from pytest_memopt.errors import UsageError


@pytest.fixture
def parsed(tmp_path, monkeypatch):
    """Parses words in a folder with ``app.py`` and a program without a suffix."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.py").touch()
    (tmp_path / "tool").touch()
    parser = Parser(prog="memopt show")
    parser.add_argument("--json", action="store_true")
    add_target_arguments(parser, "--pid N")

    def parse(*words):
        options = parser.parse_args(words)
        return chosen_target(options), options.json

    parse.parser = parser
    return parse


@pytest.mark.parametrize(
    ("words", "target"),
    [
        (["app.py"], Target(TargetKind.SCRIPT, "app.py")),
        (["tool", "a"], Target(TargetKind.SCRIPT, "tool", ("a",))),
        (
            ["app.py", "--json", "-m", "x", "--", "y"],
            Target(TargetKind.SCRIPT, "app.py", ("--json", "-m", "x", "--", "y")),
        ),
        (["-m", "app", "--json", "a"], Target(TargetKind.MODULE, "app", ("--json", "a"))),
        (["-m", "app", "--", "a"], Target(TargetKind.MODULE, "app", ("--", "a"))),
        (["app:run", "a"], Target(TargetKind.CALLABLE, "app:run", ("a",))),
        (["app.py:run"], Target(TargetKind.CALLABLE, "app.py:run")),
        ([], None),
    ],
)
def test_the_first_word_names_the_program_and_the_rest_is_its_own(parsed, words, target):
    """A file is a script, what follows -m a module, a colon makes a callable; options behind are the program's."""
    assert parsed(*words) == (target, False)


def test_options_before_the_program_are_ours(parsed):
    """What comes before the program is read by the command."""
    assert parsed("--json", "app.py", "--other") == (Target(TargetKind.SCRIPT, "app.py", ("--other",)), True)
    assert parsed("--json", "-m", "app") == (Target(TargetKind.MODULE, "app"), True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gone.py"], "there is no file 'gone.py'"),
        (["gone"], "'gone' is no file, and not of the form module:callable"),
        ([""], "'' is no file"),
        (["-m"], "-m needs the name of a module"),
    ],
)
def test_what_is_no_program_is_refused(parsed, words, said):
    """The message names the word, and what would be right."""
    with pytest.raises(UsageError, match=said.replace("(", "\\(")):
        parsed(*words)


def test_the_usage_line_tells_all_forms(parsed):
    """The forms in which a program can be given are in the usage line."""
    assert parsed.parser.format_usage().startswith(
        "usage: memopt show [options] [TARGET args | -m MODULE args | --pid N]"
    )


def test_a_target_reads_as_it_is_given():
    """A module has its -m in front."""
    assert str(Target(TargetKind.MODULE, "app", ("a",))) == "-m app"
    assert str(Target(TargetKind.CALLABLE, "app:run")) == "app:run"
