from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from maltu.errors import InvalidSettings
from maltu.settings import PersonaSettings, resolve_settings


def test_metadata_wins_over_persona_json_wins_over_defaults() -> None:
    stored = json.dumps({"speaker": "하준", "silence_minutes": 60, "n_epochs": None}).encode()
    settings = resolve_settings(stored, {"speaker": quote("서연")}, defaults=PersonaSettings(n_epochs=4))
    assert (settings.speaker, settings.silence_minutes, settings.n_epochs) == ("서연", 60, None)


@pytest.mark.parametrize(
    ("written", "speaker"),
    [
        ("Json", "Json"),
        (quote("가람 [분석] 50% + 1"), "가람 [분석] 50% + 1"),
        ("=?UTF-8?B?7ISc7Jew?=", "서연"),
        ("a+b", "a+b"),
    ],
)
def test_metadata_carries_any_name(written: str, speaker: str) -> None:
    assert resolve_settings(None, {"speaker": written}).speaker == speaker


def test_metadata_keys_are_read_as_headers_write_them_and_foreign_ones_left_alone() -> None:
    settings = resolve_settings(
        None, {"Silence-Minutes": "90", "validation-share": "0.2", "uploaded-by": "me"}
    )
    assert (settings.silence_minutes, settings.validation_share) == (90, 0.2)


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        (b"{", "not valid JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[]", "one JSON object"),
        (b'{"speeker": "x"}', "'speeker', which is no setting; there are speaker, recipe"),
        (b'{"speaker": 5}', "expected str | None"),
        (b'{"n_epochs": true}', "expected int | None"),
        (b'{"n_epochs": 51}', "n_epochs is 51; it must be between 1 and 50"),
        (b'{"recipe": "pairs"}', "must be one of conversation, pair"),
        (b'{"recipe": null}', "expected Recipe"),
        (b'{"approval": "never"}', "must be one of above_budget, always"),
        (b'{"validation_share": 0.6}', "between 0 and 0.5"),
        (b'"' + b"x" * 70_000 + b'"', "at most 65536"),
    ],
)
def test_what_is_wrong_with_persona_json_is_said(stored: bytes, said: str) -> None:
    with pytest.raises(InvalidSettings) as raised:
        resolve_settings(stored, {})
    assert said in str(raised.value)
    assert "persona.json" in str(raised.value)


def test_what_is_wrong_with_metadata_is_said() -> None:
    with pytest.raises(InvalidSettings, match="metadata sets n_epochs to 'many'; expected a number"):
        resolve_settings(None, {"n-epochs": "many"})


def test_a_byte_order_mark_is_no_mistake() -> None:
    assert resolve_settings(b'\xef\xbb\xbf{"speaker": "Json"}', {}).speaker == "Json"
