"""Every call to AWS passes here, whether a client of botocore's makes it or one of ours."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest import mock
from urllib.parse import unquote

from botocore.client import BaseClient

from maltu.aws_json import Client

if TYPE_CHECKING:
    from collections.abc import Generator


# Takes the place of a call: given its service, its operation, what it asks, and what makes it.
Watch = Callable[[str, str, Mapping[str, Any], Callable[[], Any]], Any]


@contextmanager
def watched(watch: Watch) -> Generator[None]:
    """Hand every call of the block to ``watch``; services and operations are named as boto3 names them."""
    of_botocore: Callable[..., Any] = vars(BaseClient)["_make_api_call"]
    of_ours: Callable[..., Any] = vars(Client)["post"]

    def by_botocores(client: BaseClient, operation: str, asked: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON
        name = client.meta.service_model.service_name
        return watch(name, operation, asked, lambda: of_botocore(client, operation, asked))

    def by_ours(client: Client, operation: str, body: bytes, path: str, *headers: Any) -> Any:  # noqa: ANN401 - as botocore types it
        asked = {**json.loads(body), **_in_path(operation, path)}
        service = client.service.host
        return watch(service, operation, asked, lambda: of_ours(client, operation, body, path, *headers))

    with (
        mock.patch.object(BaseClient, "_make_api_call", by_botocores),
        mock.patch.object(Client, "post", by_ours),
    ):
        yield


def _in_path(operation: str, path: str) -> dict[str, str]:
    match operation:
        case "Converse":
            return {"modelId": unquote(path.split("/")[2])}
        case "Invoke":
            return {"FunctionName": unquote(path.split("/")[3])}
        case _:
            return {}
