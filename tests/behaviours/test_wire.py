"""Requests that no HTTP library would send, byte by byte, on the mock and on a real server."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from tests.hardening.wire import say

BODY = b'{"limit": 0}'
JSON = b"content-type: application/json\r\n"
LENGTH = b"content-length: %d\r\n" % len(BODY)
CHUNKED = b"transfer-encoding: chunked\r\n"
CHUNKS = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
HOST = b"host: mock\r\n"
NOT_ALLOWED = {"detail": "Method Not Allowed"}
NOT_FOUND = {"detail": "Not Found"}
NOT_UNDERSTOOD = "Invalid HTTP request received."


@dataclass(frozen=True)
class Case:
    """A request and what is answered to it.

    Attributes:
        line: its first line.
        status: of the answer.
        answer: its body; ... for any.
        headers: those of the request, besides the one that has the connection closed.
        body: its body.
    """

    line: bytes
    status: int
    answer: object = ...
    headers: bytes = HOST
    body: bytes = b""


def get(line: bytes, status: int, answer: object = ..., headers: bytes = HOST) -> Case:
    return Case(line, status, answer, headers)


def post(status: int, answer: object = ..., headers: bytes = LENGTH, body: bytes = BODY) -> Case:
    line = b"POST /api/deployments/filter HTTP/1.1"
    return Case(line, status, answer, HOST + JSON + headers, body)


HEALTH = b"GET /api/health HTTP/1.1"
CASES = {
    "a method in small letters": get(b"get /api/health HTTP/1.1", 405, NOT_ALLOWED),
    "a method that nobody knows": get(b"FOO /api/health HTTP/1.1", 405, NOT_ALLOWED),
    "an unknown method nowhere": get(b"FOO /api/nope HTTP/1.1", 404, NOT_FOUND),
    "a method with a sign": get(b"G@T /api/health HTTP/1.1", 400, NOT_UNDERSTOOD),
    "no host": get(HEALTH, 400, NOT_UNDERSTOOD, b""),
    "two hosts": get(HEALTH, 400, NOT_UNDERSTOOD, HOST + b"host: other\r\n"),
    "an empty host": get(HEALTH, 200, True, b"host:\r\n"),
    "a later HTTP": get(b"GET /api/health HTTP/1.2", 200, True),
    "a much later HTTP": get(b"GET /api/health HTTP/2.0", 200, True),
    "an early HTTP": get(b"GET /api/health HTTP/1.0", 200, True, b""),
    "no HTTP": get(b"GET /api/health", 400, NOT_UNDERSTOOD),
    "two blanks": get(b"GET  /api/health HTTP/1.1", 400, NOT_UNDERSTOOD),
    "a blank line before": get(b"\r\n" + HEALTH, 400, NOT_UNDERSTOOD),
    "a whole address": get(b"GET http://mock/api/health HTTP/1.1", 404, NOT_FOUND),
    "an address without a path": get(b"GET http://mock HTTP/1.1", 404, NOT_FOUND),
    "only a host": get(b"CONNECT mock:80 HTTP/1.1", 404, NOT_FOUND),
    "an asterisk": get(b"OPTIONS * HTTP/1.1", 404, NOT_FOUND),
    "a path without its slash": get(b"GET api/health HTTP/1.1", 404, NOT_FOUND),
    "a fragment": get(b"GET /api/health#x HTTP/1.1", 404, NOT_FOUND),
    "a fragment of a query": get(b"GET /api/health?a#x HTTP/1.1", 200, True),
    "a path of 70,000 signs": get(b"GET /api/%b HTTP/1.1" % (b"a" * 70_000), 404, NOT_FOUND),
    "a header over two lines": get(HEALTH, 200, True, HOST + b"x-a: b\r\n c\r\n"),
    "a header without a colon": get(HEALTH, 400, NOT_UNDERSTOOD, HOST + b"x-a\r\n"),
    "a blank before a colon": get(HEALTH, 400, NOT_UNDERSTOOD, HOST + b"x-a : b\r\n"),
    "a control sign in a header": get(HEALTH, 200, True, HOST + b"x-a: b\x01c\r\n"),
    "NUL in a header": get(HEALTH, 400, NOT_UNDERSTOOD, HOST + b"x-a: b\x00c\r\n"),
    "another protocol is offered": get(
        HEALTH, 200, True, HOST + b"connection: upgrade\r\nupgrade: h2c\r\n"
    ),
    "chunks": post(200, [], CHUNKED, CHUNKS),
    "chunks and a length": post(200, [], CHUNKED + LENGTH, CHUNKS),
    "chunks twice": post(400, NOT_UNDERSTOOD, CHUNKED * 2, CHUNKS),
    "packed chunks": post(400, NOT_UNDERSTOOD, b"transfer-encoding: gzip, chunked\r\n", CHUNKS),
    "an encoding that is none": post(400, NOT_UNDERSTOOD, b"transfer-encoding: identity\r\n"),
    "a chunk without a size": post(400, ..., CHUNKED, b"zz\r\n{}\r\n0\r\n\r\n"),
    "a chunk of a negative size": post(400, ..., CHUNKED, b"-1\r\n{}\r\n0\r\n\r\n"),
    "a length twice": post(200, [], LENGTH * 2),
    "two lengths": post(400, NOT_UNDERSTOOD, LENGTH + b"content-length: 2\r\n"),
    "a negative length": post(400, NOT_UNDERSTOOD, b"content-length: -1\r\n"),
    "a length with a plus": post(400, NOT_UNDERSTOOD, b"content-length: +12\r\n"),
    "a word for a length": post(400, NOT_UNDERSTOOD, b"content-length: x\r\n"),
    "a body without a length": post(200, ..., b""),
    "a body that is waited for": post(200, [], LENGTH + b"expect: 100-continue\r\n"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_request_byte_by_byte(server: str, case: Case) -> None:
    head = case.line + b"\r\nconnection: close\r\n" + case.headers + b"\r\n"
    heard = say(server, head + case.body, timeout=10)
    assert heard.statuses[-1:] == [case.status], heard.content
    if case.answer is not ...:
        body = heard.content.rpartition(b"\r\n\r\n")[2].decode()
        told = body if isinstance(case.answer, str) else json.loads(body)
        assert told == case.answer


@pytest.mark.parametrize(
    ("path", "vary"),
    [
        ("/api/nope", "Origin"),
        ("/api", "Accept-Encoding, Origin"),
        ("/nope", "Accept-Encoding, Origin"),
        ("*", "Origin"),
    ],
)
def test_what_an_answer_to_nowhere_depends_on(server: str, path: str, vary: str) -> None:
    line = f"GET {path} HTTP/1.1\r\nhost: {urlsplit(server).netloc}\r\nconnection: close\r\n\r\n"
    heard = say(server, line.encode())
    assert heard.statuses == [404]
    assert f"\r\nvary: {vary}\r\n".encode() in heard.content


def test_requests_at_once_are_answered_in_order(server: str) -> None:
    asked = [HEALTH, b"GET /api/nope HTTP/1.1", b"GET /api/version HTTP/1.1"]
    content = b"".join(line + b"\r\n" + HOST + b"\r\n" for line in asked)
    last = HEALTH + b"\r\n" + HOST + b"connection: close\r\n\r\n"
    assert say(server, content + last).statuses == [200, 404, 200, 200]


def test_a_connection_goes_on_after_an_odd_request(server: str) -> None:
    odd = b"FOO /api/health HTTP/1.1\r\n" + HOST + b"\r\n"
    last = HEALTH + b"\r\n" + HOST + b"connection: close\r\n\r\n"
    assert say(server, odd + last).statuses == [405, 200]
