"""The page in a real browser, from a file that is dropped to a persona that is erased."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from infra.local.drop import SAMPLES
from maltu.style.markers import MARKERS
from tests.support.browser import Visit, running_browser
from tests.support.deployed import SPEAKER as DIALOGUES
from tests.support.deployed import dialogue, eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from playwright.sync_api import Browser

    from tests.support.deployed import Chain

pytestmark = pytest.mark.e2e

PERSONA = "하준"
SPEAKER = "하준"
SAMPLE = next(SAMPLES.glob("*.csv")).read_text("utf-8")
# Without its newest weeks: the whole of it makes another version.
EARLIER = "\n".join(SAMPLE.splitlines()[:1000]) + "\n"
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "locale": "ko-KR",
    "has_touch": True,
    "color_scheme": "light",
}
DESKTOP = {"viewport": {"width": 1280, "height": 860}, "locale": "en-US", "color_scheme": "dark"}

TOO_LARGE = {
    "error": {
        "message": "m", "type": "invalid_request_error", "param": None, "code": "preview_too_large",
    }
}  # fmt: skip

# What a person's hand does with a file from another window.
DROP = """([name, base64]) => {
    const given = new DataTransfer();
    given.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name));
    const init = {dataTransfer: given, bubbles: true, cancelable: true};
    const zone = document.querySelector(".zone");
    for (const what of ["dragover", "drop"]) zone.dispatchEvent(new DragEvent(what, init));
}"""
# How many colours each chart has.
DRAWN = """[...document.querySelectorAll("canvas")].map((canvas) => {
    const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
})"""


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    with running_browser() as browser:
        yield browser


def sign_in(visit: Visit, key: str) -> None:
    visit.page.get_by_label("키" if visit.name == "phone" else "Key", exact=True).fill(key)
    visit.page.keyboard.press("Enter")


def choose(visit: Visit) -> None:
    """Choose whose tone is learned and agree, with the keyboard alone."""
    page = visit.page
    page.get_by_role("radio", name=SPEAKER).focus()
    page.keyboard.press("Space")
    page.get_by_label("페르소나를 뭐라고 부를까요?").fill(PERSONA)
    page.get_by_role("checkbox").focus()
    page.keyboard.press("Space")


def says(visit: Visit, text: str, *, typed: Callable[[], None]) -> list[str]:
    """Say something and wait for the answer, a bubble a line; give the bubbles of what was said."""
    page = visit.page
    page.get_by_role("textbox").fill(text)
    with page.expect_response("**/chat/completions") as answer:
        typed()
    page.locator(".typing").wait_for()
    page.locator(".typing").wait_for(state="detached")
    events = [line.removeprefix("data: ") for line in answer.value.text().split("\n") if "content" in line]
    answered = "".join(json.loads(event)["choices"][0]["delta"].get("content", "") for event in events)
    assert answered
    mine, theirs = (page.locator(f".log .{whose} .bubble").all_inner_texts() for whose in ("mine", "theirs"))
    assert theirs == answered.split("\n")
    return mine


def test_from_a_dropped_file_to_an_erased_persona(chain: Chain, browser: Browser) -> None:
    phone = Visit(browser, chain.stack.page, "phone", **PHONE)
    enters_with_the_right_key_only(phone, chain.stack.api_key)
    is_told_what_is_no_export(phone)
    trains_after_a_yes_to_the_price(phone, chain)
    chats(phone)
    makes_a_key_that_only_chats(chain, browser)
    makes_another_version_and_goes_back(phone, chain)
    erases(phone, chain)
    phone.close()


def enters_with_the_right_key_only(visit: Visit, key: str) -> None:
    page = visit.page
    visit.go()
    page.get_by_role("heading", name="그 사람 말투와 대화하기").wait_for()
    sign_in(visit, "maltu-wrong")
    page.get_by_text("이 키로는 열 수 없어요").wait_for()
    visit.shoot("sign-in")
    sign_in(visit, key)
    page.get_by_role("heading", name="페르소나").wait_for()
    assert page.evaluate("[localStorage.length, document.cookie]") == [0, ""]


def is_told_what_is_no_export(visit: Visit) -> None:
    page = visit.page
    page.get_by_role("main").get_by_role("link", name="새 페르소나").click()
    page.evaluate(DROP, ["people.csv", base64.b64encode(b"name,age\nkim,3\n").decode()])
    page.get_by_text("어떤 메신저의 대화인지 읽지 못했어요").wait_for()
    visit.shoot("unreadable")


def trains_after_a_yes_to_the_price(visit: Visit, chain: Chain) -> None:
    page, jobs = visit.page, len(chain.jobs())
    page.locator("#file").set_input_files(
        {"name": "chat.csv", "mimeType": "text/csv", "buffer": EARLIER.encode()}
    )
    page.get_by_role("radio", name=SPEAKER).wait_for()
    assert page.locator(".speaker b").all_inner_texts() == [SPEAKER, "서연"]
    choose(visit)
    visit.shoot("preview")
    page.get_by_role("button", name="준비하고 가격 보기").press("Enter")
    page.locator(".price").wait_for()
    eventually(lambda: sum(colours > 3 for colours in page.evaluate(DRAWN)) >= 4)
    visit.shoot("price")
    assert len(chain.jobs()) == jobs
    page.get_by_role("button", name="예, 학습하기").click()
    page.locator(".price").wait_for(state="detached")
    visit.shoot("progress")
    page.locator("[data-status=live]").wait_for()
    assert len(chain.jobs()) == jobs + 1


def chats(visit: Visit) -> None:
    page = visit.page
    page.get_by_role("main").get_by_role("link", name="대화하기").click()
    page.get_by_label("메시지").wait_for()
    visit.shoot("before-the-first-word", whole=False)
    assert says(visit, "저녁 먹었어?", typed=lambda: page.keyboard.press("Enter")) == ["저녁 먹었어?"]
    visit.shoot("chat", whole=False)


def makes_a_key_that_only_chats(chain: Chain, browser: Browser) -> None:
    owner, guest = (Visit(browser, chain.stack.page, name, **DESKTOP) for name in ("owner", "guest"))
    owner.go()
    sign_in(owner, chain.stack.api_key)
    owner.page.get_by_role("link", name="Keys").click()
    owner.page.get_by_label("What is it for?").fill("laptop")
    owner.page.get_by_role("checkbox", name=PERSONA).check()
    owner.page.get_by_role("button", name="Make the key").click()
    dialog = owner.page.get_by_role("dialog")
    key = dialog.locator("code").inner_text()
    owner.shoot("key", whole=False)
    dialog.get_by_role("button", name="Close").click()
    owner.page.get_by_role("listitem").filter(has_text="laptop").wait_for()
    eventually(lambda: key not in owner.page.content())
    owner.shoot("keys")

    guest.go()
    sign_in(guest, key)
    guest.page.get_by_role("main").get_by_role("link", name=PERSONA).click()
    guest.page.get_by_role("button", name="Had dinner yet?").wait_for()
    assert guest.page.get_by_role("link", name="Keys").count() == 0
    assert guest.page.get_by_role("link", name="Versions").count() == 0
    send = guest.page.get_by_role("button", name="Send").click
    assert says(guest, "뭐해?\n밥 먹었어?", typed=send) == ["뭐해?", "밥 먹었어?"]
    guest.shoot("chat", whole=False)

    owner.page.get_by_role("button", name="Revoke: laptop").click()
    dialog.get_by_role("button", name="Revoke").click()
    owner.page.get_by_role("button", name="Revoke: laptop").wait_for(state="detached")
    guest.page.get_by_label("Message").fill("?")
    guest.page.keyboard.press("Enter")
    guest.page.get_by_text("Your key does not open anything any longer").wait_for()
    guest.close()
    owner.close()


def makes_another_version_and_goes_back(visit: Visit, chain: Chain) -> None:
    page, first = visit.page, chain.api.persona(PERSONA).body["live_version"]
    visit.go("new", quote(PERSONA))
    page.locator(".zone").wait_for()
    # As if it were too much to look through: its speaker is named, and all goes on as ever.
    page.route("**/v1/exports/exp_*", lambda route: route.fulfill(status=400, json=TOO_LARGE), times=1)
    page.evaluate(DROP, ["more.csv", base64.b64encode(SAMPLE.encode()).decode()])
    page.get_by_label("누구의 말투를 배울까요?").fill(SPEAKER)
    visit.shoot("too-large")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="준비하고 가격 보기").click()
    page.get_by_role("button", name="예, 학습하기").click()
    page.get_by_role("button", name="이 버전으로 되돌리기").wait_for()
    assert chain.api.persona(PERSONA).body["live_version"] > first
    assert page.locator(".problem").count() == 0
    visit.shoot("versions")
    compares(visit)
    page.get_by_role("button", name="이 버전으로 되돌리기").click()
    page.get_by_role("button", name="이 버전 사용하기").wait_for()
    assert chain.api.persona(PERSONA).body["live_version"] == first


def compares(visit: Visit) -> None:
    """Look at how alike two versions write, side by side."""
    page = visit.page
    report = page.locator("details.style").first
    report.locator("summary").first.click()
    report.locator("select").select_option(index=1)
    # Each marker's habits are drawn over the person's.
    eventually(lambda: sum(colours > 5 for colours in page.evaluate(DRAWN)) >= len(MARKERS))
    answers = report.locator(".beside > li").first.locator("dt").all_inner_texts()
    assert answers[0] == "실제로 한 답"
    assert "이 버전" in answers
    visit.shoot("style")


def erases(visit: Visit, chain: Chain) -> None:
    page = visit.page
    page.get_by_role("button", name=f"{PERSONA} 지우기").click()
    visit.shoot("erase", whole=False)
    page.get_by_role("dialog").get_by_role("button", name=f"{PERSONA} 지우기").click()
    page.get_by_text("모두 지웠어요").wait_for()
    visit.shoot("erased")
    assert chain.api.persona(PERSONA).status == 404


def test_a_run_that_fails_says_why_in_either_language(chain: Chain, browser: Browser) -> None:
    persona = "짧은-대화"
    chain.drop(persona, dialogue(3), speaker=DIALOGUES)
    assert chain.follow(persona)["status"] == "failed"
    visit = Visit(browser, chain.stack.page, "desktop", **DESKTOP)
    page = visit.page
    # A first visit asks for more files at once than a new account may answer; the page helps itself.
    page.route("**/views/keys.js", lambda route: route.fulfill(status=429), times=1)
    visit.go()
    sign_in(visit, chain.stack.api_key)
    page.get_by_role("main").get_by_role("link", name=persona).click()
    page.get_by_role("main").get_by_role("link", name="Versions").first.click()
    page.get_by_text("There is too little to learn from").wait_for()
    visit.shoot("failed")
    page.get_by_label("Language").select_option("ko")
    page.get_by_text("배울 대화가 너무 적어요").wait_for()
    assert page.evaluate("document.documentElement.lang") == "ko"
    visit.close()
