"""What OpenAI's SDK raises, as our own errors."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import openai

from maltu.errors import ProviderUnavailable
from maltu.providers.refusals import Refusal, as_error

if TYPE_CHECKING:
    from collections.abc import Generator


@contextmanager
def as_our_errors() -> Generator[None]:
    """Raise the SDK's errors as the port's."""
    try:
        yield
    except openai.APIStatusError as error:
        body = cast("object", error.body) or error.message
        raise as_error(
            Refusal(error.status_code, body, error.response.headers.get("retry-after", ""))
        ) from error
    except openai.APITimeoutError as error:
        raise ProviderUnavailable("The provider did not answer in time.") from error
    except openai.APIConnectionError as error:
        raise ProviderUnavailable("The provider could not be reached; check its base URL.") from error
    except openai.OpenAIError as error:
        reason = f"The provider's answer could not be read ({type(error).__name__})."
        raise ProviderUnavailable(reason) from error
