"""What no sensible client sends is answered with a refusal, or the connection is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from mock_server import serve
from tests.hardening.hostile import CONVERSATIONS, all_requests
from tests.hardening.wire import say

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serve(ui=False) as mock:
        yield mock.url
        # After all of it, the mock is what it was.
        assert httpx.get(f"{mock.url}/health").json() is True
        assert httpx.post(f"{mock.url}/deployments/count", json={}).status_code == 200


@pytest.mark.parametrize(
    ("content", "allowed"),
    [pytest.param(content, allowed, id=name) for name, content, allowed in all_requests()],
)
def test_a_request_is_answered(url: str, content: bytes, allowed: set[int]) -> None:
    heard = say(url, content)
    assert heard.closed
    assert len(heard.statuses) == 1, heard
    assert heard.statuses[0] in allowed, heard
    head, _, body = heard.content.partition(b"\r\n\r\n")
    assert b"set-cookie" not in head
    assert b"root:" not in body


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_a_conversation_comes_to_an_end(url: str, name: str) -> None:
    content, allowed = CONVERSATIONS[name]
    heard = say(url, content)
    assert heard.closed
    assert heard.statuses in allowed, heard
