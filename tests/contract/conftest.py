"""An adapter, the local server behind it, and the wire between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from infra.local.finetuning import create_app, serve
from tests.support.adapters import ADAPTERS, BUCKET, Adapter
from tests.support.aws_shapes import Checked
from tests.support.engines import GatedEngine
from tests.support.faults import Faulty

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from maltu.providers import Provider


@pytest.fixture
def engine() -> GatedEngine:
    return GatedEngine()


@pytest.fixture
def wire(tmp_path: Path, engine: GatedEngine) -> Iterator[Faulty]:
    checked = Checked(create_app(tmp_path / "state", engine=engine, api_key="key"))
    yield Faulty(checked)
    assert checked.wrong == []


@pytest.fixture(params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> Adapter:
    return ADAPTERS[request.param]


@pytest.fixture
def url(wire: Faulty) -> Iterator[str]:
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        with serve(wire) as served:
            yield served


@pytest.fixture
def provider(adapter: Adapter, url: str, monkeypatch: pytest.MonkeyPatch) -> Provider:
    return adapter.open(url, monkeypatch)


@pytest.fixture
def dataset(tmp_path: Path, adapter: Adapter) -> Path:
    path = tmp_path / "train.jsonl"
    path.write_text("".join(adapter.line % (n, n) for n in range(12)), "utf-8")
    return path
