from __future__ import annotations

import io
import json
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maltu.errors import UnreadableExport
from maltu.exports import json_text
from maltu.exports.json_stream import EACH, ENDED, record_start, stream_values, string_of
from maltu.exports.json_text import MAX_DEPTH
from maltu.exports.source import MAX_RECORD_BYTES, Source

if TYPE_CHECKING:
    from maltu.exports.json_stream import Path

RECORDS = frozenset((("records", EACH),))


def values(document: str | bytes, wanted: frozenset[Path] = RECORDS) -> list[object]:
    raw = document.encode() if isinstance(document, str) else document
    found = stream_values(Source(io.BytesIO(raw), name="x"), values=wanted)
    return [value for _, values in found for value in values]


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


blanks = st.text(st.sampled_from(" \t\n\r"), max_size=3)


@given(
    records=st.lists(json_values, max_size=5),
    other=json_values,
    ascii_only=st.booleans(),
    spaces=st.tuples(blanks, blanks),
    block=st.integers(1, 90),
)
def test_what_was_written_is_read_wherever_its_blocks_end(
    *,
    records: list[object],
    other: object,
    ascii_only: bool,
    spaces: tuple[str, str],
    block: int,
) -> None:
    document = {"before": other, "records": records, "after": {"records": [1]}, "x": [{"records": [2]}]}
    written = json.dumps(document, ensure_ascii=ascii_only, separators=(",".join(spaces), ":".join(spaces)))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_text, "BLOCK_CHARACTERS", block)
        assert values(written) == json.loads(written)["records"]


@given(records=st.lists(json_values, min_size=1, max_size=3), block=st.integers(1, 90), data=st.data())
def test_a_document_cut_anywhere_is_refused(records: list[object], block: int, data: st.DataObject) -> None:
    written = json.dumps({"records": records})
    cut = written[: data.draw(st.integers(0, len(written) - 1))]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_text, "BLOCK_CHARACTERS", block)
        with pytest.raises(UnreadableExport, match=r"ends in the middle|no valid JSON"):
            values(cut)


def test_values_come_with_their_paths_and_containers_end() -> None:
    document = '{"chats":{"list":[{"name":"a","m":[1]},{"m":[2,3],"name":"b"},7]},"name":"outer"}'
    chat = ("chats", "list", EACH)
    source = Source(io.BytesIO(document.encode()), name="x")

    found = list(
        stream_values(
            source, values=frozenset(((*chat, "name"), (*chat, "m", EACH))), ends=frozenset((chat,))
        )
    )

    assert [(path[-1], value) for path, values in found for value in values] == [
        *(("name", "a"), (EACH, 1), (EACH, ENDED)),
        *((EACH, 2), (EACH, 3), ("name", "b"), (EACH, ENDED)),
    ]


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
        pytest.param('{"records":["secret\\u12', "ends in the middle", id="cut off in an escape"),
        pytest.param('{"records":[1,]}', "no valid JSON after record 1", id="a comma too many"),
        pytest.param('{"records":[1],}', "no valid JSON after record 1", id="a comma too many in an object"),
        pytest.param("{records:[1]}", "no valid JSON after record 0", id="a key without quotes"),
    ],
)
def test_what_is_no_json_is_refused_and_not_quoted(document: str, said: str) -> None:
    with pytest.raises(UnreadableExport, match=said) as caught:
        values(document)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("number", ["-12", "1.25", "1e3", "1E+30", "-0.5e-2"])
def test_a_number_may_go_on_in_the_next_block(number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for block in range(1, 12):
        monkeypatch.setattr(json_text, "BLOCK_CHARACTERS", block)
        assert values(f'{{"records":[{number}, {number}]}}') == [Decimal(number)] * 2


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


@pytest.mark.parametrize(
    ("escaped", "read"),
    [
        (r"\ud83d", "\ufffd"),
        (r"\ude00", "\ufffd"),
        (r"\ud83dx\ude00", "\ufffdx\ufffd"),
        (r"\ud83d\ude00", "\U0001f600"),
    ],
)
def test_half_a_surrogate_pair_in_a_file_is_replaced(escaped: str, read: str) -> None:
    [value] = values(f'{{"records":["{escaped}"]}}')

    assert string_of(value) == read
    assert record_start([value]) == f'["{read}"]'


@given(st.binary())
def test_arbitrary_bytes_are_read_or_refused(raw: bytes) -> None:
    for start in (b"", b'{"records":[', b'{"records":[{"a":'):
        try:
            values(start + raw)
        except UnreadableExport:
            continue
