"""The function that answers, as the one that Kakao calls sees it.

Whoever is called from outside holds neither the provider's key nor the registry, and is up in no time because
it loads neither; all it can do is to pass a question on.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botocore.config import Config
from botocore.exceptions import ReadTimeoutError

from maltu.errors import AnswerLate

if TYPE_CHECKING:
    from mypy_boto3_lambda.client import LambdaClient

    from maltu.kakao import SkillResponse

# Kakao waits five seconds in all, for the network and a cold start as well.
SECONDS: Final = 3.5
# A question that is asked again is paid for again.
PATIENCE: Final = Config(connect_timeout=1, read_timeout=SECONDS, retries={"total_max_attempts": 1})


@dataclass(frozen=True, slots=True)
class Answering:
    """Asks ``function``; ``client`` waits no longer than ``PATIENCE``."""

    client: LambdaClient
    function: str

    def now(self, persona: str, text: str) -> SkillResponse:
        """Give the answer as a skill's response.

        Raises:
            AnswerLate: it took longer than Kakao waits.
        """
        try:
            invoked = self.client.invoke(
                FunctionName=self.function,
                InvocationType="RequestResponse",
                Payload=_payload(persona=persona, text=text),
            )
            answer = json.load(invoked["Payload"])
        except ReadTimeoutError:
            raise AnswerLate("The answer took longer than Kakao waits.") from None
        if "FunctionError" in invoked:
            raise RuntimeError(f"the answering function failed: {answer.get('errorType')}")
        return answer

    def later(self, persona: str, text: str, callback: str) -> None:
        """Have the answer posted to ``callback``."""
        self.client.invoke(
            FunctionName=self.function,
            InvocationType="Event",
            Payload=_payload(persona=persona, text=text, callback=callback),
        )


def _payload(**question: str) -> bytes:
    return json.dumps(question, ensure_ascii=False).encode()
