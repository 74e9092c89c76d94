"""What is seen of the chain by whoever runs it: lines that name whose they are, and metrics made of them."""

from __future__ import annotations

import json
import threading
import traceback
from collections import Counter
from typing import TYPE_CHECKING, Any, cast
from unittest import mock

import boto3
import pytest

from maltu import deployment, evaluation
from tests.support.dialogues import export
from tests.support.engines import GatedEngine
from tests.support.faults import Fault
from tests.support.handlers import Context, load_handler, sample_event
from tests.support.interpreter import FUNCTIONS
from tests.support.logs import lines_logged
from tests.support.metrics import Point, access_line, filters, group_of, points

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from tests.support.chain import Chain
    from tests.support.metrics import Line

PAID = "gpt-4.1-mini-2025-04-14"
CHAT = "/v1/chat/completions"
STYLE = {"StyleScore": "overall", "CopyRate": "copy_rate"}


def listen() -> str:
    """Hear what the bus is told; give the queue's address."""
    sqs, events = boto3.client("sqs"), cast("Any", boto3.client("events"))
    bus = sqs.create_queue(QueueName="bus")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=bus, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="all", EventPattern=json.dumps({"source": ["maltu"]}))
    events.put_targets(Rule="all", Targets=[{"Id": "queue", "Arn": arn}])
    return bus


def heard(bus: str) -> Iterator[Line]:
    sqs = boto3.client("sqs")
    while batch := sqs.receive_message(QueueUrl=bus, MaxNumberOfMessages=10).get("Messages"):
        yield from (json.loads(each.get("Body", "")) for each in batch)


def one_at_a_time(invoke: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    """Let no two functions run at once: in one process they would share what their lines carry."""
    running = threading.Lock()

    def invoke_alone(function: str, event: Any) -> Any:  # noqa: ANN401 - JSON
        with running:
            return invoke(function, event)

    return invoke_alone


def test_every_line_says_whose_it_is_and_every_metric_is_made_of_them(
    chain_with: Callable[..., AbstractContextManager[Chain]], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = GatedEngine(base_model=PAID)
    engine.gate.set()
    with chain_with(engine) as chain, lines_logged(monkeypatch) as lines:
        cloud, bus = chain.cloud, listen()
        cloud.invoke = one_at_a_time(cloud.invoke)
        cloud.put(
            "exports/하준/persona.json",
            json.dumps({"base_model": PAID, "budget_usd": None, "style_prompts": 0}),
        )
        cloud.drop("exports/지아/1.csv", "nobody can read this")
        cloud.drop("exports/하준/1.csv", export())
        (run,) = cloud.finish()
        assert run["status"] == "SUCCEEDED", run
        succeeded = cloud.version("하준")
        for model in ("하준", "하준@없음"):
            cloud.post(CHAT, {"model": model, "messages": [{"role": "user", "content": "뭐해?"}]})
        chain.wire.faults.append(Fault("POST", "/jobs", status=400, message="No.", times=9))
        theirs = {"base_model": PAID, "budget_usd": None, "style_prompts": 0, "speaker": "하준"}
        cloud.put("exports/서연/persona.json", json.dumps(theirs))
        cloud.drop("exports/서연/2.csv", export())
        cloud.finish()
        events = list(heard(bus))
    runs = {line["run"]: line for line in lines if line.get("outcome") == "started"}
    assert {line["persona"] for line in runs.values()} == {"하준", "서연"}
    for line in lines:
        function = line["function_name"]
        if function in FUNCTIONS.values():
            assert (line["persona"], line["version"]) == (
                runs[line["run"]]["persona"], runs[line["run"]]["version"],
            ), line  # fmt: skip
        elif function == "preprocess":
            assert line["persona"] in {"하준", "서연", "지아"}, line
    chats = [line for line in lines if line["function_name"] == "completion"]
    assert [(line["message"], line["persona"], line["key"]) for line in chats] == [
        ("answered", "하준", "owner"),
        ("request refused", "하준", "owner"),
    ]
    assert all(line["request"] for line in chats)
    failing = [line for line in lines if line["message"] == "task failed"]
    assert {(line["function_name"], line["error"]) for line in failing} == {
        ("create_fine_tune", "ProviderRejected")
    }

    logs: dict[str, list[Line]] = {"RunLogs": events}
    for line in lines:
        logs.setdefault(group_of(line["function_name"]), []).append(line)
    logs["ApiLogs"] = [
        access_line(resourcePath=CHAT, status=200, responseLatency=812),
        access_line(resourcePath=CHAT, status=429, responseLatency=3),
        access_line(resourcePath="/v1/models", status=500, responseLatency=40),
    ]
    made = list(points(logs))
    assert {each["MetricTransformations"][0]["MetricName"] for each in filters().values()} == {
        *STYLE,
        *(point.name for point in made),
    }
    counted = Counter((point.name, *point.dimensions) for point in made if point.value == 1)
    assert counted["Drops", ("Outcome", "started")] == 2
    assert counted["Drops", ("Outcome", "refused")] == 1
    assert [point for point in made if point.name in {"RunsFailed", "ChatErrors", "ChatLatency"}] == [
        Point("RunsFailed", 1, (("State", "CreateFineTune"),)),
        Point("ChatLatency", 812),
        Point("ChatLatency", 3),
        Point("ChatErrors", 1, (("Status", "429"),)),
    ]
    values = {point.name: point.value for point in made if not point.dimensions}
    assert succeeded["status"] == "succeeded"
    assert values["EstimatedUsd"] == succeeded["estimate_usd"] > 0
    assert values["BilledUsd"] == pytest.approx(succeeded["billed_usd"])
    assert {point.dimensions for point in made if point.name == "Runs"} == {
        (("Outcome", "succeeded"),),
        (("Outcome", "failed"),),
    }


def style_report(monkeypatch: pytest.MonkeyPatch, report: Callable[..., Any]) -> Callable[[], Any]:
    """The function with nothing behind it but ``report``."""
    handler = load_handler("style_report")
    monkeypatch.setattr("style_report_app.report_style", report)
    for opened in ("bucket", "registry"):
        monkeypatch.setattr(deployment, opened, mock.Mock())
    return lambda: handler(sample_event("style_report"), Context("style_report"))


def test_a_style_reports_scores_are_metrics(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = {"asked": 9, "void": False, "overall": 0.815, "copy_rate": 0.25}
    assert {*STYLE.values()} < {*evaluation._SHOWN}  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - what a report's scores are called
    report = {"promote": True, "verdict": "", "scores": scores}
    with lines_logged(monkeypatch) as lines:
        style_report(monkeypatch, mock.Mock(return_value=report))()
    made = [point for point in points({group_of("style_report"): lines}) if point.name in STYLE]
    assert made == [Point(name, scores[field]) for name, field in STYLE.items()]


def test_what_a_style_report_trips_over_is_not_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    said = "새벽세시수박"

    def trip(*_: object, **__: object) -> None:
        raise KeyError(said)

    with lines_logged(monkeypatch) as lines, pytest.raises(RuntimeError, match=r"^KeyError$") as caught:
        style_report(monkeypatch, trip)()
    # Lambda logs, traces and hands to the state machine what is raised.
    assert said not in "".join(traceback.format_exception(caught.value))
    (line,) = lines
    assert (line["message"], line["error"], line["reason"]) == ("task failed", "BrokeOff", "KeyError")
    assert {name: line[name] for name in ("persona", "version", "run")}.items() <= sample_event(
        "style_report"
    ).items()
