from __future__ import annotations

import gzip
import hashlib
import json
import runpy
import sys
import zipfile
from functools import cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import tiktoken
from hypothesis import given
from hypothesis import strategies as st

from maltu.dataset import RanksMissing, Room, build_dataset, open_tokenizer, ranks
from maltu.dataset.ranks import RANK_FILES, RANKS_DIRECTORY
from maltu.dataset.tokenizer import tiktoken_counter
from maltu.dataset.words import ByWords, count_together, in_python
from maltu.settings import PersonaSettings
from tests.support.handlers import ROOT
from tests.unit.dataset.chats import SPEAKER, Digits, dialogues

if TYPE_CHECKING:
    from collections.abc import Callable

    from maltu.dataset import Encoding
    from maltu.dataset.words import Adding, Counting

CORPUS = (
    *(ROOT / "infra" / "local" / "sample").glob("*.csv"),
    *(ROOT / "tests" / "data" / "masking").glob("*.jsonl"),
)
SCRIPT = Path(ranks.__file__).parents[2] / "fetch_ranks.py"


@cache
def reference(encoding: Encoding) -> tiktoken.Encoding:
    tiktoken_counter(encoding)  # it tells tiktoken where the ranks are
    return tiktoken.get_encoding(encoding)


@pytest.mark.parametrize(
    ("encoding", "text", "count"),
    [
        ("o200k_base", "ㅋㅋㅋㅋ", 2),
        ("cl100k_base", "ㅋㅋㅋㅋ", 8),
        ("o200k_base", "", 0),
        ("cl100k_base", "왜 END", 3),
    ],
)
def test_known_counts(encoding: Encoding, text: str, count: int) -> None:
    assert open_tokenizer(encoding)(text) == count


CHAT = st.text(
    st.one_of(
        st.characters(categories=("Lo", "Ll", "Nd", "So", "Mn", "Cn", "Cs")),
        st.sampled_from([*"ㅋㅠㅎ 가각힣.,!?~'\n\r\t\u3000\u200d\ufe0f\u1100\u1161😂👍🏽0123456789sltdm"]),
    )
)
# What words are cut at, and what a piece of the encodings' patterns may hold beside it.
SPACED = st.text(st.sampled_from([*"  \n\n\r\t\0/\x85\x1f가aAs1.'👍🏽"]))
TYPED = st.text(st.sampled_from([*"  \n가나ㅋaA1.!?/"]))


def by_words_in_python(encoding: Encoding) -> Counting:
    return ByWords(tiktoken_counter(encoding), adding=in_python)


@pytest.fixture(
    scope="module",
    params=product(("o200k_base", "cl100k_base"), (open_tokenizer, by_words_in_python, tiktoken_counter)),
)
def counter(request: pytest.FixtureRequest) -> tuple[Counting, tiktoken.Encoding]:
    """Each way of counting, and what counts right."""
    encoding, open_counter = request.param
    return open_counter(encoding), reference(encoding)


@given(text=st.one_of(st.text(), CHAT, SPACED, TYPED))
def test_counts_are_tiktokens(counter: tuple[Counting, tiktoken.Encoding], text: str) -> None:
    count, encoding = counter

    assert count(text) == len(encoding.encode(text, disallowed_special=()))


@given(texts=st.lists(st.one_of(CHAT, SPACED, TYPED, st.sampled_from(["", "\1", " ", "\n"]))))
def test_texts_counted_together_are_counted_each_alone(
    counter: tuple[Counting, tiktoken.Encoding], texts: list[str]
) -> None:
    count, _ = counter

    assert count_together(count, texts) == sum(map(count, texts))


@pytest.mark.parametrize("adding", [None, in_python])
@pytest.mark.parametrize(
    "text", ["", " 응", "응 ", "응  그래", "응 \n그래", "응\n\n그래", "응\n 그래", "응\n"]
)
def test_white_space_that_nobody_meant_lets_words_be_counted_once(text: str, adding: Adding | None) -> None:
    counted: list[str] = []

    def count(word: str) -> int:
        counted.append(word)
        return 1

    ByWords(count, adding=adding).together(["응", text, "그래", text])

    assert len(counted) == len(set(counted))
    assert not any("응" in word and "그래" in word for word in counted)


