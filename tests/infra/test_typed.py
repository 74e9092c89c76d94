"""What the pages tell people to type exists: shell lines parse, and their programs know these options."""

from __future__ import annotations

import ast
import json
import re
import shlex
import subprocess
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore import xform_name

from maltu.cli.arguments import parse
from tests.support.pages import PAGES, ROOT, Page
from tests.support.template import TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A Korean page types what its English one does: another test holds them together.
EVERY_PAGE = {path: page for path, page in PAGES.items() if not path.name.endswith(".ko.md")}
pages = pytest.mark.parametrize("path", EVERY_PAGE, ids=lambda path: path.name)

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
SAM = ROOT / ".venv-sam" / "lib"

# What the command line adds to every command; and the commands of its own, with their options used here.
EVERYWHERE = {"query", "output", "profile", "region", "max-items"}
OWN = {
    ("cloudformation", "deploy"): {"template-file", "stack-name", "capabilities", "parameter-overrides"},
    ("configure", "sso"): set[str](),
    ("s3", "cp"): {"metadata"},
    ("s3", "ls"): {"recursive"},
    ("s3", "rb"): set[str](),
    ("s3", "rm"): set[str](),
    ("sso", "login"): set[str](),
}
SHELL = {"bash", "sh"}


def shell(page: Page) -> Iterator[str]:
    """Every block of shell lines, and every command that stands in the prose."""
    yield from (body for kind, body in page.blocks if kind in SHELL)
    starts = r"(?:aws|make|maltu|sam|\.venv-sam/bin/sam) "
    yield from (code for code in page.code if re.match(starts, code) and "\n" not in code)


def commands(page: Page, program: str) -> Iterator[list[str]]:
    """What stands behind a program's name, in words, wherever it is called."""
    for text in shell(page):
        lines = text.replace("\\\n", " ")
        for found in re.finditer(rf"(?:^|\$\(|[|;{{&] ?|\benv )(?:\S*/)?{program} ", lines, re.MULTILINE):
            line = lines[found.end() :].partition("\n")[0]
            yield list(_words(line))


def _words(line: str) -> Iterator[str]:
    """A command's words up to its end; what it asks other commands for is one word each."""
    words = shlex.shlex(_flattened(line), posix=True, punctuation_chars="|;&)")
    words.whitespace_split = True
    for word in words:
        if set(word) <= set("|;&)"):
            return
        yield word


def _flattened(line: str) -> str:
    """Put a plain word in place of every $( … ), the inner ones first."""
    inner = re.compile(r'"\$\([^()]*\)"|\$\([^()]*\)')
    while inner.search(line):
        line = inner.sub("ASKED", line)
    return line


@pages
def test_every_block_of_shell_lines_parses(path: Path) -> None:
    for kind, body in EVERY_PAGE[path].blocks:
        if kind in SHELL:
            ran = subprocess.run(["bash", "-n"], input=body, capture_output=True, text=True, check=False)  # noqa: S607 - whichever bash there is
            assert ran.returncode == 0, f"{ran.stderr}\n{body}"


@pages
def test_every_program_parses(path: Path) -> None:
    for kind, body in EVERY_PAGE[path].blocks:
        if kind == "python":
            ast.parse(body)
        elif kind == "json":
            json.loads(body)


@pages
def test_aws_knows_every_command_with_its_options(path: Path) -> None:
    for words in commands(EVERY_PAGE[path], "aws"):
        if words == ["--version"]:
            continue
        service, operation, *rest = words
        options = {word.removeprefix("--").partition("=")[0] for word in rest if word.startswith("--")}
        if (service, operation) in OWN:
            assert options - EVERYWHERE <= OWN[service, operation], words
            continue
        model = _model(service)
        (name,) = [each for each in model.operation_names if xform_name(each, "-") == operation]
        shape = model.operation_model(name).input_shape
        members: dict[str, Any] = shape.members if shape else {}
        known = {xform_name(member, "-"): member for member in members}
        assert options - EVERYWHERE <= known.keys(), words
        required: list[str] = shape.required_members if shape else []
        assert {xform_name(member, "-") for member in required} <= options, words
        for option, value in pairwise(rest):
            holds_json = value.startswith(("{", "[")) and option != "--filter-pattern"
            if option.startswith("--") and holds_json and option[2:] in known:
                _check(members[known[option[2:]]], json.loads(value))


