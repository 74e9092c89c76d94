"""A new model is asked what was kept from training, and takes the live one's place or waits for a person."""

from __future__ import annotations

import html
import json
import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from tests.support.cloud import BUCKET
from tests.support.dialogues import START, as_csv, export
from tests.support.engines import SpeakingEngine
from tests.support.faults import Fault
from tests.support.persona import FIRST, PERSONA, SECOND, THIRD, live, statuses
from tests.support.waiting import until
from tests.unit.style.people import DRY, LEANING, WARM, bot

if TYPE_CHECKING:
    from tests.support.chain import Chain, OpenChain

ASKED = 40


def chat(conversations: int = 24, *, seed: int = 1) -> str:
    """Two who write in manners of their own, with enough of both kept from training to tell."""
    rng = random.Random(seed)  # noqa: S311 - nothing secret is drawn
    rows: list[tuple[str, str, str]] = []
    for day in range(conversations):
        at = START + timedelta(days=seed * 100 + day)
        for _ in range(8):
            asked = WARM.answer("", rng)
            for who, said in (("서연", asked), ("하준", DRY.answer(asked, rng))):
                for line in said.split("\n"):
                    at += timedelta(seconds=20)
                    rows.append((str(at), who, line))
    return as_csv(rows)


def prepare(chain: Chain, **settings: Any) -> None:  # noqa: ANN401 - JSON
    known = {"validation_share": 0.25, "style_prompts": ASKED}
    chain.cloud.put("exports/하준/persona.json", json.dumps({**known, **settings}))


def drop(chain: Chain, key: str = FIRST, *, seed: int = 1) -> dict[str, Any]:
    """Drop an export and see its run to the end; return the version."""
    chain.cloud.drop(key, chat(seed=seed))
    chain.cloud.settle()
    return chain.cloud.version("하준")


def told_of_candidate(chain: Chain) -> str:
    """What the owner hears of a version that waits, after it has been recorded."""
    told: list[str] = []
    until(lambda: bool(told.extend(chain.cloud.notifications()) or any("/promote" in each for each in told)))
    return told[-1]


def stored(version: dict[str, Any], name: str) -> str:
    key = f"datasets/하준/{version['version']}/{name}"
    return boto3.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()


def test_versions_take_turns_by_how_alike_they_write(chain_with: OpenChain) -> None:
    engine = SpeakingEngine(LEANING.answer, untuned=bot)
    with chain_with(engine) as chain:
        prepare(chain)
        first = drop(chain)
        assert (first["status"], live(chain)) == ("succeeded", first["version"])
        assert_its_scores_are_shown(chain, first)
        engine.says = WARM.answer
        chain.cloud.long_waits.clear()
        chain.cloud.drop(SECOND, chat(seed=2))
        until(lambda: chain.cloud.version("하준")["status"] == "candidate")
        second = chain.cloud.version("하준")
        assert live(chain) == first["version"]
        assert_it_waits_for_a_person(chain, second, than=first)
        name = second["version"]
        status, answer = chain.cloud.post(f"{PERSONA}/versions/{name}/promote")
        assert (status, answer["live_version"], answer["previous_version"]) == (200, name, first["version"])
        assert chain.cloud.version("하준")["status"] == "succeeded"
        assert live(chain) == name
        assert chain.cloud.post(f"{PERSONA}/versions/{name}/promote")[0] == 409, "it is live already"
        chain.cloud.long_waits.set()
        chain.cloud.finish()
        assert live(chain) == name, "what would have retired the candidate leaves the live version alone"
        assert statuses(chain) == ["retired", "succeeded"]
        engine.says = DRY.answer
        third = drop(chain, THIRD, seed=3)
        assert (third["status"], live(chain)) == ("succeeded", third["version"])


def assert_its_scores_are_shown(chain: Chain, version: dict[str, Any]) -> None:
    scores = version["style"]
    assert 0.2 < scores["low"] < scores["overall"] < scores["high"]
    assert (scores["asked"], scores["void"]) == (ASKED, False)
    assert f"{scores['overall']:.2f} of 1" in version["verdict"]
    assert version["verdict"] in chain.cloud.notifications()[-1]
    status, report = chain.cloud.get(f"{PERSONA}/versions/{version['version']}/style")
    assert (status, report["overall"]) == (200, scores["overall"])
    assert report["beside"]["base model"] < 0.1 < scores["low"], "an assistant is no person"
    assert len(stored(version, "replies-base.jsonl").splitlines()) == ASKED
    replies = [json.loads(line)["reply"] for line in stored(version, "replies.jsonl").splitlines()]
    assert len(replies) == ASKED
    assert replies[0] in html.unescape(stored(version, "style.html"))
    (run,) = chain.cloud.finish()
    assert set(report["distributions"]["endings"]["shares"]) > {version["version"], "base model"}
    sample = report["samples"][0]
    assert sample["replies"][version["version"]] in replies
    told = json.dumps([version, run], ensure_ascii=False, default=str)
    assert not [reply for reply in replies if len(reply) > 10 and reply in told], (
        "chat text is in the bucket alone"
    )


