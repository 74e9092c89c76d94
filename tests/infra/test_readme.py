"""Whoever follows the READMEs arrives: commands, links and folders exist, and both say the same."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

import pytest

from infra.local.demo import QUESTIONS
from infra.local.environment import ACCESS_KEY, REGION, SECRET_KEY
from maltu.cli.arguments import parse
from maltu.cli.summary import summarise
from tests.support.pages import DOCS, GUIDES, PAGES, READMES, REFERENCES, ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from maltu.settings import PersonaSettings
    from tests.support.pages import Page

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")

# Nobody asks the internet here.
_LINK = re.compile(r"\]\((?!https://)([^)\s]+)\)")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b(?!-)")


# -------------------------------------------------------------------------- the command


def commands(readme: Page) -> list[list[str]]:
    lines = [line for kind, body in readme.blocks if kind == "bash" for line in body.splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith("maltu ")]


def test_the_commands_are_understood(readme: Page) -> None:
    said = commands(readme)
    assert {words[0] for words in said} == {"messages", "models", "prepare"}
    for words in said:
        arguments = vars(parse(words))
        exports = arguments.get("exports") or [arguments[name] for name in ("export",) if name in arguments]
        assert all((ROOT / export).is_file() for export in exports)


def test_the_commands_output_is_what_it_prints(
    readme: Page, sample_settings: PersonaSettings, sample_report: dict[str, Any]
) -> None:
    (prepare,) = (parse(words) for words in commands(readme) if words[0] == "prepare")
    assert prepare.settings == sample_settings
    (output,) = (body for kind, body in readme.blocks if kind == "text" and body.startswith("Persona "))
    assert output == summarise(sample_report, prepare.settings, prepare.out)


# -------------------------------------------------------------------------- what can be followed


def test_every_make_target_exists(readme: Page) -> None:
    (phony,) = re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    named = {target for code in readme.code for target in re.findall(r"\bmake ([a-z-]+)\b", code)}
    assert named == set(phony.split()) - {"help"}


def test_every_make_variable_is_read(readme: Page) -> None:
    read = set(re.findall(r"^override (\w+) :=", MAKEFILE, re.MULTILINE))
    value = r'(?:name|path|bedrock)\b|"Provider'
    used = {name for code in readme.code for name in re.findall(rf"\b([A-Z]+)=(?:{value})", code)}
    assert used == read


def slug(heading: str) -> str:
    """Name a heading's anchor as GitHub does."""
    kept = re.sub(r"[^\w\- ]", "", heading.lstrip("# ").lower())
    return kept.replace(" ", "-")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_link_resolves(path: Path) -> None:
    for link in _LINK.findall(PAGES[path].prose):
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), link
        if anchor:
            assert anchor in map(slug, PAGES[target].headings), link


def test_every_page_of_the_docs_is_linked(readme: Page) -> None:
    linked = {link.partition("#")[0] for link in _LINK.findall(readme.prose)}
    assert {f"docs/{path.name}" for path in DOCS.glob("*.md")} <= linked


def test_every_folder_exists(readme: Page) -> None:
    folders = readme.table_with("functions/")
    for name in folders:
        assert (ROOT / name).exists(), name
    for within in ("shared/maltu/", "tests/"):
        inner = re.findall(r"`(\w+/)`", folders[within][1])
        assert inner
        for name in inner:
            assert (ROOT / within / name).is_dir(), name
    packages = {f"{path.parent.name}/" for path in (ROOT / "shared" / "maltu").glob("*/__init__.py")}
    assert set(re.findall(r"`(\w+/)`", folders["shared/maltu/"][1])) == packages


def test_the_demos_output_asks_the_demos_questions(readme: Page) -> None:
    (output,) = (body for kind, body in readme.blocks if kind == "text" and "sam deploy" in body)
    assert tuple(re.findall(r"^  > (.+)$", output, re.MULTILINE)) == QUESTIONS


def test_what_is_taken_from_the_local_chain_is_what_it_writes(readme: Page) -> None:
    (block,) = (body for kind, body in readme.blocks if kind == "bash" and "build/local.json" in body)
    written = re.findall(
        r'^        "(\w+)": stack', (ROOT / "infra/local/up.py").read_text("utf-8"), re.MULTILINE
    )
    asked = set(re.findall(r"\$\(of (\w+)\)", block))
    assert len(asked) == 4
    assert asked <= set(written)
    assert {ACCESS_KEY, SECRET_KEY, REGION} <= set(re.split(r"[\s=]", block))


# -------------------------------------------------------------------------- against each other


BOTH = pytest.mark.parametrize(
    ("english", "korean"),
    [tuple(each.values()) for each in (READMES, REFERENCES, GUIDES)],
    ids=["README", "api", "deploy"],
)


@BOTH
def test_both_have_the_same_structure(english: Page, korean: Page) -> None:
    assert [heading.count("#") for heading in english.headings] == [
        heading.count("#") for heading in korean.headings
    ]
    assert [len(table) for table in english.tables] == [len(table) for table in korean.tables]


@BOTH
def test_both_have_the_same_commands(english: Page, korean: Page) -> None:
    assert [kind for kind, _ in english.blocks] == [kind for kind, _ in korean.blocks]
    for (kind, ours), (_, theirs) in zip(english.blocks, korean.blocks, strict=True):
        if kind == "mermaid":
            # Labels are translated, arrows are not.
            ours, theirs = (re.sub(r'"[^"]*"', '""', block) for block in (ours, theirs))  # noqa: PLW2901
        assert ours == theirs


def test_both_name_the_same_days_in_their_tables() -> None:
    english, korean = ([_DATE.findall(" ".join(row)) for row in each.rows] for each in READMES.values())
    assert english == korean
    assert any(english)


@BOTH
def test_both_quote_the_same_names_in_their_tables(english: Page, korean: Page) -> None:
    ours, theirs = (
        [sorted(re.findall(r"`([^`]+)`", " ".join(row))) for row in each.rows] for each in (english, korean)
    )
    assert ours == theirs
