"""What AWS says when it refuses, in our words."""

from __future__ import annotations

import re
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's, which is no OSError
    ConnectTimeoutError,
    HTTPClientError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)

from maltu.errors import (
    ModelNotReady,
    ProviderError,
    ProviderRejected,
    ProviderUnavailable,
    RateLimited,
)
from maltu.providers.words import repeatable

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

_DENIED: Final = {"AccessDenied", "AccessDeniedException"}
_PERFORM: Final = re.compile(r"not authorized to perform: (\w+:\w+)")
_PERMISSIONS: Final = {"Converse": "bedrock:InvokeModel"}
_CREDENTIALS: Final = (ProviderRejected, "AWS does not accept the function's credentials")
_BY_CODE: Final[Mapping[str, tuple[type[ProviderError], str]]] = {
    "ThrottlingException": (RateLimited, "Bedrock's rate limit is reached"),
    "TooManyRequestsException": (RateLimited, "Bedrock's rate limit is reached"),
    "ServiceQuotaExceededException": (RateLimited, "A quota of Bedrock is used up; AWS can raise it"),
    "ConflictException": (ProviderUnavailable, "Bedrock is busy with the same thing"),
    "ModelNotReadyException": (ModelNotReady, "Bedrock does not serve the model yet"),
    "ModelTimeoutException": (ProviderUnavailable, "The model took too long"),
    "ModelErrorException": (ProviderUnavailable, "The model broke off"),
    "ResourceNotFoundException": (ProviderRejected, "Bedrock does not know what was asked for"),
    "ValidationException": (ProviderRejected, "Bedrock refused the request"),
    "UnrecognizedClientException": _CREDENTIALS,
    "InvalidSignatureException": _CREDENTIALS,
    "ExpiredTokenException": _CREDENTIALS,
}


@contextmanager
def as_our_errors(*, quoting: bool = True) -> Generator[None]:
    """Raise botocore's errors as the port's; ``quoting`` tells whether to repeat what AWS says about them."""
    try:
        yield
    except ClientError as error:
        raise _refusal(error, quoting=quoting) from error
    except (ReadTimeoutError, ConnectTimeoutError) as error:
        raise ProviderUnavailable("Bedrock did not answer in time.") from error
    except (HTTPClientError, ConnectionError) as error:
        raise ProviderUnavailable("Bedrock could not be reached; is it offered in this region?") from error
    except NoCredentialsError as error:
        raise ProviderRejected("There are no AWS credentials to ask Bedrock with.") from error
    except ParamValidationError as error:
        # Its report quotes the request.
        raise ProviderRejected("botocore refused the request to Bedrock before it was sent.") from error
    except BotoCoreError as error:
        reason = f"Bedrock's answer could not be read ({type(error).__name__})."
        raise ProviderUnavailable(reason) from error


def code_of(error: ClientError) -> str:
    """AWS's name for a refusal."""
    return error.response.get("Error", {}).get("Code", "")


def _refusal(error: ClientError, *, quoting: bool) -> ProviderError:
    code, status = code_of(error), error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    said = error.response.get("Error", {}).get("Message", "")
    if code in _DENIED:
        found = _PERFORM.search(said)
        operation = error.operation_name
        permission = found[1] if found else _PERMISSIONS.get(operation, f"bedrock:{operation}")
        kind, meaning = ProviderRejected, f"AWS does not allow {permission}"
    else:
        unknown = (ProviderUnavailable if status >= HTTPStatus.INTERNAL_SERVER_ERROR else ProviderRejected,
                   f"AWS answered {status}")  # fmt: skip
        kind, meaning = _BY_CODE.get(code, unknown)
    return kind(f"{meaning} ({code}: {repeatable(said)})." if quoting and said else f"{meaning} ({code}).")
