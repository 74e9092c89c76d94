"""The guide from an empty account says what the stack does, and quotes what its readers will have read."""

from __future__ import annotations

import re
from datetime import date

from infra import deploy
from infra.costs.idle import idle
from infra.costs.prices import price_list
from maltu.providers.base_models import base_model
from maltu.settings import PersonaSettings
from tests.support.expanding import expanded
from tests.support.pages import ROOT, Page
from tests.support.template import TEMPLATE


def section(guide: Page, number: int) -> Page:
    """One step of the guide; the one after the last is what to do when something goes wrong."""
    return Page(f"\n{guide.text.split(f'{chr(10)}## ')[number]}")


def test_messages_are_quoted_as_they_are_said(guide: Page) -> None:
    quoted = [re.findall(r"`([^`]+)`", row[0]) for row in section(guide, 15).rows]
    messages = [message for row in quoted for message in row]
    assert len(messages) > 20
    sources = [ROOT / "Makefile", ROOT / "infra" / "deploy.py", ROOT / "template.yaml"]
    sources += [*(ROOT / "shared" / "maltu").rglob("*.py"), ROOT / "functions" / "common" / "envelope.py"]
    said = "\n".join(source.read_text("utf-8") for source in sources)
    assert [message for message in messages if message not in said] == []


def test_everything_that_deploying_misses_is_explained(guide: Page) -> None:
    told = section(guide, 15).text
    written = (ROOT / "infra" / "deploy.py").read_text("utf-8")
    said = re.findall(r'(?:yield|exit\() *\(?\s*f?"([A-Z{][^"]+)"', written)
    quoted = re.findall(r"`([^`]+)`", told)
    # What is wrong with a name says by itself what to do.
    by_themselves = ("STACK is", "ProviderBaseUrl goes with", "Bedrock in {region} answers", "Note: ")
    unexplained = [each for each in said if not any(part in each for part in (*quoted, *by_themselves))]
    assert len(said) > 8
    assert unexplained == []


def test_every_kind_of_provider_is_offered_and_deployed(guide: Page) -> None:
    table = guide.table_with("bedrock")
    assert tuple(table) == deploy.PROVIDERS
    (block,) = (body for _, body in section(guide, 5).blocks if "make deploy" in body)
    offered = dict(re.findall(r"make deploy PROVIDER=(\w+) PARAMETERS=\"([^\"]+)\"", block))
    assert tuple(offered) == deploy.PROVIDERS
    for provider, chosen in offered.items():
        parameters = deploy.parameters_of(provider, chosen)
        assert parameters.keys() <= TEMPLATE["Parameters"].keys()
        assert parameters["ProviderBaseUrl"].startswith("https://") == (provider == "compatible")
        assert parameters["BaseModel"]


def test_its_numbers_are_the_stacks(guide: Page) -> None:
    model = base_model("gpt-4.1-mini-2025-04-14")
    days = set(map(date.fromisoformat, re.findall(r"\d{4}-\d{2}-\d{2}", section(guide, 1).prose)))
    assert days == {model.trains_until, model.closes_on}
    budget = PersonaSettings().budget_usd
    assert budget is not None
    assert f"{budget:g} USD" in section(guide, 4).prose
    assert f"{price_list().usd(idle(TEMPLATE), allowance=True):.2f} USD" in section(guide, 11).prose


def test_what_stays_is_what_the_template_retains(guide: Page) -> None:
    retained = {name for name, each in expanded().items() if each.get("DeletionPolicy") == "Retain"}
    assert retained == {"Bucket", "Table", "ApiGatewayAccount", "ApiGatewayLogsRole"}
    removing = section(guide, 14)
    assert "ApiGatewayLogsRole" in removing.prose
    (deleted,) = (body for _, body in removing.blocks if "delete-table" in body)
    assert "s3 rb" in deleted


def test_the_environments_variables_are_those_of_the_workflow(guide: Page) -> None:
    workflow = (ROOT / ".github" / "workflows" / "deploy.yml").read_text("utf-8")
    assert guide.table_with("AWS_ROLE_ARN").keys() == set(re.findall(r"vars\.(\w+)", workflow))
    (said,) = (body for _, body in section(guide, 13).blocks)
    assert "infra/deploy_role.yaml" in said
