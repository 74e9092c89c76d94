"""What is written in both languages says what the code does: settings, routes, errors, what is kept."""

from __future__ import annotations

import ast
import dataclasses
import json
import re
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest

import maltu.registry
import maltu.workflow
from maltu import removal, removals, uploads
from maltu.dataset.files import MIN_EXAMPLES
from maltu.errors import InvalidSettings
from maltu.keys import MAX_PERSONAS, REVOKED_DAYS
from maltu.naming import MAX_PERSONA_LENGTH
from maltu.removal import ASKED, MAX_PASSES
from maltu.removals import GOES_BY_ITSELF, RECEIPT_DAYS
from maltu.settings import Approval, Format, PersonaSettings, Recipe, resolve_settings
from tests.support.pages import ROOT, numbers, shown
from tests.support.source import argument_of, assigned, texts_in
from tests.support.template import TEMPLATE

if TYPE_CHECKING:
    from tests.support.pages import Page

RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
MACHINE = (ROOT / "infra" / "fine_tune.asl.json").read_text("utf-8")
COMPLETION, COMMON = (ROOT / "functions" / name for name in ("completion", "common"))
REMOVAL, REMOVALS = Path(removal.__file__), Path(removals.__file__)


def test_every_setting_stands_there_with_its_default(drop: Page) -> None:
    table = drop.table_with("silence_minutes")
    chosen_by_nobody = PersonaSettings()
    defaults = {
        field.name: shown(getattr(chosen_by_nobody, field.name))
        for field in dataclasses.fields(PersonaSettings)
    }
    assert {name: row[1] for name, row in table.items()} == defaults


def test_what_the_readme_says_of_a_run_are_the_defaults(readme: Page) -> None:
    budget = PersonaSettings().budget_usd
    assert f"{budget:g} USD" in readme.paragraph_with("1,219")
    assert TEMPLATE["Parameters"]["QuietSeconds"]["Default"] == 30
    assert re.search("half a minute|30초", readme.prose)


def test_the_settings_choices_are_the_accepted_ones(drop: Page) -> None:
    table = drop.table_with("silence_minutes")
    for name, choices in {"recipe": Recipe, "format": Format, "approval": Approval}.items():
        assert tuple(re.findall(r"`(\w+)`", table[name][2])) == get_args(choices)


@pytest.mark.parametrize("name", ["aliases", "names"])
def test_the_settings_examples_are_accepted(drop: Page, name: str) -> None:
    row = drop.table_with("silence_minutes")[name]
    example = json.loads(row[2].strip("`"))
    settings = resolve_settings(json.dumps({name: example}).encode(), {})
    assert getattr(settings, name) == example
    assert "`persona.json`" in row[3]
    with pytest.raises(InvalidSettings, match=r"persona\.json only"):
        resolve_settings(None, {name: "x"})


@pytest.mark.parametrize(
    "name",
    [
        "silence_minutes", "validation_share", "n_epochs", "budget_usd", "style_prompts", "max_style_drop",
        "max_copy_rate",
    ],
)  # fmt: skip
def test_the_settings_ranges_are_the_accepted_ones(drop: Page, name: str) -> None:
    low, high = map(json.loads, drop.table_with("silence_minutes")[name][2].split("–"))
    step = 0.01 if "." in f"{low}{high}" or name.startswith("max_") else 1
    for accepted in (low, high):
        resolve_settings(json.dumps({name: accepted}).encode(), {})
    for refused in (low - step, high + step):
        with pytest.raises(InvalidSettings, match="must be between"):
            resolve_settings(json.dumps({name: refused}).encode(), {})


def test_every_parameter_stands_there_with_its_default(guide: Page) -> None:
    defaults = {name: f"`{each['Default']}`" for name, each in TEMPLATE["Parameters"].items()}
    defaults |= {name: '`""`' for name, default in defaults.items() if default == "``"}
    assert {name: row[1] for name, row in guide.table_with("BaseModel").items()} == defaults
    for name, parameter in TEMPLATE["Parameters"].items():
        if "MaxValue" in parameter:
            assert str(parameter["MaxValue"]) in guide.table_with("BaseModel")[name][2], name