@cache
def _model(service: str) -> Any:  # noqa: ANN401 - botocore has no types
    return botocore.session.get_session().get_service_model(service)


def _check(shape: Any, value: Any) -> None:  # noqa: ANN401 - botocore has no types; JSON
    match shape.type_name:
        case "structure":
            assert value.keys() <= shape.members.keys()
            assert set(shape.required_members) <= value.keys()
            for name, part in value.items():
                _check(shape.members[name], part)
        case "list":
            for part in value:
                _check(shape.member, part)
        case "string":
            # An event pattern is JSON within a string.
            assert not shape.enum or value in shape.enum
        case _:
            assert isinstance(value, int | float)


@pages
def test_make_knows_every_target_and_variable(path: Path) -> None:
    (phony,) = re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    read = set(re.findall(r"^(?:override )?([A-Z]+) [?:]?=", MAKEFILE, re.MULTILINE)) | {"ENGINE"}
    for words in commands(EVERY_PAGE[path], "make"):
        if words == ["--version"]:
            continue
        targets = {word for word in words if re.fullmatch(r"[a-z-]+", word)}
        variables = {word.partition("=")[0] for word in words if re.match(r"[A-Z]+=", word)}
        assert targets <= set(phony.split()), words
        assert variables <= read, words
        for word in words:
            if word.startswith("PARAMETERS="):
                named = {pair.partition("=")[0] for pair in shlex.split(word.partition("=")[2])}
                assert named <= TEMPLATE["Parameters"].keys(), words


@pages
def test_sam_knows_every_option(path: Path) -> None:
    for command, *rest in commands(EVERY_PAGE[path], "sam"):
        sources = [*SAM.glob(f"python*/site-packages/samcli/commands/{command}/**/*.py")]
        sources += SAM.glob("python*/site-packages/samcli/cli/options.py")
        sources += SAM.glob("python*/site-packages/samcli/commands/_utils/options.py")
        written = "".join(source.read_text("utf-8") for source in sources)
        assert len(sources) > 3, command
        for word in rest:
            if word.startswith("--"):
                assert f'"{word}"' in written, word


@pages
def test_maltu_knows_every_command_with_its_options(path: Path) -> None:
    page = EVERY_PAGE[path]
    typed = Page("\n".join(f"```bash\n{body}```" for kind, body in page.blocks if kind in SHELL))
    for words in commands(typed, "maltu"):
        parse(words)
    # In prose a command stands for itself, without what it needs.
    for name in {words[0] for words in commands(page, "maltu")}:
        with pytest.raises(SystemExit) as ended:
            parse([name, "--help"])
        assert ended.value.code == 0, name


@pages
def test_outputs_that_are_asked_for_exist(path: Path) -> None:
    asked = {name for code in EVERY_PAGE[path].code for name in re.findall(r"\$\(output (\w+)\)", code)}
    asked |= {
        name for code in EVERY_PAGE[path].code for name in re.findall(r"^output (\w+)$", code, re.MULTILINE)
    }
    assert asked <= TEMPLATE["Outputs"].keys()


def test_every_kind_of_block_is_looked_at() -> None:
    """A block of a kind that no test here or elsewhere runs or parses is one that may be wrong for ever."""
    run_elsewhere = {"js", "mermaid", "text", ""}
    kinds = {kind for page in EVERY_PAGE.values() for kind, _ in page.blocks}
    assert kinds - run_elsewhere <= SHELL | {"python", "json"}
    assert {path.name for path, page in EVERY_PAGE.items() for kind, _ in page.blocks if kind == "js"} == {
        "clients.md"
    }
