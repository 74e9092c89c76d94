"""The function that answers, as the one that Kakao calls sees it.

Whoever is called from outside holds neither the provider's key nor the registry, and is up in no time because
it loads neither; all it can do is to pass a question on.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import quote

from botocore.exceptions import ReadTimeoutError

from maltu.aws_json import Patience
from maltu.errors import AnswerLate

if TYPE_CHECKING:
    from botocore.awsrequest import AWSResponse

    from maltu.aws_json import Client
    from maltu.kakao import SkillResponse

# Kakao waits five seconds in all, for the network and a cold start as well.
SECONDS: Final = 3.5
# A question that is asked again is paid for again.
PATIENCE: Final = Patience(connect=1.0, read=SECONDS, tries=1)


@dataclass(frozen=True, slots=True)
class Answering:
    """Asks ``function``; ``client`` waits no longer than ``PATIENCE``."""

    client: Client
    function: str

    def now(self, persona: str, text: str) -> SkillResponse:
        """Give the answer as a skill's response.

        Raises:
            AnswerLate: it took longer than Kakao waits.
        """
        try:
            invoked = self._invoke("RequestResponse", persona=persona, text=text)
        except ReadTimeoutError:
            raise AnswerLate("The answer took longer than Kakao waits.") from None
        answer = json.loads(invoked.content)
        if "x-amz-function-error" in invoked.headers:
            raise RuntimeError(f"the answering function failed: {answer.get('errorType')}")
        return answer

    def later(self, persona: str, text: str, callback: str) -> None:
        """Have the answer posted to ``callback``."""
        self._invoke("Event", persona=persona, text=text, callback=callback)

    def _invoke(self, how: Literal["Event", "RequestResponse"], **question: str) -> AWSResponse:
        path = f"/2015-03-31/functions/{quote(self.function, safe='')}/invocations"
        payload = json.dumps(question, ensure_ascii=False).encode()
        return self.client.post("Invoke", payload, path, {"X-Amz-Invocation-Type": how})