def test_every_output_stands_there(guide: Page, manual: Page) -> None:
    assert guide.table_with("BucketName").keys() == TEMPLATE["Outputs"].keys()
    used = {name for code in manual.code for name in re.findall(r"\$\(output (\w+)\)", code)}
    assert used
    assert used <= TEMPLATE["Outputs"].keys()


def routes() -> set[str]:
    return {
        f"{event['Properties']['Method']} {event['Properties']['Path']}"
        for resource in RESOURCES.values()
        for event in resource.get("Properties", {}).get("Events", {}).values()
        if event["Type"] == "Api"
    }


def test_every_route_stands_there(reference: Page) -> None:
    assert reference.table_with("GET /v1/models").keys() == routes()


def test_what_is_typed_in_for_runs_and_removals_reaches_a_route(manual: Page) -> None:
    typed = [line for kind, body in manual.blocks if kind == "bash" for line in body.splitlines()]
    asked = {
        f"{method or 'GET'} {path}"
        for line in typed
        for method, path in re.findall(r'curl (?:-X (\w+) )?-H "[^"]+" "(\$(?:AT|BASE_URL)[^"]*)"', line)
    }
    named = {
        "$AT": "$BASE_URL/personas/{persona}", "$RUN": "{run}", "$REMOVAL": "{removal}", "$KEY": "{key}",
        "$EXPORT": "{export}", "$VERSION": "{version}",
    }  # fmt: skip
    for short, long in {**named, "$BASE_URL": "/v1"}.items():
        asked = {line.replace(short, long) for line in asked}
    # Kakao asks its route, the page for its files and OpenAI's clients for a model: nobody types those in.
    by_hand = {route for route in routes() if not re.search(r"/(kakao|static)/|/\{model\}", route)}
    assert asked - {"GET /v1/keys", "POST /v1/keys"} == {route for route in by_hand if "{" in route}


def recorded_statuses() -> set[str]:
    """Read what the state machine and the registry write as a version's status."""
    registry = Path(maltu.registry.__file__)
    return {
        *re.findall(r'"state": \{"S": "(\w+)"\}', MACHINE),
        *re.findall(r"'\w+': '(\w+)'", MACHINE),
        *re.findall(r"\) : '(\w+)' %\}\"", MACHINE),
        *argument_of(registry, "_record", 2),
        *argument_of(registry, "_record_waiting", 2),
        *argument_of(registry, "_entry", 0),
    }


def test_every_status_of_a_version_stands_there(runs: Page) -> None:
    statuses = recorded_statuses()
    assert statuses > maltu.registry.UNFINISHED
    assert runs.table_with("preparing").keys() == statuses


def test_every_notification_and_event_stands_there(runs: Page) -> None:
    outcomes = {
        status
        for status in recorded_statuses()
        if f"'{status}'" in MACHINE and status != "superseded"  # of which nobody is told
    }
    told = outcomes | argument_of(Path(maltu.workflow.__file__), "_tell", 2)
    told |= set(re.findall(r'"StringValue": "(\w+)"', MACHINE))
    (table,) = (table for table in runs.tables if any(row[0] == "`erased`" for row in table))
    assert {row[0].strip("`") for row in table} == told
    (pattern,) = (json.loads(found) for body in runs.code for found in re.findall(r"pattern '(.+)'", body))
    (event,) = json.loads(MACHINE)["States"]["PublishOutcome"]["Arguments"]["Entries"]
    assert pattern == {"source": [event["Source"]], "detail-type": [event["DetailType"]]}


