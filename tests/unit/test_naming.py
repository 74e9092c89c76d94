from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maltu.errors import InvalidKey
from maltu.naming import identity_of, is_export_key, is_persona, parse_export_key, version_name


@pytest.mark.parametrize("name", ["하준", "json", "Jean-Luc", "सुमन", "小林", "a", "x" * 64, "2호"])
def test_letters_of_any_script_name_a_persona(name: str) -> None:
    assert is_persona(name)


@pytest.mark.parametrize(
    "name", ["", "-", "-a", "a b", "a_b", "a+b", "50%", "🙂", "a/b", "x" * 65, "a@b", "a\n"]
)
def test_anything_else_does_not(name: str) -> None:
    assert not is_persona(name)


def test_a_mac_names_the_same_persona() -> None:
    key = parse_export_key(f"exports/{unicodedata.normalize('NFD', '하준')}/chat.csv")
    assert key is not None
    assert key.persona == "하준"


def test_file_names_may_hold_anything() -> None:
    key = parse_export_key("exports/하준/KakaoTalk (1) +100% 🙂.csv")
    assert key is not None
    assert (key.persona, key.file) == ("하준", "KakaoTalk (1) +100% 🙂.csv")


def test_what_comes_over_the_endpoint_has_a_folder_of_its_own_and_keeps_its_name() -> None:
    key = parse_export_key(f"exports/하준/exp_{'0' * 32}/KakaoTalk (1).csv")
    assert key is not None
    assert (key.persona, key.file) == ("하준", "KakaoTalk (1).csv")


@pytest.mark.parametrize("key", ["exports/하준/", "exports/하준/persona.json", "exports/"])
def test_what_is_no_export_is_left_alone(key: str) -> None:
    assert parse_export_key(key) is None


@pytest.mark.parametrize(
    "key",
    [
        "exports/chat.csv",
        "exports/a/b/chat.csv",
        "exports/a/exp_0/chat.csv",
        "exports/a/exp_00000000000000000000000000000000/b/chat.csv",
        "other/a/chat.csv",
        "exports//chat.csv",
    ],
)
def test_a_misplaced_export_is_told_where_to_go(key: str) -> None:
    assert not is_export_key(key)
    with pytest.raises(InvalidKey, match="exports/<persona>/<file>"):
        parse_export_key(key)


def test_an_invalid_persona_is_named_in_the_reason() -> None:
    key = parse_export_key("exports/친구 1+/chat.csv")
    assert key is not None
    with pytest.raises(InvalidKey, match=r"'친구 1\+' cannot be a persona's name: use letters"):
        _ = key.persona


TIMES = st.datetimes(datetime(2020, 1, 1), datetime(2099, 12, 31))  # noqa: DTZ001 - the zone plays no part


@given(TIMES, st.integers(min_value=1, max_value=10**11), st.text(), st.text())
def test_versions_sort_by_their_time(at: datetime, milliseconds: int, a: str, b: str) -> None:
    later = at + timedelta(milliseconds=milliseconds)
    assert version_name(at, identity_of("p", a, {})) < version_name(later, identity_of("p", b, {}))


def test_a_version_is_a_valid_execution_name_in_ascii() -> None:
    name = version_name(
        datetime(2026, 10, 18, 13, 41, 7, tzinfo=UTC), identity_of("하준", "00", {"speaker": "하준"})
    )
    assert name.startswith("20261018t134107000-")
    assert name.isascii()
    assert len(name) + len("-999") <= 80


def test_identity_follows_content_and_settings_not_their_order() -> None:
    assert identity_of("p", "c", {"a": 1, "b": 2}) == identity_of("p", "c", {"b": 2, "a": 1})
    others = {identity_of("q", "c", {}), identity_of("p", "d", {}), identity_of("p", "c", {"a": 1})}
    assert len({identity_of("p", "c", {}), *others}) == 4
