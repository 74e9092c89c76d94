"""Kakao's skill server: pass on what a chatter says, inside the five seconds that Kakao waits."""

from __future__ import annotations

import base64
import hmac
import json
from typing import TYPE_CHECKING
from urllib.parse import unquote

from aws_lambda_powertools import Logger

from maltu import deployment, kakao
from maltu.errors import AnswerLate
from maltu.naming import is_persona, normalised

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from aws_lambda_powertools.utilities.typing import LambdaContext

SECRET_HEADER = "x-maltu-kakao-secret"  # noqa: S105 - its name, not the secret

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _: LambdaContext) -> dict[str, Any]:
    """Answer API Gateway's proxy event; with HTTP 200 and a bubble whatever happens."""
    logger.append_keys(request=event["requestContext"]["requestId"])
    try:
        response = _respond(event)
    except Exception as error:  # noqa: BLE001 - Kakao shows the chatter nothing but an answer
        # The exception's text and its traceback may quote the request.
        logger.error("skill failed", extra={"error": type(error).__name__})  # noqa: TRY400
        response = kakao.answer([kakao.FAILED])
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json; charset=utf-8"},
        "body": json.dumps(response, ensure_ascii=False),
    }


def _respond(event: dict[str, Any]) -> kakao.SkillResponse | kakao.Acknowledgement:
    if not _is_kakao(event.get("headers") or {}):
        logger.warning("skill refused: the secret in its header is missing or wrong")
        return kakao.answer([kakao.REFUSED])
    utterance = kakao.parse_request(_body(event))
    if utterance is None:
        return kakao.answer([kakao.UNREADABLE])
    if len(utterance.text) > kakao.MAX_UTTERANCE:
        return kakao.answer([kakao.TOO_LONG])
    persona = unquote(event["path"].rpartition("/")[2])
    if is_persona(normalised(persona)):
        logger.append_keys(persona=normalised(persona))
    answering = deployment.answering()
    if utterance.callback:
        answering.later(persona, utterance.text, utterance.callback)
        logger.info("question passed on")
        return kakao.acknowledgement()
    try:
        response = answering.now(persona, utterance.text)
    except AnswerLate:
        logger.warning("answer late: let the block use a callback")
        return kakao.answer([kakao.LATE])
    logger.info("question answered")
    return response


def _is_kakao(headers: Mapping[str, str]) -> bool:
    shown = next((value for name, value in headers.items() if name.lower() == SECRET_HEADER), "")
    expected = deployment.secret("KAKAO_SECRET_ARN")
    return hmac.compare_digest(shown.encode("utf-8", "replace"), expected.encode())


def _body(event: dict[str, Any]) -> str:
    body: str = event.get("body") or ""
    return base64.b64decode(body).decode("utf-8", "replace") if event.get("isBase64Encoded") else body