def test_every_field_of_a_receipt_stands_there(privacy: Page) -> None:
    table = privacy.table_with("goes_by_itself")
    fields = texts_in(assigned(REMOVALS, "_SHOWN"))
    assert table.keys() == {"id", *fields, "goes_by_itself"}
    counted = set(re.findall(r'removed\["(\w+)"\] \+=', REMOVAL.read_text("utf-8"))) | set(ASKED)
    assert set(re.findall(r"`(\w+)`", table["removed"][1])) == counted
    statuses = re.findall(r"`(\w+)`", table["status"][1])
    assert statuses == ["running", "finished", "incomplete", "broken_off"]
    written = REMOVALS.read_text("utf-8") + (ROOT / "infra" / "remove.asl.json").read_text("utf-8")
    assert all(f'"{status}"' in written for status in statuses)
    assert str(MAX_PASSES) in table["status"][1]


def test_what_goes_by_itself_goes_when_it_says(privacy: Page) -> None:
    days = {int(found) for line in GOES_BY_ITSELF for found in re.findall(r"(\d+) days", line)}
    (kept,) = (table for table in privacy.tables if any("SQS" in row[1] for row in table))
    by_place = {row[1]: numbers(row[2]) for row in kept}
    assert days == {30, 90}
    assert (by_place["CloudWatch"], by_place["Step Functions"]) == ({"30"}, {"90"})
    # Receipts, and what is left of revoked keys.
    receipts = [row for row in kept if row[1] == "DynamoDB" and str(RECEIPT_DAYS) in row[2]]
    assert (len(receipts), REVOKED_DAYS) == (2, RECEIPT_DAYS)
    rest = privacy.paragraph_with(f"35{'일' if '영수증' in privacy.text else ' days'}), ")
    queue = RESOURCES["UnhandledDrops"]["Properties"]["MessageRetentionPeriod"] // 86_400
    assert numbers(rest) == {"35", str(queue), str(RECEIPT_DAYS)}


def test_how_long_a_run_waits_for_a_yes_is_what_it_says(runs: Page) -> None:
    days = json.loads(MACHINE)["States"]["AskOwner"]["TimeoutSeconds"] // 86_400
    (rule,) = (line for line in runs.prose.split("\n- ") if line.startswith("*approve*, *reject*"))
    assert numbers(rule) == {str(days)}


def test_how_often_a_drop_is_tried_is_what_it_says(drop: Page) -> None:
    assert RESOURCES["Drops"]["Properties"]["RedrivePolicy"]["maxReceiveCount"] == 5
    (rules,) = (part for part in drop.prose.split("\n\n") if "- `<persona>`" in part)
    assert re.search("five times in all|모두 다섯 번까지", rules)


def mapped_errors() -> set[tuple[int, str | None]]:
    """Read the endpoint's own answers, where they are mapped, and the one for what nobody foresaw."""
    answers: set[tuple[int, str | None]] = set()
    for row in assigned(COMMON / "envelope.py", "_ANSWERS").elts:
        assert isinstance(row, ast.Tuple)
        answers.add((ast.literal_eval(row.elts[1]), ast.literal_eval(row.elts[3])))
    named = re.findall(r"HTTPStatus\.([A-Z_]+)", (COMMON / "edge.py").read_text("utf-8"))
    return answers | {(HTTPStatus[name].value, None) for name in named}


def gateway_errors() -> set[tuple[int, str | None]]:
    responses: dict[str, Any] = RESOURCES["Api"]["Properties"]["GatewayResponses"]
    bodies = {
        response["StatusCode"]: json.loads(response["ResponseTemplates"]["application/json"])
        for response in responses.values()
        if "StatusCode" in response
    }
    return {(status, body["error"]["code"]) for status, body in bodies.items()}


def test_every_error_stands_there(reference: Page) -> None:
    rows = [row for row in reference.rows if re.fullmatch(r"\d{3}", row[0])]
    told = {(int(row[0]), None if row[1] == "–" else row[1].strip("`")) for row in rows}
    every = mapped_errors() | gateway_errors()
    assert {status for status, _ in told} == {status for status, _ in every}
    # «No such route» has no code and shares its row with «no such persona».
    assert told == every - {(404, None)}


