"""What the tests of pages share."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from maltu.dataset import Room, build_dataset, open_tokenizer
from maltu.exports import read_export
from maltu.masking import Masker
from maltu.providers.base_models import base_model
from maltu.reporting import full_report
from maltu.settings import PersonaSettings
from tests.support.pages import READMES, REFERENCES, ROOT, Page


@pytest.fixture(params=READMES)
def readme(request: pytest.FixtureRequest) -> Page:
    return READMES[request.param]


@pytest.fixture(params=READMES)
def manual(request: pytest.FixtureRequest) -> Page:
    """A README with its page on the API, as one."""
    return Page(f"{READMES[request.param].text}\n{REFERENCES[request.param].text}")


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
