"""The READMEs and docs say what the code does, and both READMEs the same as each other."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import json
import re
import shlex
import tempfile
from datetime import date
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest
from samtranslator.yaml_helper import yaml_parse  # pyright: ignore[reportUnknownVariableType]  # it has no types

from infra.local.demo import QUESTIONS
from maltu.cli.arguments import parse
from maltu.cli.summary import summarise
from maltu.dataset import Room, build_dataset, open_tokenizer
from maltu.dataset.conversations import MAX_CONVERSATION_TURNS
from maltu.dataset.examples import CONTEXT_TURNS
from maltu.dataset.files import MIN_EXAMPLES, SAMPLES
from maltu.dataset.formats import MAX_TOKENS
from maltu.dataset.repeats import LONG_TEXT, MOST_OFTEN
from maltu.errors import InvalidSettings
from maltu.exports import read_export
from maltu.exports import reading as registered
from maltu.masking import Masker
from maltu.naming import MAX_PERSONA_LENGTH
from maltu.providers import base_models
from maltu.providers.base_models import base_model, training_cost, training_epochs
from maltu.reporting import full_report
from maltu.settings import Format, PersonaSettings, Recipe, resolve_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from maltu.exports.reading import Messenger

ROOT = Path(__file__).parents[2]
ENGLISH, KOREAN = ROOT / "README.md", ROOT / "README.ko.md"
DOCS = ROOT / "docs"
TEMPLATE: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text("utf-8"))
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
MACHINE = (ROOT / "infra" / "fine_tune.asl.json").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
COMPLETION = ROOT / "functions" / "completion"

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b(?!-)")

Row = list[str]


@dataclasses.dataclass(frozen=True)
class Page:
    """One page, taken apart: its prose without code blocks, its code blocks, its tables' rows."""

    text: str

    @property
    def blocks(self) -> list[tuple[str, str]]:
        return _FENCE.findall(self.text)

    @property
    def prose(self) -> str:
        return _FENCE.sub("", self.text)

    @property
    def headings(self) -> list[str]:
        return re.findall(r"^(#+ .+)$", self.prose, re.MULTILINE)

    @property
    def tables(self) -> list[list[Row]]:
        found = re.findall(r"(?:^\|.*\|\n)+", self.prose, re.MULTILINE)
        return [
            [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
            for table in found
        ]

    @property
    def rows(self) -> Iterator[Row]:
        return (row for table in self.tables for row in table)

    @property
    def code(self) -> list[str]:
        return [*re.findall(r"`([^`\n]+)`", self.prose), *(body for _, body in self.blocks)]

    def table_with(self, first: str) -> dict[str, Row]:
        """Give the one table that has a row for ``first``, by what its first cells name."""
        (table,) = (table for table in self.tables if any(row[0].startswith(f"`{first}`") for row in table))
        return {name: row for row in table for name in re.findall(r"`([^`]+)`", row[0])}


READMES = {path.name: Page(path.read_text("utf-8")) for path in (ENGLISH, KOREAN)}
PAGES = {path: Page(path.read_text("utf-8")) for path in (ENGLISH, KOREAN, *DOCS.glob("*.md"))}
EXPORTS, DATASET = PAGES[DOCS / "exports.md"], PAGES[DOCS / "dataset.md"]


@pytest.fixture(params=READMES)
def readme(request: pytest.FixtureRequest) -> Page:
    return READMES[request.param]


def shown(value: object) -> str:
    return f"`{json.dumps(value, ensure_ascii=False)}`"


# -------------------------------------------------------------------------- against the code


def test_every_setting_stands_there_with_its_default(readme: Page) -> None:
    table = readme.table_with("silence_minutes")
    chosen_by_nobody = PersonaSettings()
    defaults = {
        field.name: shown(getattr(chosen_by_nobody, field.name))
        for field in dataclasses.fields(PersonaSettings)
    }
    assert {name: row[1] for name, row in table.items()} == defaults


def test_the_settings_choices_are_the_accepted_ones(readme: Page) -> None:
    table = readme.table_with("silence_minutes")
    for name, choices in {"recipe": Recipe, "format": Format}.items():
        assert tuple(re.findall(r"`(\w+)`", table[name][2])) == get_args(choices)


@pytest.mark.parametrize("name", ["aliases", "names"])
def test_the_settings_examples_are_accepted(readme: Page, name: str) -> None:
    row = readme.table_with("silence_minutes")[name]
    example = json.loads(row[2].strip("`"))
    settings = resolve_settings(json.dumps({name: example}).encode(), {})
    assert getattr(settings, name) == example
    assert "`persona.json`" in row[3]
    with pytest.raises(InvalidSettings, match=r"persona\.json only"):
        resolve_settings(None, {name: "x"})


@pytest.mark.parametrize("name", ["silence_minutes", "validation_share", "n_epochs"])
def test_the_settings_ranges_are_the_accepted_ones(readme: Page, name: str) -> None:
    low, high = map(json.loads, readme.table_with("silence_minutes")[name][2].split("–"))
    step = 0.01 if "." in f"{low}{high}" else 1
    for accepted in (low, high):
        resolve_settings(json.dumps({name: accepted}).encode(), {})
    for refused in (low - step, high + step):
        with pytest.raises(InvalidSettings, match="must be between"):
            resolve_settings(json.dumps({name: refused}).encode(), {})


def test_every_parameter_stands_there_with_its_default(readme: Page) -> None:
    defaults = {name: f"`{each['Default']}`" for name, each in TEMPLATE["Parameters"].items()}
    defaults |= {name: '`""`' for name, default in defaults.items() if default == "``"}
    assert {name: row[1] for name, row in readme.table_with("BaseModel").items()} == defaults
    deadline = TEMPLATE["Parameters"]["DeadlineHours"]
    assert str(deadline["MaxValue"]) in readme.table_with("BaseModel")["DeadlineHours"][2]


def test_every_output_stands_there(readme: Page) -> None:
    assert readme.table_with("BucketName").keys() == TEMPLATE["Outputs"].keys()
    used = {name for code in readme.code for name in re.findall(r"\$\(output (\w+)\)", code)}
    assert used
    assert used <= TEMPLATE["Outputs"].keys()


def test_every_route_stands_there(readme: Page) -> None:
    events: dict[str, Any] = RESOURCES["CompletionFunction"]["Properties"]["Events"]
    routes = {f"{each['Properties']['Method']} {each['Properties']['Path']}" for each in events.values()}
    assert readme.table_with("GET /v1/models").keys() == routes


def test_every_status_of_a_version_stands_there(readme: Page) -> None:
    recorded = set(re.findall(r'"state": \{"S": "(\w+)"\}', MACHINE))
    assert recorded
    assert readme.table_with("preparing").keys() == recorded | {"preparing", "failed", "cancelled"}


def assigned(source: Path, name: str) -> ast.Tuple:
    """Find the tuple that a module assigns to ``name``."""
    (value,) = (
        node.value
        for node in ast.parse(source.read_text("utf-8")).body
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == name
    )
    assert isinstance(value, ast.Tuple)
    return value


def mapped_errors() -> set[tuple[int, str | None]]:
    """Read the endpoint's own answers, where they are mapped, and the one for what nobody foresaw."""
    answers: set[tuple[int, str | None]] = set()
    for row in assigned(COMPLETION / "envelope.py", "_ANSWERS").elts:
        assert isinstance(row, ast.Tuple)
        answers.add((ast.literal_eval(row.elts[1]), ast.literal_eval(row.elts[3])))
    named = re.findall(r"HTTPStatus\.([A-Z_]+)", (COMPLETION / "app.py").read_text("utf-8"))
    return answers | {(HTTPStatus[name].value, None) for name in named}


def gateway_errors() -> set[tuple[int, str | None]]:
    responses: dict[str, Any] = RESOURCES["Api"]["Properties"]["GatewayResponses"]
    bodies = {
        response["StatusCode"]: json.loads(response["ResponseTemplates"]["application/json"])
        for response in responses.values()
        if "StatusCode" in response
    }
    quota = json.loads(responses["QUOTA_EXCEEDED"]["ResponseTemplates"]["application/json"])
    answers = {(status, body["error"]["code"]) for status, body in bodies.items()}
    return answers | {(responses["QUOTA_EXCEEDED"]["StatusCode"], quota["error"]["code"])}


def test_every_error_stands_there(readme: Page) -> None:
    rows = [row for row in readme.rows if re.fullmatch(r"\d{3}", row[0])]
    told = {(int(row[0]), None if row[1] == "–" else row[1].strip("`")) for row in rows}
    every = mapped_errors() | gateway_errors()
    assert {status for status, _ in told} == {status for status, _ in every}
    # «No such route» has no code and shares its row with «no such persona».
    assert told == every - {(404, None)}


def test_the_gateways_limits_are_the_templates(readme: Page) -> None:
    throttle = RESOURCES["UsagePlan"]["Properties"]["Throttle"]
    (row,) = (row for row in readme.rows if row[1:2] == ["`rate_limit_exceeded`"])
    numbers = list(map(int, re.findall(r"\d+", row[2])))
    assert {throttle["RateLimit"], throttle["BurstLimit"]} < {1, *numbers}


def test_the_requests_limits_are_the_endpoints(readme: Page) -> None:
    source = (COMPLETION / "bodies.py").read_text("utf-8")
    limits = [int(number) for number in re.findall(r"^[A-Z_]+ = ([\d_]+)$", source, re.MULTILINE)]
    assert len(limits) == 5
    (paragraph,) = (part for part in readme.prose.split("\n\n") if "`max_tokens`" in part)
    assert {f"{limit:,}" for limit in limits} <= set(re.findall(r"\d[\d,]*", paragraph))


def test_the_drops_limits_are_the_codes(readme: Page) -> None:
    (rules,) = (part for part in readme.prose.split("\n\n") if "- `<persona>`" in part)
    assert {str(MAX_PERSONA_LENGTH), str(MIN_EXAMPLES)} <= set(re.findall(r"\d+", rules))


def test_how_long_things_are_kept_is_the_templates(readme: Page) -> None:
    (table,) = (table for table in readme.tables if any("SQS" in row[1] for row in table))
    days = {key: set(map(int, re.findall(r"\d+", row[2]))) for row in table for key in [row[1]]}
    rules = RESOURCES["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    (old,) = (
        rule["NoncurrentVersionExpiration"]["NoncurrentDays"]
        for rule in rules
        if "NoncurrentVersionExpiration" in rule
    )
    kept = {
        each["Properties"]["RetentionInDays"]
        for each in RESOURCES.values()
        if each["Type"] == "AWS::Logs::LogGroup"
    }
    queue = RESOURCES["UnhandledDrops"]["Properties"]["MessageRetentionPeriod"]
    assert days["CloudWatch"] == kept
    assert days["SQS"] == {queue // 86_400}
    for key, numbers in days.items():
        if "/`" in key:
            assert numbers == {old}, key


# -------------------------------------------------------------------------- money and dates


def known_models() -> set[str]:
    source = Path(base_models.__file__).read_text("utf-8")
    nova = {f"amazon.nova-{name}" for name in re.findall(r'_nova\("([^"]+)"', source)}
    assert nova
    return nova | set(re.findall(r'BaseModel\("([^"]+)"', source))


def test_prices_and_closing_days_are_those_the_estimate_uses(readme: Page) -> None:
    table = readme.table_with("maltu-retrieval-1")
    assert table.keys() == known_models()
    for name, (_, formats, price, closes) in table.items():
        model = base_model(name)
        assert tuple(re.findall(r"`(\w+)`", formats)) == model.formats
        assert float(price) == model.usd_per_million_tokens
        assert closes == (model.closes_on.isoformat() if model.closes_on else "–")


def test_the_example_of_a_cost_is_what_the_estimate_gives(readme: Page) -> None:
    (example,) = (body for kind, body in readme.blocks if kind == "text" and "÷" in body)
    tokens, epochs, price, million, total = (
        float(number.replace(",", "")) for number in re.findall(r"\d[\d,.]*", example)
    )
    model = base_model("gpt-4.1-mini-2025-04-14")
    assert (price, million) == (model.usd_per_million_tokens, 1_000_000)
    assert total == training_cost(model, int(tokens), int(epochs))


def test_the_estimates_epochs_turn_where_it_says(readme: Page) -> None:
    (paragraph,) = (part for part in readme.prose.split("\n\n") if "8,333" in part)
    assert "34" in paragraph
    assert [training_epochs(n, chosen=None) for n in (34, 8_333)] == [3, 3]
    assert training_epochs(33, chosen=None) >= 3
    assert training_epochs(25, chosen=None) > 3
    assert training_epochs(8_334, chosen=None) < 3
    nova = base_model("amazon.nova-micro-v1:0:128k")
    assert training_epochs(1_000, chosen=None, model=nova) == 2
    assert re.search("two for Amazon Nova|Amazon Nova는 두 번", paragraph)


SAMPLE_SETTINGS = PersonaSettings(speaker="하준", format="chat", base_model="gpt-4.1-mini-2025-04-14")


@pytest.fixture(scope="module")
def sample_report() -> dict[str, Any]:
    """Report on the sample as ``maltu prepare`` does, on the day on which the prices were collected."""
    (sample,) = (ROOT / "infra" / "local" / "sample").glob("*.csv")
    model = base_model(SAMPLE_SETTINGS.base_model or "")
    with tempfile.TemporaryDirectory() as folder, sample.open("rb") as file:
        reading = read_export(file, name=sample.name)
        summary = build_dataset(
            [Room(messages=reading, cuts_at=reading.cuts_at, skipped=(reading.skipped,))],
            speaker="하준",
            settings=SAMPLE_SETTINGS,
            count_tokens=open_tokenizer(model.encoding),
            masking=Masker(),
            directory=Path(folder),
            max_example_tokens=model.max_example_tokens,
        )
    report = full_report(summary, SAMPLE_SETTINGS, model, today=date(2026, 11, 22))
    return {**report, "samples": list(summary.samples)}


def test_the_sample_is_as_large_as_it_says(readme: Page, sample_report: dict[str, Any]) -> None:
    (paragraph,) = (part for part in readme.prose.split("\n\n") if "1,219" in part)
    assert sample_report["messages"] == 1219
    (tokens,) = (int(number.replace(",", "")) for number in re.findall(r"\d{2},\d{3}", paragraph))
    assert sample_report["tokens"]["train"] == pytest.approx(tokens, rel=0.1)


# -------------------------------------------------------------------------- the command


def commands(readme: Page) -> list[list[str]]:
    lines = [line for kind, body in readme.blocks if kind == "bash" for line in body.splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith("maltu ")]


def test_the_commands_are_understood(readme: Page) -> None:
    said = commands(readme)
    assert {words[0] for words in said} == {"messages", "prepare"}
    for words in said:
        arguments = parse(words)
        exports = arguments.exports if arguments.command == "prepare" else [arguments.export]
        assert all((ROOT / export).is_file() for export in exports)


def test_the_commands_output_is_what_it_prints(readme: Page, sample_report: dict[str, Any]) -> None:
    (prepare,) = (parse(words) for words in commands(readme) if words[0] == "prepare")
    assert prepare.settings == SAMPLE_SETTINGS
    (output,) = (body for kind, body in readme.blocks if kind == "text" and body.startswith("Persona "))
    assert output == summarise(sample_report, prepare.settings, prepare.out)


# -------------------------------------------------------------------------- what can be followed


def test_every_make_target_exists(readme: Page) -> None:
    (phony,) = re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    named = {target for code in readme.code for target in re.findall(r"\bmake ([a-z]+)\b", code)}
    assert named == set(phony.split()) - {"help"}


def test_every_make_variable_is_read(readme: Page) -> None:
    read = set(re.findall(r"^override (\w+) :=", MAKEFILE, re.MULTILINE))
    used = {name for code in readme.code for name in re.findall(r"\b([A-Z]+)=(?:name|path|bedrock)\b", code)}
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


# -------------------------------------------------------------------------- the docs


def messengers() -> list[Messenger]:
    names = map(ast.unparse, assigned(Path(registered.__file__), "_MESSENGERS").elts)
    return [importlib.import_module(f"maltu.exports.{name}") for name in names]  # pyright: ignore[reportReturnType] - modules are what the protocol describes


def test_every_format_that_is_read_stands_in_the_docs() -> None:
    table = EXPORTS.table_with("kakaotalk-csv")
    assert list(table) == [messenger.FORMAT for messenger in messengers()]
    for messenger in messengers():
        cut = re.findall(r"cut at (\d+)", table[messenger.FORMAT][2])
        assert cut == ([] if messenger.CUTS_AT is None else [str(messenger.CUTS_AT)]), messenger.FORMAT


def test_the_functions_limits_in_the_docs_are_the_templates() -> None:
    function: dict[str, Any] = RESOURCES["PreprocessFunction"]["Properties"]
    (limits,) = re.findall(r"([\d,]+) MiB of disk and (\d+) seconds", EXPORTS.prose)
    assert [int(limit.replace(",", "")) for limit in limits] == [
        function["EphemeralStorage"]["Size"],
        function["Timeout"],
    ]


def test_every_field_of_the_report_stands_in_the_docs(sample_report: dict[str, Any]) -> None:
    table = DATASET.table_with("silence_hours")
    assert list(table) == list(sample_report)
    assert len(sample_report["samples"]) == SAMPLES == 3
    by_what_was_found = {"speakers", "skipped", "masked", "months"}
    inside: dict[str, dict[str, Any]] = {
        name: value for name, value in sample_report.items() if isinstance(value, dict)
    }
    for name, value in inside.items():
        if name not in by_what_was_found:
            assert value.keys() <= set(re.findall(r"`(\w+)`", table[name][1])), name


def test_the_limits_in_the_docs_are_the_codes() -> None:
    (table,) = (table for table in DATASET.tables if table[0][0].startswith("the fewest examples"))
    assert [int(row[1].replace(",", "")) for row in table] == [
        MIN_EXAMPLES,
        CONTEXT_TURNS,
        *(MAX_TOKENS[format_] for format_ in ("chat", "bedrock", "completions")),
        MAX_CONVERSATION_TURNS,
        LONG_TEXT,
        MOST_OFTEN,
    ]


def test_what_the_base_models_take_stands_in_the_docs() -> None:
    table = DATASET.table_with("maltu-retrieval-1")
    assert table.keys() == known_models()
    for name, row in table.items():
        model = base_model(name)
        assert row[1:] == [
            f"{model.max_examples:,}" if model.max_examples else "–",
            str(model.max_epochs),
            str(training_epochs(1_000, chosen=None, model=model)),
            str(model.recommended_examples),
        ], name
        assert model.max_file_bytes == 512 * 1024**2


def test_the_settings_in_the_docs_are_accepted() -> None:
    (example,) = (body for kind, body in DATASET.blocks if kind == "json")
    assert resolve_settings(example.encode(), {}).aliases


def test_every_format_of_a_dataset_stands_in_the_docs() -> None:
    (section,) = re.findall(r"^## Formats\n(.*?)^## ", DATASET.text, re.MULTILINE | re.DOTALL)
    assert tuple(re.findall(r"^- `(\w+)`:", section, re.MULTILINE)) == get_args(Format)


# -------------------------------------------------------------------------- against each other


def test_both_have_the_same_structure() -> None:
    english, korean = READMES.values()
    assert [heading.count("#") for heading in english.headings] == [
        heading.count("#") for heading in korean.headings
    ]
    assert [len(table) for table in english.tables] == [len(table) for table in korean.tables]


def test_both_have_the_same_commands() -> None:
    english, korean = READMES.values()
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


def test_both_quote_the_same_names_in_their_tables() -> None:
    english, korean = (
        [sorted(re.findall(r"`([^`]+)`", " ".join(row))) for row in each.rows] for each in READMES.values()
    )
    assert english == korean
