"""The deployed template with Bedrock on one machine: boto3 in the functions, our server behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infra.local.drop import Export, drop, follow
from infra.local.endpoint import Endpoint
from infra.local.provider import Provider
from infra.local.stack import running_stack
from infra.local.workspace import LocalRunError
from tests.support.deployed import ANSWERED, FILE, PERSONA, SECONDS, SPEAKER, dialogue

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.e2e
def test_a_dropped_export_becomes_a_persona_that_answers(tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.write_text(dialogue(40), encoding="utf-8")
    with running_stack("e2e-bedrock", lambda _: None, protocol="bedrock") as stack:
        api = Endpoint.with_key(stack.endpoint, stack.api_key)
        drop(Export(path, PERSONA, SPEAKER), stack)
        version = follow(api, PERSONA, lambda _: None, seconds=SECONDS)
        assert (version["status"], version["failure"]) == ("succeeded", None)
        assert version["provider"] == "bedrock"
        assert "leftovers" not in version
        answer = api.chat(PERSONA, "저녁은 드셨어요?")
        assert answer.body["choices"][0]["message"]["content"] in {"\n".join(each) for each in ANSWERED}
        s3 = stack.aws.session.client("s3", endpoint_url=stack.aws.url)
        assert s3.list_objects_v2(Bucket=stack.bucket, Prefix="bedrock/")["KeyCount"] == 0


def test_an_unknown_provider_is_refused_with_those_there_are() -> None:
    with pytest.raises(LocalRunError, match="PROVIDER=mistral: there are openai, bedrock"):
        Provider.on_free_port("mistral")