def assert_it_waits_for_a_person(chain: Chain, version: dict[str, Any], *, than: dict[str, Any]) -> None:
    assert "less alike" in version["verdict"]
    assert than["version"] in version["verdict"]
    told = told_of_candidate(chain)
    assert version["verdict"] in told
    assert f"{PERSONA}/versions/{version['version']}/promote" in told
    ask: Any = {"messages": [{"role": "user", "content": "라면 먹을래"}]}
    live, waiting = (
        chain.cloud.post("/v1/chat/completions", {"model": name, **ask})[1]["choices"][0]["message"]
        for name in ("하준", f"하준@{version['version']}")
    )
    assert live != waiting


def test_an_engine_that_copies_by_nature_replaces_itself(chain: Chain) -> None:
    prepare(chain)
    first = drop(chain)
    second = drop(chain, SECOND, seed=2)
    assert [version["style"]["copy_rate"] for version in (first, second)] == [1, 1]
    assert [version["style"]["overall"] < 0.05 for version in (first, second)] == [True, True]
    assert (second["status"], live(chain)) == ("succeeded", second["version"])
    # The engine knows nothing untuned.
    report = chain.cloud.get(f"{PERSONA}/versions/{second['version']}/style")[1]
    assert any("other speaker alone is the floor" in warning for warning in report["warnings"])


def test_an_owner_may_have_nothing_measured(chain: Chain) -> None:
    prepare(chain, style_prompts=0)
    chain.cloud.drop(FIRST, export())
    chain.cloud.finish()
    version = chain.cloud.version("하준")
    assert (version["status"], version["style"]) == ("succeeded", {"asked": 0, "void": True})
    status, answer = chain.cloud.get(f"{PERSONA}/versions/{version['version']}/style")
    assert (status, answer["error"]["code"]) == (404, "report_not_found")


def refuse_to_be_measured(chain: Chain, status: int) -> None:
    """Let the model answer everybody but the one who measures it."""
    invoke, refused = chain.cloud.invoke, Fault("POST", "/chat/completions", status=status)
    chain.wire.faults.append(refused)

    def invoked(function: str, event: Any) -> Any:  # noqa: ANN401 - JSON
        refused.times = 1000 if function == "interview" else 0
        return invoke(function, event)

    refused.times = 0
    chain.cloud.invoke = invoked


@pytest.mark.parametrize("status", [500, 429])
def test_a_model_that_cannot_be_measured_is_not_lost_before_its_time(chain: Chain, status: int) -> None:
    refuse_to_be_measured(chain, status)
    chain.cloud.drop(FIRST, export())
    (run,) = chain.cloud.finish()
    version = chain.cloud.version("하준")
    assert (run["status"], live(chain)) == ("SUCCEEDED", None)
    assert [entry["state"] for entry in version["timeline"]][-2:] == ["candidate", "retired"]
    assert chain.cloud.invoked["InterviewFunction"] > 5
    assert "could not be measured" in version["verdict"]
    assert 30 * 86_400 in chain.cloud.waits
    assert chain.files() == []
    assert chain.cloud.post(f"{PERSONA}/versions/{version['version']}/promote")[0] == 409


def test_a_person_promotes_what_could_not_be_measured_and_erases_what_waits(chain: Chain) -> None:
    refuse_to_be_measured(chain, 400)
    chain.cloud.long_waits.clear()
    chain.cloud.drop(FIRST, export())
    until(lambda: chain.cloud.version("하준")["status"] == "candidate")
    assert chain.cloud.invoked["InterviewFunction"] == 1, "what is refused is refused again"
    question: Any = {"model": "하준", "prompt": "뭐해"}
    status, answer = chain.cloud.post("/v1/completions", question)
    assert (status, answer["error"]["code"]) == (409, "persona_not_ready")
    assert "could not be measured" in answer["error"]["message"]
    name = chain.cloud.version("하준")["version"]
    status, answer = chain.cloud.post(f"{PERSONA}/versions/{name}/promote")
    assert (status, answer["previous_version"], live(chain)) == (200, None, name)
    assert chain.cloud.post("/v1/completions", question)[0] == 200
    chain.cloud.drop(SECOND, export(start=START + timedelta(days=60)))
    until(lambda: chain.cloud.version("하준")["status"] == "candidate")
    chain.cloud.long_waits.set()
    chain.cloud.delete(PERSONA)
    chain.cloud.finish()
    assert chain.cloud.get(PERSONA)[0] == 404
    assert [model.id for model in chain.provider.models.list() if model.id.startswith("ft:")] == []


@pytest.mark.parametrize("name", ["never", "x" * 2000])
def test_a_version_that_there_is_not_is_not_found(chain: Chain, name: str) -> None:
    status, answer = chain.cloud.get(f"{PERSONA}/versions/{name}/style")
    assert (status, answer["error"]["code"]) == (404, "report_not_found")
    status, answer = chain.cloud.post(f"{PERSONA}/versions/{name}/promote")
    assert (status, answer["error"]["code"]) == (404, "run_not_found")
