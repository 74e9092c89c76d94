from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import openai
import pytest

from infra.local.finetuning import files
from tests.contract.finetuning.conftest import upload

if TYPE_CHECKING:
    from openai import OpenAI


def test_a_file_comes_back_as_it_went(client: OpenAI) -> None:
    content = bytes(range(256)) * 8192
    made = client.files.create(file=("말투.jsonl", content), purpose="fine-tune")
    found = client.files.retrieve(made.id)
    assert found == made
    assert (found.filename, found.bytes, found.purpose, found.status) == (
        "말투.jsonl",
        len(content),
        "fine-tune",
        "processed",
    )
    assert client.files.content(made.id).content == content


def test_a_deleted_file_is_gone(client: OpenAI) -> None:
    identity = upload(client, b"{}")
    assert client.files.delete(identity).deleted
    for call in (client.files.retrieve, client.files.content, client.files.delete):
        with pytest.raises(openai.NotFoundError) as caught:
            call(identity)
        assert caught.value.body == {
            "message": f"No such File object: {identity}",
            "type": "invalid_request_error",
            "param": "id",
            "code": None,
        }


def test_files_are_listed_in_pages_newest_first(client: OpenAI) -> None:
    made = [client.files.create(file=(f"{at}.bin", b"x"), purpose="user_data").id for at in range(5)]
    first = client.files.list(purpose="user_data", limit=2)
    assert [file.id for file in first.data] == made[:2:-1]
    assert first.has_more
    assert [file.id for file in client.files.list(purpose="user_data", limit=2)] == made[::-1]
    assert [file.id for file in client.files.list(purpose="user_data", order="asc")] == made
    after = client.files.list(purpose="user_data", after=made[2])
    assert [file.id for file in after] == made[1::-1]
    assert not list(client.files.list(purpose="batch"))


def test_an_expiry_is_kept_and_checked(client: OpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    made = client.files.create(
        file=("a.jsonl", b"{}"), purpose="fine-tune", expires_after={"anchor": "created_at", "seconds": 3600}
    )
    assert made.expires_at is not None
    assert 3599 <= made.expires_at - made.created_at <= 3601
    monkeypatch.setattr(files.time, "time", lambda: made.expires_at)
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(made.id)
    monkeypatch.undo()
    with pytest.raises(openai.NotFoundError):
        client.files.content(made.id)
    with pytest.raises(openai.BadRequestError, match="3600 to 2592000"):
        client.files.create(
            file=("a.jsonl", b"{}"), purpose="fine-tune", expires_after={"anchor": "created_at", "seconds": 1}
        )


def test_only_jsonl_is_for_fine_tuning(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match=r"Must be \.jsonl"):
        client.files.create(file=("chat.csv", b"a,b"), purpose="fine-tune")


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"data": {"purpose": "fine-tune"}, "files": {"other": b"x"}}, "'file'"),
        ({"files": {"file": b"x"}}, "'purpose'"),
        ({"data": {"purpose": "fun"}, "files": {"file": b"x"}}, "'purpose'"),
        ({"json": {"purpose": "fine-tune"}}, "multipart/form-data"),
        ({"headers": {"content-type": "multipart/form-data"}, "content": b"x"}, "boundary"),
    ],
)
def test_a_wrong_upload_says_what_is_wrong(url: str, form: dict[str, object], message: str) -> None:
    answer = httpx2.post(f"{url}/files", **form)  # pyright: ignore[reportArgumentType]  # one of several bodies
    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]


def test_a_file_that_is_too_large_is_refused(client: OpenAI, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST_FILE", 1000)
    monkeypatch.setattr(files, "FORM_OVERHEAD", 1000)
    with pytest.raises(openai.APIStatusError) as caught:
        upload(client, b"x" * 3000)
    assert caught.value.status_code == 413
    assert caught.value.code == "file_too_large"


def test_a_file_that_grows_too_large_on_its_way_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST_FILE", 1000)
    monkeypatch.setattr(files, "FORM_OVERHEAD", 1000)
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n'
    answer = httpx2.post(
        f"{url}/files",
        content=iter([head, *[b"x" * 100] * 30]),
        headers={"content-type": "multipart/form-data; boundary=b"},
    )
    assert answer.status_code == 413
