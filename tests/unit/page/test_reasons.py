"""Why something was refused or failed, in the reader's language: held to what the code itself says."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from maltu import errors, removals
from maltu.dataset import Room, build_dataset
from maltu.errors import MaltuError
from maltu.exports import Survey, choose_speaker, read_export
from maltu.settings import PersonaSettings
from tests.unit.dataset.chats import SPEAKER, Digits, dialogues
from tests.unit.page.modules import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STORAGE = "globalThis.sessionStorage = {getItem: () => null, setItem: () => {}, removeItem: () => {}};"
SPEAK = "const {speak} = await import('./words.js');"
# What a run never fails with: its errors are the callers', the terminal's or Kakao's.
NOT_OF_A_RUN = (errors.RequestError, errors.KakaoError, errors.StyleError)


def zipped(*names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, "nothing")
    return packed.getvalue()


def locked() -> bytes:
    content = bytearray(zipped("talk.txt"))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def survey_of(**speakers: int) -> Survey:
    return Survey(
        format="kakaotalk-csv", room=None, messages=sum(speakers.values()), speakers=speakers, kinds={},
        skipped={}, doubtful={}, first=None, last=None,
    )  # fmt: skip


def chosen(survey: Survey, wanted: str | None = None) -> Callable[[], object]:
    return lambda: choose_speaker(survey, wanted=wanted, persona="p", file_name="f.csv")


def read(content: bytes, name: str = "talk.csv") -> Callable[[], object]:
    return lambda: list(read_export(io.BytesIO(content), name=name))


def raised(fail: Callable[[], object]) -> MaltuError:
    with pytest.raises(MaltuError) as error:
        fail()
    return error.value


def told(failures: list[MaltuError]) -> dict[str, list[str | None]]:
    """What the page says of runs that failed so, in each language."""
    return run(
        f"{STORAGE} {SPEAK} const {{reasonOf}} = await import('./reasons.js');"
        "const say = (language) => {speak(language); return given.map(([name, why]) => reasonOf(name, why))};"
        "answer({ko: say('ko'), en: say('en')})",
        [[type(each).__name__, str(each)] for each in failures],
    )


@pytest.fixture(scope="module")
def failures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, MaltuError]:
    """What the code says, by what the page is to make of it."""
    folder: Path = tmp_path_factory.mktemp("dataset")

    def build() -> object:
        return build_dataset(
            [Room(messages=dialogues(9), named=False, cuts_at=None)],
            speaker=SPEAKER, settings=PersonaSettings(), count_tokens=len, masking=Digits(), directory=folder,
        )  # fmt: skip

    two = survey_of(하준=1_033, 서연=1)
    crowd = survey_of(**{f"p{n}": 2 for n in range(23)})
    return {
        kind: raised(fail)
        for kind, fail in {
            "UnreadableExport.empty": read(b"\n"),
            "UnreadableExport.telegram": read(
                b'<!DOCTYPE html>\n<body onload="CheckLocation();">', "messages.html"
            ),
            "UnreadableExport.meta": read(zipped("messages/inbox/kim_1/message_1.html"), "a.zip"),
            "UnreadableExport.discord": read(b"=====\nGuild: kim\nChannel: x\n"),
            "UnreadableExport.backup": read(b"SQLite format 3\0"),
            "UnreadableExport.backup in a zip": read(zipped("KakaoTalk.db"), "a.zip"),
            "UnreadableExport.backup that is encrypted": read(b"\1\2\3", "chatLogs_17.edb"),
            "UnreadableExport.packed": read(b"Rar!\x1a\x07\1\0"),
            "UnreadableExport.mail": read(b"From: a@b.c\r\nTo: d@e.f\r\nSubject: chat\r\n\r\nhi\r\n"),
            "UnreadableExport.picture": read(b"\x89PNG\r\n"),
            "UnreadableExport.pdf": read(b"%PDF-1.7"),
            "UnreadableExport.office": read(zipped("[Content_Types].xml"), "a.zip"),
            "UnreadableExport.encrypted": read(locked(), "a.zip"),
            "UnreadableExport.damaged": read(b"PK\x03\x04 and no more", "a.zip"),
            "UnreadableExport.without": read(zipped("a.exe"), "a.zip"),
            "UnreadableExport.large": read(bomb(), "a.zip"),
            "UnreadableExport.columns": read(b"name,age\nkim,3\n"),
            "UnknownSpeaker.called": chosen(two, "서언"),
            "UnknownSpeaker.called in quotes": chosen(two, "O'Brien"),
            "UnknownSpeaker.unnamed": chosen(crowd),
            "UnknownSpeaker.alone": chosen(survey_of(하준=3)),
            "UnknownSpeaker.silent": chosen(survey_of()),
            "TooFewExamples.few": build,
        }.items()
    }


def bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", "Date,User,Message\n" + "0" * 20_000_000)
    return packed.getvalue()


def test_what_the_code_says_is_said_in_the_readers_language(
    failures: dict[str, MaltuError], words: dict[str, dict[str, str]]
) -> None:
    spoken = told([*failures.values()])
    for language, texts in spoken.items():
        for kind, text in zip(failures, texts, strict=True):
            template = re.escape(words[language][f"reason.{kind.partition(' ')[0]}"])
            assert re.fullmatch(re.sub(r"\\\{\w+\\\}", ".+", template), text or "", re.DOTALL), (kind, text)
    said = dict(zip(failures, spoken["ko"], strict=True))
    assert "말하는 사람: 하준 (메시지 1,033개), 서연 (메시지 1개)." in (said["UnknownSpeaker.called"] or "")
    assert "‘O'Brien’" in (said["UnknownSpeaker.called in quotes"] or "")
    assert "p19 (메시지 2개), 3명 더." in (said["UnknownSpeaker.unnamed"] or "")
    assert said["TooFewExamples.few"] == (
        f"{SPEAKER}의 대답이 9개뿐이에요. 학습하려면 10개가 있어야 해요. 대화를 더 길게 내보내거나, "
        "같은 사람이 있는 다른 대화를 올려 주세요."
    )


def test_every_way_a_run_fails_has_a_name_and_advice(words: dict[str, dict[str, str]]) -> None:
    kinds = [
        each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, MaltuError)
    ]
    own = [
        each for each in kinds
        if each not in {MaltuError, errors.ExportError, errors.ProviderError, errors.RunEnded}
        and not issubclass(each, NOT_OF_A_RUN)
    ]  # fmt: skip
    assert len(own) > 15
    for name in ("InternalError", *(each.__name__ for each in own)):
        assert {f"failure.{name}", f"reason.{name}"} <= words["ko"].keys()


def test_what_goes_by_itself_is_said_in_the_readers_language(words: dict[str, dict[str, str]]) -> None:
    assert {f"goes.{text}" for text in removals.GOES_BY_ITSELF} == {
        key for key in words["ko"] if key.startswith("goes.")
    }


REFUSALS: list[tuple[int, str | None, str | None, str, bool]] = [
    (400, None, "bytes", "100MB", False),
    (400, None, "file_name", ".csv", False),
    (400, None, "messages.3.content", "20,000자", False),
    (400, None, "seed", "이대로는", True),
    (400, "unreadable_export", None, "읽지 못했어요", False),
    (401, "invalid_api_key", None, "이 키로는", False),
    (409, "unheard_of", None, "지금은", False),
    (418, None, None, "거절됐어요", True),
    (502, "provider_error", None, "제공자", False),
]


def test_a_refusal_is_told_in_the_readers_language_and_in_full_where_only_that_tells() -> None:
    given: list[Any] = [
        [status, {"code": code, "param": param, "message": "in English"}]
        for status, code, param, _, _ in REFUSALS
    ]
    explained = run(
        f"{STORAGE} {SPEAK} speak('ko'); const [{{Refused}}, {{explain}}] = await Promise.all("
        "['./api.js', './reasons.js'].map((it) => import(it)));"
        "answer(given.map(([status, error]) => explain(new Refused(status, error))))",
        given,
    )
    for (status, *_, words, plain), shown in zip(REFUSALS, explained, strict=True):
        assert words in shown["title"]
        assert shown["plain"] is plain
        assert shown["detail"] == (None if status == 401 or status >= 500 else "in English")
