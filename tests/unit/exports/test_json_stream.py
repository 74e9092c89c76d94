from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import ijson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maltu.errors import UnreadableExport
from maltu.exports import json_stream
from maltu.exports.json_stream import EACH, ENDED, MAX_DEPTH, stream_values, string_of
from maltu.exports.source import MAX_RECORD_BYTES, Source

if TYPE_CHECKING:
    from maltu.exports.json_stream import Path

RECORDS = frozenset((("records", EACH),))


def values(document: str | bytes, wanted: frozenset[Path] = RECORDS) -> list[object]:
    raw = document.encode() if isinstance(document, str) else document
    return [value for _, value in stream_values(Source(io.BytesIO(raw), name="x"), values=wanted)]


@pytest.fixture(params=["yajl2_c", "python"])
def _parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        parser = ijson.get_backend(request.param)
    except ImportError:
        pytest.skip("ijson was installed without its C parser")
    monkeypatch.setattr(json_stream.ijson, "basic_parse", parser.basic_parse)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(records=st.lists(json_values, max_size=5), other=json_values, ascii_only=st.booleans())
def test_what_was_written_is_read(*, records: list[object], other: object, ascii_only: bool) -> None:
    document = {"before": other, "records": records, "after": {"records": [1]}, "x": [{"records": [2]}]}

    assert values(json.dumps(document, ensure_ascii=ascii_only)) == records


def test_values_come_with_their_paths_and_containers_end() -> None:
    document = '{"chats":{"list":[{"name":"a","m":[1]},{"m":[2,3],"name":"b"},7]},"name":"outer"}'
    chat = ("chats", "list", EACH)
    source = Source(io.BytesIO(document.encode()), name="x")

    found = list(
        stream_values(
            source, values=frozenset(((*chat, "name"), (*chat, "m", EACH))), ends=frozenset((chat,))
        )
    )

    assert [(path[-1], value) for path, value in found] == [
        *(("name", "a"), (EACH, 1), (EACH, ENDED)),
        *((EACH, 2), (EACH, 3), ("name", "b"), (EACH, ENDED)),
    ]


@pytest.mark.usefixtures("_parser")
@pytest.mark.parametrize(
    ("document", "said"),
    [
        pytest.param('{"records":' + "[" * 100_000, "nested more than", id="arrays without end"),
        pytest.param(
            '{"records":[' + "[" * 50_000 + "]" * 50_000 + "]}", "nested more than", id="deep record"
        ),
        pytest.param('{"x":' + '{"a":' * 50_000, "nested more than", id="deep objects elsewhere"),
        pytest.param(
            '{"records":[{"a":1},{"b":', "ends in the middle of its JSON, after record 2", id="cut off"
        ),
        pytest.param('{"records":[{"a":1}]', "ends in the middle", id="cut off between records"),
        pytest.param('{"records":[{"a":1,"a":2}]}', "has a key twice", id="a key twice"),
        pytest.param('{"records":[1 2]}', "no valid JSON after record 1", id="no comma"),
        pytest.param('{"records":[1]} x', "no valid JSON", id="more behind it"),
        pytest.param('{"records":[NaN]}', "no valid JSON", id="NaN"),
        pytest.param('{"records":[' + "9" * 10_000 + "]}", "no valid JSON", id="a number too long"),
        pytest.param('{"records":["a\nb"]}', "no valid JSON", id="a line break in a string"),
        pytest.param('{"records":["secret\\x"]}', "no valid JSON", id="unknown escape"),
    ],
)
def test_what_is_no_json_is_refused_and_not_quoted(document: str, said: str) -> None:
    with pytest.raises(UnreadableExport, match=said) as caught:
        values(document)

    assert "secret" not in str(caught.value)


@pytest.mark.usefixtures("_parser")
def test_both_parsers_read_the_same() -> None:
    document = '{"records":[null, true, -3, "\\ud55c\\uae00 😂", {"a": [1, {"b": "c"}], "d": {}}, [], [[]]]}'

    assert values(document) == [None, True, -3, "한글 😂", {"a": [1, {"b": "c"}], "d": {}}, [], [[]]]


def test_nesting_up_to_the_limit_is_read() -> None:
    record = "[" * MAX_DEPTH + "]" * MAX_DEPTH

    assert len(values('{"records":[' + record + "]}")) == 1
    with pytest.raises(UnreadableExport, match="nested more than"):
        values('{"records":[[' + record + "]]}")


@pytest.mark.parametrize("start", ['{"records":["', '{"x":"', '{"records":[{"a":["'])
def test_a_value_without_end_is_given_up(start: str) -> None:
    class Endless(io.BytesIO):
        handed_out = 0

        def read(self, size: int | None = -1, /) -> bytes:
            assert size
            first, self.handed_out = not self.handed_out, self.handed_out + size
            return (start.encode() if first else b"").ljust(size, b"x")

    stream = Endless()

    with pytest.raises(UnreadableExport, match="does not end within"):
        list(stream_values(Source(stream, name="x"), values=RECORDS))

    assert stream.handed_out < 2 * MAX_RECORD_BYTES


def test_many_small_values_in_one_record_are_given_up_too() -> None:
    with pytest.raises(UnreadableExport, match="What follows record 1 does not end"):
        values('{"records":[[' + "1," * MAX_RECORD_BYTES + "1]]}")


def test_what_is_skipped_may_be_of_any_length() -> None:
    assert values('{"x":[' + '"abcdefgh",' * 1_000_000 + '1],"records":[5]}') == [5]


def test_what_is_not_utf8_is_located() -> None:
    with pytest.raises(UnreadableExport, match=r"Byte 100015 \(line 100001\) is not UTF-8"):
        values(b"\n" * 100_000 + b'{"records":["ab\xff"]}')


def test_half_a_surrogate_pair_is_replaced() -> None:
    assert string_of("a\ud83d") == "a\ufffd"
    assert string_of("\ud83d\ude00") == "\U0001f600"
    assert string_of("한") == "한"
    assert not string_of(3)


@pytest.mark.usefixtures("_parser")
def test_half_a_surrogate_pair_in_a_file_is_read_or_refused() -> None:
    for escape in (r"\ud83d", r"\ude00", r"\ud83dx\ude00"):
        try:
            [value] = values(f'{{"records":["{escape}"]}}')
        except UnreadableExport:
            continue
        string_of(value).encode()


@given(st.binary())
def test_arbitrary_bytes_are_read_or_refused(raw: bytes) -> None:
    for start in (b"", b'{"records":[', b'{"records":[{"a":'):
        try:
            values(start + raw)
        except UnreadableExport:
            continue
