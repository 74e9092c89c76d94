"""What the tests of pages share, and those of the template."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from infra.conditions import decided
from maltu.dataset import Room, build_dataset, open_tokenizer
from maltu.exports import read_export
from maltu.masking import Masker
from maltu.providers.base_models import base_model
from maltu.reporting import full_report
from maltu.settings import PersonaSettings
from tests.support.expanding import expanded
from tests.support.pages import IN_BOTH, LANGUAGES, ROOT, Page, written


@pytest.fixture(scope="module", name="expanded")
def expanded_template() -> dict[str, Any]:
    """Give what is deployed with a KakaoTalk bot and AWS's own keys; whether to Bedrock stays undecided."""
    return decided(expanded(), {"HasKey": False})


@pytest.fixture(params=LANGUAGES, ids=["en", "ko"])
def language(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def readme(language: str) -> Page:
    return written("README", language)


@pytest.fixture
def reference(language: str) -> Page:
    return written("api", language)


@pytest.fixture
def guide(language: str) -> Page:
    return written("deploy", language)


@pytest.fixture
def drop(language: str) -> Page:
    return written("drop", language)


@pytest.fixture
def privacy(language: str) -> Page:
    return written("privacy", language)


@pytest.fixture
def providers(language: str) -> Page:
    return written("providers", language)


@pytest.fixture
def runs(language: str) -> Page:
    return written("runs", language)


@pytest.fixture
def manual(language: str) -> Page:
    """Every page that is written in both languages, as one."""
    return Page("\n".join(written(name, language).text for name in IN_BOTH))


@pytest.fixture(scope="session")
def sample_settings() -> PersonaSettings:
    return PersonaSettings(speaker="하준", format="chat", base_model="gpt-4.1-mini-2025-04-14")


@pytest.fixture(scope="session")
def sample_report(sample_settings: PersonaSettings) -> dict[str, Any]:
    """Report on the sample as ``maltu prepare`` does, on the day on which the prices were collected."""
    (sample,) = (ROOT / "infra" / "local" / "sample").glob("*.csv")
    model = base_model(sample_settings.base_model or "")
    with tempfile.TemporaryDirectory() as folder, sample.open("rb") as file:
        reading = read_export(file, name=sample.name)
        summary = build_dataset(
            [Room(messages=reading, cuts_at=reading.cuts_at, skipped=(reading.skipped,))],
            speaker="하준",
            settings=sample_settings,
            count_tokens=open_tokenizer(model.encoding),
            masking=Masker(),
            directory=Path(folder),
            max_example_tokens=model.max_example_tokens,
        )
    report = full_report(summary, sample_settings, model, today=date(2026, 11, 22))
    return {**report, "samples": list(summary.samples)}
