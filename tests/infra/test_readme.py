"""Whoever follows the pages arrives: commands, links and folders exist, and both languages say the same."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

import pytest

from infra.local.demo import QUESTIONS
from infra.local.environment import ACCESS_KEY, REGION, SECRET_KEY
from maltu.cli.arguments import parse
from maltu.cli.summary import summarise
from tests.support.pages import CONTRIBUTING, DOCS, IN_BOTH, LANGUAGES, PAGES, ROOT, written

if TYPE_CHECKING:
    from pathlib import Path

    from maltu.settings import PersonaSettings
    from tests.support.pages import Page

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")

# Nobody asks the internet here.
_LINK = re.compile(r"\]\((?!https://)([^)\s]+)\)")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b(?!-)")


# -------------------------------------------------------------------------- the command


def commands(page: Page) -> list[list[str]]:
    lines = [line for kind, body in page.blocks if kind == "bash" for line in body.splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith("maltu ")]


def test_the_commands_are_understood(drop: Page) -> None:
    said = commands(drop)
    assert {words[0] for words in said} == {"messages", "models", "prepare"}
    for words in said:
        arguments = vars(parse(words))
        exports = arguments.get("exports") or [arguments[name] for name in ("export",) if name in arguments]
        assert all((ROOT / export).is_file() for export in exports)


def test_the_commands_output_is_what_it_prints(
    drop: Page, sample_settings: PersonaSettings, sample_report: dict[str, Any]
) -> None:
    (prepare,) = (parse(words) for words in commands(drop) if words[0] == "prepare")
    assert prepare.settings == sample_settings
    (output,) = (body for kind, body in drop.blocks if kind == "text" and body.startswith("Persona "))
    assert output == summarise(sample_report, prepare.settings, prepare.out)


# -------------------------------------------------------------------------- what can be followed


def test_every_make_target_is_explained_to_whoever_works_on_it() -> None:
    (phony,) = re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    table = PAGES[CONTRIBUTING].table_with("make test")
    named = {target for row in table.values() for target in re.findall(r"`make ([a-z-]+)`", " ".join(row))}
    assert named == set(phony.split()) - {"help"}


def test_every_make_target_that_is_named_exists(readme: Page) -> None:
    (phony,) = re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    named = {target for code in readme.code for target in re.findall(r"\bmake ([a-z-]+)\b", code)}
    assert {"demo", "local", "deploy", "test", "lint"} <= named <= set(phony.split())


def test_every_make_variable_is_read(manual: Page) -> None:
    read = set(re.findall(r"^override (\w+) :=", MAKEFILE, re.MULTILINE))
    value = r'(?:name|path|bedrock)\b|"Provider'
    used = {name for code in manual.code for name in re.findall(rf"\b([A-Z]+)=(?:{value})", code)}
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


def test_every_page_of_the_docs_is_linked(language: str) -> None:
    """From the README, in its language where there is one, and from the index."""
    linked, listed = (
        {link.partition("#")[0] for link in _LINK.findall(page.prose)}
        for page in (written("README", language), PAGES[DOCS / "index.md"])
    )
    assert {path.name for path in DOCS.glob("*.md")} <= {*listed, "index.md"}
    names = {path.name.removesuffix(".md").removesuffix(".ko") for path in DOCS.glob("*.md")}
    assert {f"docs/{name}{language if name in IN_BOTH else ''}.md" for name in names} <= linked


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
    [tuple(written(name, language) for language in LANGUAGES) for name in IN_BOTH],
    ids=IN_BOTH,
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


@BOTH
def test_both_name_the_same_days_in_their_tables(english: Page, korean: Page) -> None:
    ours, theirs = ([_DATE.findall(" ".join(row)) for row in each.rows] for each in (english, korean))
    assert ours == theirs


def test_days_are_found_in_tables() -> None:
    assert any(_DATE.findall(" ".join(row)) for row in written("providers", "").rows)


@BOTH
def test_both_quote_the_same_names_in_their_tables(english: Page, korean: Page) -> None:
    ours, theirs = (
        [sorted(re.findall(r"`([^`]+)`", " ".join(row))) for row in each.rows] for each in (english, korean)
    )
    assert ours == theirs