def test_the_gateways_limits_are_the_templates(reference: Page) -> None:
    throttle = RESOURCES["Api"]["Properties"]["MethodSettings"][0]
    (row,) = (row for row in reference.rows if row[1:2] == ["`rate_limit_exceeded`"])
    numbers = list(map(int, re.findall(r"\d+", row[2])))
    assert {throttle["ThrottlingRateLimit"], throttle["ThrottlingBurstLimit"]} == {*numbers} - {1}


def test_a_keys_fields_are_the_requests(reference: Page) -> None:
    table = reference.table_with("requests_per_month")
    source = (ROOT / "functions" / "keys" / "key_request.py").read_text("utf-8")
    (request,) = re.findall(r"class KeyRequest.*", source, re.DOTALL)
    assert list(table) == re.findall(r"^    (\w+):", request, re.MULTILINE)
    limits = [int(number) for number in re.findall(r"^MAX_\w+ = ([\d_]+)$", source, re.MULTILINE)]
    told = {number for row in table.values() for number in re.findall(r"\d[\d,]*", row[2])}
    assert told == {f"{limit:,}" for limit in [*limits, MAX_PERSONAS]}
    defaults = re.findall(r"(?:default|= )=?(\[.*?\]|None|[\d_]+)[)\n]", request)
    assert [row[1] for row in table.values()] == ["–", *map(shown, map(ast.literal_eval, defaults))]


def test_the_requests_limits_are_the_endpoints(reference: Page) -> None:
    source = (COMPLETION / "bodies.py").read_text("utf-8")
    limits = [int(number) for number in re.findall(r"^[A-Z_]+ = ([\d_]+)$", source, re.MULTILINE)]
    assert len(limits) == 5
    (paragraph,) = (part for part in reference.prose.split("\n\n") if "`max_tokens`" in part)
    assert {f"{limit:,}" for limit in limits} <= set(re.findall(r"\d[\d,]*", paragraph))


def test_the_uploads_limits_are_the_codes(reference: Page) -> None:
    (limits,) = (part for part in reference.prose.split("\n\n") if f"{uploads.MAX_BYTES:,}" in part)
    assert numbers(limits) == {f"{uploads.MAX_BYTES:,}", str(uploads.FORM_SECONDS // 60)}
    assert set(re.findall(r"`\.(\w+)`", limits)) == uploads.CONTENT_TYPES.keys()


def test_the_drops_limits_are_the_codes(drop: Page) -> None:
    (rules,) = (part for part in drop.prose.split("\n\n") if "- `<persona>`" in part)
    assert {str(MAX_PERSONA_LENGTH), str(MIN_EXAMPLES)} <= set(re.findall(r"\d+", rules))


def test_how_long_things_are_kept_is_the_templates(privacy: Page) -> None:
    (table,) = (table for table in privacy.tables if any("SQS" in row[1] for row in table))
    days = {key: set(map(int, re.findall(r"\d+", row[2]))) for row in table for key in [row[1]]}
    rules = RESOURCES["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    (old,) = (
        rule["NoncurrentVersionExpiration"]["NoncurrentDays"]
        for rule in rules
        if "NoncurrentVersionExpiration" in rule and "Prefix" not in rule
    )
    kept = {
        each["Properties"]["RetentionInDays"]
        for each in RESOURCES.values()
        if each["Type"] == "AWS::Logs::LogGroup"
    }
    queue = RESOURCES["UnhandledDrops"]["Properties"]["MessageRetentionPeriod"]
    assert days["CloudWatch"] == kept
    assert days["SQS"] == {queue // 86_400}
    for key, told in days.items():
        if "`uploads/`" in key:
            (rule,) = (rule for rule in rules if rule.get("Prefix") == "uploads/")
            assert told == {rule["ExpirationInDays"]} == set(rule["NoncurrentVersionExpiration"].values())
        elif "/`" in key:
            assert told == {old}, key
