"""The KakaoTalk bot's route in the OpenAPI document: Kakao's own protocol, in which nothing is refused."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from maltu.kakao import Acknowledgement, SkillRequest, SkillResponse

if TYPE_CHECKING:
    from types import ModuleType

    from infra.openapi_shapes import Shapes

Json = dict[str, Any]

PATH: Final = "/kakao/{persona}"

_SCHEME: Final = "kakao_secret"
_JSON: Final = "application/json"


def operation(shapes: Shapes) -> Json:
    """Describe the route."""
    return {
        "operationId": "kakao_skill",
        "summary": "Answer in a KakaoTalk channel",
        "description": (
            "Kakao's skill server, where the deployment has it on. Kakao shows nothing but an answer with "
            "status 200, so whatever goes wrong, a missing or wrong secret included, is said in a bubble. "
            "Kakao waits five seconds; with a callback URL the answer is acknowledged and follows there."
        ),
        "tags": ["kakao"],
        "security": [{_SCHEME: []}],
        "parameters": [
            {
                "name": "persona",
                "in": "path",
                "required": True,
                "description": "The persona's name.",
                "schema": {"type": "string", "format": "persona-name"},
            }
        ],
        "requestBody": {
            "required": True,
            "content": {_JSON: {"schema": shapes.add(SkillRequest, "validation")}},
        },
        "responses": {
            str(int(HTTPStatus.OK)): {
                "description": "The bubbles, or that they follow.",
                "content": {_JSON: {"schema": shapes.add(SkillResponse | Acknowledgement)}},
            }
        },
    }


def security(app: ModuleType) -> Json:
    """Describe what Kakao shows instead of a key; ``app`` is the module of the bot's function."""
    return {
        _SCHEME: {
            "type": "apiKey",
            "in": "header",
            "name": app.SECRET_HEADER,
            "description": "What the owner gave Kakao's settings for the skill, instead of a key.",
        }
    }
