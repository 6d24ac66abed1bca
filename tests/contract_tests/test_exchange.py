from __future__ import annotations

import shutil
import subprocess

import pytest

from contract_tests.transport.exchange import Exchange, NotJson
from tests.contract_tests.stub import Answer, serve


def exchange(
    method: str = "POST",
    url: str = "http://x/api/deployments/count",
    headers: dict[str, str] | None = None,
    content: bytes | None = b"{}",
    body: bytes = b"3",
) -> Exchange:
    return Exchange(
        method=method,
        url=url,
        request_headers=headers or {},
        request_body=content,
        status=200,
        headers={},
        body=body,
        base_url="http://x/api",
    )


def test_path_and_query_are_those_below_the_base_url() -> None:
    sent = exchange(url="http://x/api/a%2Fb/c?x=1&y=&x=2")
    assert sent.path == "/a%2Fb/c"
    assert sent.query == {"x": "2", "y": ""}


def test_json_or_a_word_about_what_it_is() -> None:
    assert exchange().json() == 3
    with pytest.raises(NotJson, match="<html>"):
        exchange(body=b"<html>").json()
    with pytest.raises(NotJson):
        exchange(content=None).sent_json()


def test_curl_leaves_out_noise_and_masks_secrets() -> None:
    headers = {"host": "x", "user-agent": "y", "authorization": "Bearer s3cret", "x-a": "b c"}
    line = exchange(headers=headers).curl()
    assert "s3cret" not in line
    assert "host" not in line
    assert "-H 'authorization: ***' -H 'x-a: b c'" in line


def test_curl_without_a_body_is_a_get() -> None:
    assert exchange("GET", content=None).curl() == "curl -sS http://x/api/deployments/count"
    assert "-X DELETE" in exchange("DELETE", content=None).curl()


@pytest.mark.parametrize(
    "body",
    [
        b'{"name": "it\'s"}',
        '{"name": "É Ω 漢"}'.encode(),
        b"\x00\xff\\ 'quoted'\n\t",
        b"",
    ],
)
@pytest.mark.parametrize("content_type", ["application/json", None])
def test_curl_sends_the_same_bytes(body: bytes, content_type: str | None) -> None:
    if b"\x00" in body:
        body = body.replace(b"\x00", b"")  # no shell passes a NUL
    if shutil.which("curl") is None:
        pytest.fail("curl is needed to prove the lines that the suite prints")
    seen: list[tuple[str, str, bytes]] = []

    def answer(method: str, path: str, content: bytes) -> Answer:
        seen.append((method, path, content))
        return Answer()

    with serve(answer) as url:
        headers = {} if content_type is None else {"content-type": content_type}
        sent = exchange("PATCH", f"{url}/api/x?y=z", headers, body)
        subprocess.run(["bash", "-c", sent.curl()], check=True, capture_output=True, timeout=20)
    assert seen == [("PATCH", "/api/x?y=z", body)]
