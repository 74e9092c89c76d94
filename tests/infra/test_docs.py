"""The docs say what the code does."""

from __future__ import annotations

import ast
import importlib
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest

from infra.conditions import decided
from maltu import answering, kakao, patience
from maltu.dataset.conversations import MAX_CONVERSATION_TURNS
from maltu.dataset.examples import CONTEXT_TURNS
from maltu.dataset.files import MIN_EXAMPLES, SAMPLES
from maltu.dataset.formats import MAX_TOKENS
from maltu.dataset.repeats import LONG_TEXT, MOST_OFTEN
from maltu.exports import reading as registered
from maltu.providers.base_models import base_model
from maltu.providers.estimates import training_epochs
from maltu.settings import Format, resolve_settings
from tests.support.pages import DOCS, ENGLISH, PAGES, ROOT, numbers
from tests.support.source import assigned, known_models
from tests.support.template import TEMPLATE

if TYPE_CHECKING:
    from maltu.exports.reading import Messenger

EXPORTS, DATASET, KAKAO, CLIENTS = (
    PAGES[DOCS / f"{name}.md"] for name in ("exports", "dataset", "kakao", "clients")
)


def messengers() -> list[Messenger]:
    names = map(ast.unparse, assigned(Path(registered.__file__), "_MESSENGERS").elts)
    return [importlib.import_module(f"maltu.exports.{name}") for name in names]  # pyright: ignore[reportReturnType] - modules are what the protocol describes


def test_every_format_that_is_read_stands_in_the_docs() -> None:
    table = EXPORTS.table_with("kakaotalk-csv")
    assert list(table) == [messenger.FORMAT for messenger in messengers()]
    for messenger in messengers():
        cut = re.findall(r"cut at (\d+)", table[messenger.FORMAT][2])
        assert cut == ([] if messenger.CUTS_AT is None else [str(messenger.CUTS_AT)]), messenger.FORMAT


def test_every_messenger_that_is_read_stands_in_the_readme() -> None:
    (table,) = (table for table in PAGES[ENGLISH].tables if table[0][0] == "KakaoTalk")
    named = [row[0].split(",")[0].lower() for row in table]
    assert named == list(dict.fromkeys(each.FORMAT.partition("-")[0] for each in messengers()))


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_format_that_is_read_has_a_name_on_the_page(language: str) -> None:
    words = (ROOT / f"functions/page/static/words/{language}-answers.js").read_text("utf-8")
    assert set(re.findall(r'"format\.([\w-]+)":', words)) == {each.FORMAT for each in messengers()}


def test_the_functions_limits_in_the_docs_are_the_templates() -> None:
    function: dict[str, Any] = TEMPLATE["Resources"]["PreprocessFunction"]["Properties"]
    (limits,) = re.findall(r"([\d,]+) MiB of disk and (\d+) seconds", EXPORTS.prose)
    assert [int(limit.replace(",", "")) for limit in limits] == [
        function["EphemeralStorage"]["Size"],
        function["Timeout"],
    ]


def test_every_field_of_the_report_stands_in_the_docs(sample_report: dict[str, Any]) -> None:
    table = DATASET.table_with("silence_hours")
    assert list(table) == list(sample_report)
    assert len(sample_report["samples"]) == SAMPLES == 3
    by_what_was_found = {"speakers", "skipped", "masked", "months"}
    inside: dict[str, dict[str, Any]] = {
        name: value for name, value in sample_report.items() if isinstance(value, dict)
    }
    for name, value in inside.items():
        if name not in by_what_was_found:
            assert value.keys() <= set(re.findall(r"`(\w+)`", table[name][1])), name


def test_the_limits_in_the_docs_are_the_codes() -> None:
    (table,) = (table for table in DATASET.tables if table[0][0].startswith("the fewest examples"))
    assert [int(row[1].replace(",", "")) for row in table] == [
        MIN_EXAMPLES,
        CONTEXT_TURNS,
        *(MAX_TOKENS[format_] for format_ in ("chat", "bedrock", "completions")),
        MAX_CONVERSATION_TURNS,
        LONG_TEXT,
        MOST_OFTEN,
    ]


