"""Answer what a KakaoTalk channel's bot was asked: to whoever waits, or to Kakao's callback URL."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger

from maltu import deployment, kakao, serving
from maltu.callbacks import post_once
from maltu.errors import MaltuError, RequestError
from maltu.naming import is_persona, normalised
from maltu.providers import Sampling

if TYPE_CHECKING:
    from typing import Any

    from aws_lambda_powertools.utilities.typing import LambdaContext

MAX_TOKENS = 256
# A callback that overtakes the acknowledgement of its question is refused.
ACKNOWLEDGED_SECONDS = 1.0

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _: LambdaContext) -> kakao.SkillResponse | None:
    """Answer ``persona`` and ``text``; where there is a ``callback``, post the answer to it.

    Raises:
        CallbackRefused: Kakao did not take the answer; it was posted at most once.
    """
    if is_persona(normalised(event["persona"])):
        logger.append_keys(persona=normalised(event["persona"]))
    began = time.monotonic()
    response = kakao.answer(_bubbles(event["persona"], event["text"]))
    if "callback" not in event:
        return response
    time.sleep(max(0.0, began + ACKNOWLEDGED_SECONDS - time.monotonic()))
    post_once(event["callback"], response)
    return None


def _bubbles(persona: str, text: str) -> list[str]:
    try:
        completion = serving.chat_completion(
            persona,
            [{"role": "user", "content": text}],
            Sampling(max_tokens=MAX_TOKENS),
            registry=deployment.registry(),
            inference=deployment.inference(),
        )
    except MaltuError as error:
        reason = None if isinstance(error, RequestError) else str(error)
        logger.warning("not answered", extra={"error": type(error).__name__, "reason": reason})
        return [kakao.said_of(error)]
    except Exception as error:  # noqa: BLE001 - the chatter is answered whatever happens
        # The exception's text and its traceback may quote the question.
        logger.error("answering failed", extra={"error": type(error).__name__})  # noqa: TRY400
        return [kakao.said_of(error)]
    used = completion["usage"]
    logger.info("answered", extra={name: used[name] for name in ("prompt_tokens", "completion_tokens")})
    return kakao.bubbles(completion["choices"][0]["message"]["content"] or "")