@pytest.mark.parametrize("open_counter", [open_tokenizer, by_words_in_python])
@pytest.mark.parametrize("encoding", ["o200k_base", "cl100k_base"])
def test_a_corpus_is_counted_as_tiktoken_counts_it(
    encoding: Encoding, open_counter: Callable[[Encoding], Counting], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maltu.dataset.words._MOST_REMEMBERED", 1000)  # not all of its words
    count, expected = open_counter(encoding), tiktoken_counter(encoding)
    lines = [line for path in CORPUS for line in path.read_text("utf-8").splitlines()]

    assert len(lines) > 1000
    assert list(map(count, lines)) == list(map(expected, lines))


def test_the_faster_counter_is_used_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maltu.dataset.tokenizer.directory_of", lambda _: None)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]

    assert open_tokenizer("o200k_base")("ㅋㅋㅋㅋ") == 2
    with pytest.raises(RanksMissing):
        tiktoken_counter("o200k_base")


@pytest.mark.parametrize("open_counter", [open_tokenizer, tiktoken_counter])
def test_a_special_token_in_a_chat_is_text(
    open_counter: Callable[[Encoding], Counting],
) -> None:
    assert open_counter("o200k_base")("<|endoftext|>") > 1


def test_a_chats_tokens_follow_openais_rule(tmp_path: Path) -> None:
    encode = reference("o200k_base").encode
    summary = build_dataset(
        [Room(messages=dialogues(30))],
        speaker=SPEAKER,
        masking=Digits(),
        settings=PersonaSettings(),
        count_tokens=open_tokenizer("o200k_base"),
        directory=tmp_path,
    )

    for part, file in ((summary.train, "train.jsonl"), (summary.validation, "validation.jsonl")):
        examples = [json.loads(line) for line in (tmp_path / file).read_text("utf-8").splitlines()]
        assert part.examples == len(examples)
        assert part.tokens == sum(
            3
            + sum(
                3 + sum(len(encode(value)) for value in message.values()) for message in example["messages"]
            )
            for example in examples
        )


def test_completions_tokens_are_those_of_both_texts(tmp_path: Path) -> None:
    encode = reference("cl100k_base").encode
    summary = build_dataset(
        [Room(messages=dialogues(10, turns_each=3))],
        speaker=SPEAKER,
        masking=Digits(),
        settings=PersonaSettings(format="completions", validation_share=0),
        count_tokens=open_tokenizer("cl100k_base"),
        directory=tmp_path,
    )

    examples: list[dict[str, str]] = [
        json.loads(line) for line in (tmp_path / "train.jsonl").read_text("utf-8").splitlines()
    ]
    assert summary.train.tokens == sum(
        len(encode(e["prompt"])) + len(encode(e["completion"])) for e in examples
    )


def test_the_ranks_are_those_that_tiktoken_expects() -> None:
    for file in RANK_FILES.values():
        url = f"https://openaipublic.blob.core.windows.net/encodings/{file.name}.tiktoken"
        assert file.file == hashlib.sha1(url.encode(), usedforsecurity=False).hexdigest()
        assert hashlib.sha256((RANKS_DIRECTORY / file.file).read_bytes()).hexdigest() == file.sha256


@pytest.mark.parametrize("content", [None, b"damaged"])
def test_missing_or_damaged_ranks_are_never_downloaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    monkeypatch.setattr(ranks, "RANKS_DIRECTORY", tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setitem(sys.modules, "bpe_openai", None)
    monkeypatch.setitem(sys.modules, "rs_bpe.bpe", None)
    file = tmp_path / RANK_FILES["o200k_base"].file
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(RanksMissing, match=r"python shared/fetch_ranks\.py"):
        open_tokenizer("o200k_base")

    assert content is None or file.read_bytes() == content


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The packed o200k ranks of an installed package, where nothing else has any."""
    packed = tmp_path / "site" / "bpe_openai" / "data" / "o200k_base.tiktoken.gz"
    packed.parent.mkdir(parents=True)
    (packed.parent.parent / "__init__.py").touch()
    packed.write_bytes(gzip.compress((RANKS_DIRECTORY / RANK_FILES["o200k_base"].file).read_bytes(), 1))
    monkeypatch.setattr(ranks, "RANKS_DIRECTORY", tmp_path / "none")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(packed.parents[2])
    return packed


def test_an_installed_package_brings_the_ranks(installed: Path, tmp_path: Path) -> None:
    unpacked = ranks.directory_of(RANK_FILES["o200k_base"])
    installed.unlink()

    assert unpacked == tmp_path / "cache" / "maltu" / "ranks"
    assert ranks.directory_of(RANK_FILES["o200k_base"]) == unpacked
    assert tiktoken_counter("o200k_base")("안녕하세요") == len(reference("o200k_base").encode("안녕하세요"))


def test_another_file_of_that_name_is_not_taken_for_the_ranks(installed: Path, tmp_path: Path) -> None:
    installed.write_bytes(gzip.compress(b"something else"))

    assert ranks.directory_of(RANK_FILES["o200k_base"]) is None
    assert list((tmp_path / "cache" / "maltu" / "ranks").iterdir()) == []


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> tuple[Callable[[Path], None], list[list[str]]]:
    """The script's main, with a pip that puts a wheel of the installed ranks there; and pip's calls."""
    main = runpy.run_path(str(SCRIPT))["main"]
    calls: list[list[str]] = []

    def pip(command: list[str], *, check: bool) -> type:
        assert check is False
        calls.append(command)
        with zipfile.ZipFile(Path(command[-1]) / "bpe_openai.whl", "w") as wheel:
            for file in RANK_FILES.values():
                content = gzip.compress((RANKS_DIRECTORY / file.file).read_bytes(), 1)
                wheel.writestr(f"bpe_openai/data/{file.name}.tiktoken.gz", content)
        return type("Done", (), {"returncode": 0})

    monkeypatch.setattr("subprocess.run", pip)
    return main, calls


def test_fetching_writes_what_is_missing_or_wrong(
    script: tuple[Callable[[Path], None], list[list[str]]], tmp_path: Path
) -> None:
    main, calls = script
    target = tmp_path / "ranks"
    target.mkdir()
    damaged = target / RANK_FILES["cl100k_base"].file
    damaged.write_bytes(b"damaged")

    main(target)
    main(target)

    assert len(calls) == 1
    assert "--require-hashes" in calls[0]
    assert {path.name for path in target.iterdir()} == {file.file for file in RANK_FILES.values()}
    assert all(ranks.is_right(target / file.file, file) for file in RANK_FILES.values())


def test_fetching_refuses_other_content(
    script: tuple[Callable[[Path], None], list[list[str]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    main, _ = script

    def decompress(_: bytes) -> bytes:
        return b"something else"

    monkeypatch.setattr("gzip.decompress", decompress)

    with pytest.raises(SystemExit, match="is not the file that tiktoken expects"):
        main(tmp_path / "ranks")

    assert list((tmp_path / "ranks").iterdir()) == []