def test_what_the_base_models_take_stands_in_the_docs() -> None:
    table = DATASET.table_with("maltu-retrieval-1")
    assert table.keys() == known_models()
    for name, row in table.items():
        model = base_model(name)
        assert row[1:] == [
            f"{model.max_examples:,}" if model.max_examples else "–",
            str(model.max_epochs),
            str(training_epochs(1_000, chosen=None, model=model)),
            str(model.recommended_examples),
            str(model.fewest_examples),
        ], name
        assert model.max_file_bytes == (5_000_000_000 if model.host == "nebius" else 512 * 1024**2)


def test_what_a_kakaotalk_bot_may_rely_on_stands_in_the_docs() -> None:
    (limits,) = (table for table in KAKAO.tables if table[0][0] == "말풍선")
    throttles = decided(TEMPLATE, {"HasKakaoBot": True})["Resources"]["Api"]["Properties"]["MethodSettings"]
    (throttle,) = (each for each in throttles if "kakao" in each["ResourcePath"])
    app = DOCS.parent / "functions" / "kakao" / "app.py"
    answer = DOCS.parent / "functions" / "kakao_answer" / "app.py"
    (tokens,) = re.findall(r"^MAX_TOKENS = (\d+)$", answer.read_text("utf-8"), re.MULTILINE)
    assert [numbers(row[1]) for row in limits] == [
        {str(kakao.MAX_OUTPUTS)},
        {f"{kakao.MAX_CHARACTERS:,}"},
        {tokens},
        {f"{kakao.MAX_UTTERANCE:,}"},
        {"1", str(throttle["ThrottlingRateLimit"]), str(throttle["ThrottlingBurstLimit"])},
    ]
    (header,) = re.findall(r'^SECRET_HEADER = "([^"]+)"', app.read_text("utf-8"), re.MULTILINE)
    assert header in KAKAO.code
    assert KAKAO.prose.count(f"{answering.SECONDS}") >= 3
    assert kakao.THINKING in KAKAO.prose
    used = {name for code in KAKAO.code for name in re.findall(r"\$\(output (\w+)\)", code)}
    assert used == {"KakaoUrl", "KakaoSecretArn"} <= TEMPLATE["Outputs"].keys()


def test_whatever_a_bubble_says_for_an_answer_stands_in_the_docs() -> None:
    (told,) = (table for table in KAKAO.tables if table[0][0] == kakao.REFUSED)
    said = {value for name, value in vars(kakao).items() if name.isupper() and isinstance(value, str)}
    assert {row[0] for row in told} == said - {kakao.THINKING, kakao.CALLBACK_DOMAIN}


def test_the_settings_in_the_docs_are_accepted() -> None:
    (example,) = (body for kind, body in DATASET.blocks if kind == "json")
    assert resolve_settings(example.encode(), {}).aliases


def test_every_format_of_a_dataset_stands_in_the_docs() -> None:
    (section,) = re.findall(r"^## Formats\n(.*?)^## ", DATASET.text, re.MULTILINE | re.DOTALL)
    assert tuple(re.findall(r"^- `(\w+)`:", section, re.MULTILINE)) == get_args(Format)


def test_every_line_of_the_clients_page_is_run_by_the_tests() -> None:
    run = {"bash": 3, "python": 2, "js": 1}  # what tests/support/clients.py runs
    assert Counter(kind for kind, _ in CLIENTS.blocks) == run


def test_how_long_a_client_may_wait_stands_in_the_docs() -> None:
    (section,) = re.findall(r"^## How long an answer may take\n(.*)", CLIENTS.text, re.MULTILINE | re.DOTALL)
    status, code = next((row[1], row[3]) for row in envelope_answers() if row[0] == "ProviderTimedOut")
    assert numbers(section) == {"29", f"{patience.SECONDS:g}", status}
    assert f"`{code}`" in section


def envelope_answers() -> list[tuple[str, ...]]:
    """The endpoint's table of errors: class, status, type, code."""
    table = assigned(DOCS.parent / "functions" / "common" / "envelope.py", "_ANSWERS")
    rows = [row for row in table.elts if isinstance(row, ast.Tuple)]
    return [tuple(ast.unparse(cell).strip("'") for cell in row.elts) for row in rows]
