from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from maltu.dataset import Example
from maltu.dataset.lines import chat_head, chat_line
from tests.unit.dataset.chats import turns

TEXT = st.text(
    st.one_of(
        st.characters(exclude_categories=("Cs",)),
        st.sampled_from([*'"\\,:[]{}/ \n\r\t\x00\x1f\x7f\u2028ㅋ😂']),
    ),
    min_size=1,
)


@given(st.lists(TEXT, min_size=2, max_size=12), TEXT, st.integers(0, 4))
def test_a_line_is_the_bytes_that_json_dumps_writes(texts: list[str], system: str, context: int) -> None:
    texts = texts[: len(texts) // 2 * 2]
    context = min(context // 2 * 2, len(texts) - 2)
    conversation = turns(*((at, bool(at % 2), text) for at, text in enumerate(texts)))

    line = chat_line(Example(conversation, context), chat_head(system))

    messages: list[dict[str, str | int]] = [{"role": "system", "content": system}]
    for at, text in enumerate(texts):
        messages.append({"role": "assistant" if at % 2 else "user", "content": text})
        if at % 2 and at < context:
            messages[-1]["weight"] = 0
    assert line == json.dumps({"messages": messages}, ensure_ascii=False).encode() + b"\n"
