"""Clients of AWS's services that speak JSON: each call is one signed POST.

To make a client of its own, botocore reads AWS's description of the service and of all endpoints there are,
which takes longer than all else that a cold start does with AWS. What is asked here is JSON already, and
needs no description. Credentials, signatures, connections and errors are botocore's.
"""

from __future__ import annotations

import json
import os
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import EnvProvider
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectionError,  # noqa: A004 - botocore's, which is no OSError
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    ReadTimeoutError,
)
from botocore.httpsession import URLLib3Session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.awsrequest import AWSResponse
    from botocore.credentials import Credentials

PAUSE_SECONDS: Final = 0.25
_SERVERS_FAULT: Final = 500
_REFUSED: Final = 300
_TOO_MANY: Final = 429
_THROTTLED: Final = frozenset(
    {
        "ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException",
        "TransactionInProgressException",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Service:
    """A service, as its protocol names it.

    Attributes:
        host: how its host's name begins.
        signed_as: what requests are signed for.
        variable: the environment variable that names another address, before ``AWS_ENDPOINT_URL`` does.
        target: what precedes an operation's name in the header that says it; empty where the path says it.
        content_type: what its JSON is called.
    """

    host: str
    signed_as: str
    variable: str
    target: str
    content_type: str


DYNAMODB: Final = Service(
    "dynamodb", "dynamodb", "AWS_ENDPOINT_URL_DYNAMODB", "DynamoDB_20120810.", "application/x-amz-json-1.0"
)
SECRETS_MANAGER: Final = Service(
    "secretsmanager",
    "secretsmanager",
    "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    "secretsmanager.",
    "application/x-amz-json-1.1",
)
BEDROCK_RUNTIME: Final = Service(
    "bedrock-runtime", "bedrock", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "", "application/json"
)
LAMBDA: Final = Service("lambda", "lambda", "AWS_ENDPOINT_URL_LAMBDA", "", "application/json")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a client waits, in seconds: for a connection, for each byte; and how often it asks."""

    connect: float
    read: float
    tries: int


# All tries together end before the time of any function does in which somebody waits.
BRIEF: Final = Patience(connect=1.0, read=2.0, tries=3)


class Client:
    """A service's client, in the region and with the credentials of the environment.

    Args:
        service: which.
        patience: how long to wait, and how often to ask.

    Raises:
        NoRegionError: the environment names none.
        NoCredentialsError: there are none.
    """

    def __init__(self, service: Service, patience: Patience) -> None:
        region = os.environ.get("AWS_DEFAULT_REGION")
        if not region:
            raise NoRegionError
        self.service = service
        self._region = region
        self._url = _url(service, region)
        self._tries = patience.tries
        self._credentials = _credentials()
        seconds: Any = (patience.connect, patience.read)
        self._http = URLLib3Session(timeout=seconds)

    def call(self, operation: str, asked: Mapping[str, Any], path: str = "/") -> dict[str, Any]:
        """Ask for an operation, and give its answer; raise what :meth:`post` does."""
        answer = self.post(operation, json.dumps(asked).encode(), path)
        try:
            return json.loads(answer.content)
        except ValueError as error:
            raise HTTPClientError(error=error) from error

    def post(
        self, operation: str, body: bytes, path: str, headers: Mapping[str, str] | None = None
    ) -> AWSResponse:
        """Ask, and again where it may help.

        Raises:
            ClientError: AWS refused; its ``response`` holds the refusal's own fields too.
            BotoCoreError: AWS could not be asked.
        """
        told = {"Content-Type": self.service.content_type, **(headers or {})}
        if self.service.target:
            told["X-Amz-Target"] = self.service.target + operation
        for tried in range(1, self._tries):
            try:
                return self._post(operation, body, path, told)
            except (ClientError, ConnectionError, ConnectionClosedError, ReadTimeoutError) as error:
                if isinstance(error, ClientError) and not _may_pass(error):
                    raise
                time.sleep(_pause(tried))
        return self._post(operation, body, path, told)

    def _post(self, operation: str, body: bytes, path: str, headers: dict[str, str]) -> AWSResponse:
        request = AWSRequest("POST", self._url + path, headers, body)
        credentials = self._credentials.get_frozen_credentials()
        SigV4Auth(credentials, self.service.signed_as, self._region).add_auth(request)
        answer: AWSResponse = self._http.send(request.prepare())
        if answer.status_code >= _REFUSED:
            raise _refusal(operation, answer)
        return answer


def _url(service: Service, region: str) -> str:
    named = os.environ.get(service.variable) or os.environ.get("AWS_ENDPOINT_URL")
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return named.rstrip("/") if named else f"https://{service.host}.{region}.{domain}"


def _credentials() -> Credentials:
    credentials = EnvProvider().load()
    if credentials is None:
        # Not everywhere does Lambda put them into the environment: SnapStart has them fetched.
        import botocore.session  # noqa: PLC0415 - it takes long, and is seldom needed

        credentials = botocore.session.get_session().get_credentials()
    if credentials is None:
        raise NoCredentialsError
    return credentials


def _pause(tried: int) -> float:
    return random.uniform(0, PAUSE_SECONDS * 2 ** (tried - 1))  # noqa: S311 - no secret


def _may_pass(refusal: ClientError) -> bool:
    status = refusal.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = refusal.response.get("Error", {}).get("Code")
    return status >= _SERVERS_FAULT or status == _TOO_MANY or code in _THROTTLED


def _refusal(operation: str, answer: AWSResponse) -> ClientError:
    try:
        told: object = json.loads(answer.content)
    except ValueError:
        told = None
    fields = cast("dict[str, Any]", told) if isinstance(told, dict) else {}
    named: str = answer.headers.get("x-amzn-errortype") or fields.get("__type") or str(answer.status_code)
    error = {
        # As in "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException:http://...".
        "Code": named.partition(":")[0].rpartition("#")[2],
        "Message": fields.get("message") or fields.get("Message") or "",
    }
    metadata = {"HTTPStatusCode": answer.status_code}
    response: Any = {**fields, "Error": error, "ResponseMetadata": metadata}
    return ClientError(response, operation)
