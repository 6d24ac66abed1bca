"""The proxy passes bytes as they are, tells what breaks the spec, and can hold it back."""

from __future__ import annotations

import asyncio
import gzip
import json
import signal
import socket
import ssl
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from click.testing import CliRunner

from mock_server.cli import main
from mock_server.proxy.judge import Judge
from mock_server.proxy.messages import LARGEST, Message
from mock_server.proxy.relay import Relay, Upstream
from openapi import load
from tests.mock import mock_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

JUDGE = Judge(load(), "/api")
NOBODY = "00000000-0000-4000-8000-000000000000"
COUNT = b"POST /api/deployments/count HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}"
JSON = b"content-type: application/json\r\n"


def answer(body: bytes, *, head: bytes = JSON, status: bytes = b"200 OK") -> bytes:
    length = b"content-length: %d\r\n\r\n" % len(body)
    return b"HTTP/1.1 " + status + b"\r\n" + head + length + body


class Proxy:
    """A proxy in a thread of its own, and what it told."""

    def __init__(self, port: int, *, fail: bool) -> None:
        self.lines: list[str] = []
        self._told = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        upstream = Upstream("127.0.0.1", port)
        self.relay = Relay(upstream, JUDGE, self._tell, fail=fail)
        self._server = self._in_loop(self.relay.serve("127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]

    def _tell(self, line: str) -> None:
        with self._told:
            self.lines.append(line)
            self._told.notify_all()

    def _in_loop(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def judged(self) -> list[str]:
        """What was told when all that passed is judged."""
        self._in_loop(self.relay.close())
        return self.lines

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        self._in_loop(self._all_done())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _all_done(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


@contextmanager
def proxied(port: int, *, fail: bool = False) -> Iterator[Proxy]:
    proxy = Proxy(port, fail=fail)
    try:
        yield proxy
    finally:
        proxy.close()


@contextmanager
def server(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that does with each connection what it is told."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(30)
                serve(connection)

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def scripted(*answers: bytes, seen: list[bytes] | None = None) -> Callable[[socket.socket], None]:
    """Answers one request after the other; each must come in one block."""

    def serve(connection: socket.socket) -> None:
        for content in answers:
            data = connection.recv(65536)
            if not data:
                return
            if seen is not None:
                seen.append(data)
            connection.sendall(content)

    return serve


def client(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=30)


def received(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        block = connection.recv(size - len(data))
        if not block:
            break
        data += block
    return data


def to_the_end(connection: socket.socket) -> bytes:
    data = b""
    while block := connection.recv(65536):
        data += block
    return data


CHUNKED = (
    b"HTTP/1.1 200 Fine\r\nX-Odd:  Spaces \r\nx-odd: twice\r\n"
    + JSON
    + b"Transfer-Encoding: chunked\r\n\r\n1;ext=1\r\n5\r\n0\r\ntrailer: t\r\n\r\n"
)
PACKED = answer(gzip.compress(b"5", mtime=0), head=JSON + b"content-encoding: gzip\r\n")
TO_THE_END = b"HTTP/1.1 200 OK\r\n" + JSON + b"connection: close\r\n\r\n5"


@pytest.mark.parametrize("fail", [False, True])
@pytest.mark.parametrize("content", [answer(b"5"), CHUNKED, PACKED])
def test_what_is_right_passes_byte_for_byte(content: bytes, *, fail: bool) -> None:
    seen: list[bytes] = []
    odd = COUNT.replace(b"host: x", b"HOST: x:1\r\nA:  b ")
    with server(scripted(content, content, seen=seen)) as port, proxied(port, fail=fail) as proxy:
        with client(proxy) as connection:
            for _ in range(2):  # on one connection
                connection.sendall(odd)
                assert received(connection, len(content)) == content
        assert seen == [odd, odd]
        assert proxy.judged() == []
        assert proxy.relay.counts.exchanges == 2


@pytest.mark.parametrize("fail", [False, True])
def test_an_answer_that_ends_with_the_connection_passes(*, fail: bool) -> None:
    with server(scripted(TO_THE_END)) as port, proxied(port, fail=fail) as proxy:
        with client(proxy) as connection:
            connection.sendall(COUNT)
            assert to_the_end(connection) == TO_THE_END
        assert proxy.judged() == []
        assert proxy.relay.counts.exchanges == 1


WRONG = [
    (answer(b'"x"'), "response-body: count_deployments: "),
    (
        answer(gzip.compress(b'"x"', mtime=0), head=JSON + b"content-encoding: gzip\r\n"),
        "response-body: ",
    ),
    (answer(b"5", status=b"418 Teapot"), "undeclared-status: count_deployments: 418"),
    (answer(b"5", head=b"content-type: text/html\r\n"), "response-media-type: count_deployments: "),
    (answer(b"{"), "response-unreadable: count_deployments: "),
    (answer(b"x", head=JSON + b"content-encoding: gzip\r\n"), "response-unreadable: "),
    (answer(b""), "response-unreadable: count_deployments: "),
    (answer(b"", head=b""), "response-media-type: count_deployments: "),
]


@pytest.mark.parametrize(("content", "told"), WRONG)
def test_a_wrong_answer_passes_and_is_told(content: bytes, told: str) -> None:
    with server(scripted(content)) as port, proxied(port) as proxy:
        with client(proxy) as connection:
            connection.sendall(COUNT)
            assert received(connection, len(content)) == content
        [line] = proxy.judged()
        assert line.startswith(told)
        assert "(POST /api/deployments/count -> " in line


@pytest.mark.parametrize(("content", "told"), WRONG)
def test_a_wrong_answer_becomes_502_if_told_so(content: bytes, told: str) -> None:
    with server(scripted(content)) as port, proxied(port, fail=True) as proxy:
        with httpx.Client(base_url=f"http://127.0.0.1:{proxy.port}/api", trust_env=False) as asking:
            got = asking.post("/deployments/count", json={})
        assert got.status_code == 502
        assert told.startswith(got.json()["violations"][0]["code"])
        assert [line.startswith(told) for line in proxy.lines] == [True]


BAD: list[tuple[str, str, Any, str]] = [
    ("POST", "/deployments/filter", {"limit": 201}, "request-body: read_deployments at /limit"),
    ("GET", "/deployments/zz", None, "request-parameter: read_deployment at id"),
    ("GET", "/nothing", None, "unknown-path: GET /nothing"),
    ("PUT", "/deployments/count", None, "unknown-method: PUT /deployments/count"),
    ("POST", "/deployments/", None, "request-body: create_deployment: it is missing"),
    (
        "POST",
        f"/deployments/{NOBODY}/schedules",
        [{"schedule": {"cron": "x"}}],
        "request-body: create_deployment_schedules at /0/schedule/cron",
    ),
]


@pytest.mark.parametrize(("method", "path", "body", "told"), BAD)
def test_a_bad_request_passes_and_is_told(method: str, path: str, body: Any, told: str) -> None:
    with mock_server() as url, proxied(httpx.URL(url).port or 0) as proxy:
        with httpx.Client(base_url=f"http://127.0.0.1:{proxy.port}/api", trust_env=False) as asking:
            got = asking.request(method, path, json=body)
        direct = httpx.request(method, url + path, json=body, trust_env=False)
        assert (got.status_code, got.content) == (direct.status_code, direct.content)
        [line] = proxy.judged()
        assert line.startswith(told)


@pytest.mark.parametrize(("method", "path", "body", "told"), BAD)
def test_a_bad_request_does_not_arrive_if_told_so(
    method: str, path: str, body: Any, told: str
) -> None:
    seen: list[bytes] = []
    with server(scripted(answer(b"5"), seen=seen)) as port, proxied(port, fail=True) as proxy:
        with httpx.Client(base_url=f"http://127.0.0.1:{proxy.port}/api", trust_env=False) as asking:
            got = asking.request(method, path, json=body)
            assert got.status_code == 400
            assert told.startswith(got.json()["violations"][0]["code"])
            assert not seen
            # The connection goes on.
            assert asking.post("/deployments/count", json={}).json() == 5
        assert len(seen) == 1


def test_what_is_not_below_the_base_path_is_nobodys_business() -> None:
    page = answer(b"<html>", head=b"content-type: text/html\r\n")
    with server(scripted(page)) as port, proxied(port, fail=True) as proxy:
        with client(proxy) as connection:
            connection.sendall(b"GET /assets/x.js HTTP/1.1\r\nhost: x\r\n\r\n")
            assert received(connection, len(page)) == page
        assert proxy.judged() == []


@pytest.mark.parametrize("fail", [False, True])
def test_a_stream_arrives_while_it_goes_on(*, fail: bool) -> None:
    arrived = threading.Event()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\ntransfer-encoding: chunked\r\n\r\n"

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(head + b"1\r\na\r\n")
        assert arrived.wait(30)
        connection.sendall(b"1\r\nb\r\n0\r\n\r\n")

    with server(serve) as port, proxied(port, fail=fail) as proxy, client(proxy) as connection:
        connection.sendall(b"GET /download HTTP/1.1\r\nhost: x\r\n\r\n")
        assert received(connection, len(head) + 6) == head + b"1\r\na\r\n"
        arrived.set()
        assert received(connection, 11) == b"1\r\nb\r\n0\r\n\r\n"


UPGRADE = (
    b"GET /api/events/out HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"
)
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n"


@pytest.mark.parametrize("fail", [False, True])
def test_a_websocket_passes(*, fail: bool) -> None:
    frames = bytes(range(256))
    with (
        server(scripted(SWITCHED, frames)) as port,
        proxied(port, fail=fail) as proxy,
        client(proxy) as connection,
    ):
        connection.sendall(UPGRADE)
        assert received(connection, len(SWITCHED)) == SWITCHED
        connection.sendall(b"\x81\x05hello")
        assert received(connection, len(frames)) == frames
        assert proxy.lines == []


def test_after_a_refused_upgrade_requests_are_judged_again() -> None:
    refused = answer(b"{}", status=b"403 Forbidden")
    with server(scripted(refused, answer(b'"x"'))) as port, proxied(port) as proxy:
        with client(proxy) as connection:
            connection.sendall(UPGRADE)
            assert received(connection, len(refused)) == refused
            connection.sendall(COUNT)
            assert received(connection, 1) == b"H"
        assert any("response-body: count_deployments" in line for line in proxy.judged())


def test_a_client_that_waits_for_leave_gets_it() -> None:
    with server(scripted(answer(b"5"))) as port, proxied(port, fail=True) as proxy:
        head, _, body = COUNT.partition(b"\r\n\r\n")
        with client(proxy) as connection:
            connection.sendall(head + b"\r\nexpect: 100-continue\r\n\r\n")
            leave = b"HTTP/1.1 100 Continue\r\n\r\n"
            assert received(connection, len(leave)) == leave
            connection.sendall(body)
            assert received(connection, len(answer(b"5"))) == answer(b"5")
        assert proxy.judged() == []


def test_an_answer_to_head_has_no_body() -> None:
    content = b"HTTP/1.1 200 OK\r\n" + JSON + b"content-length: 4\r\n\r\n"
    with server(scripted(content, answer(b"5"))) as port, proxied(port) as proxy:
        with client(proxy) as connection:
            connection.sendall(b"HEAD /other HTTP/1.1\r\nhost: x\r\n\r\n")
            assert received(connection, len(content)) == content
            connection.sendall(COUNT)
            assert received(connection, len(answer(b"5"))) == answer(b"5")
        assert proxy.judged() == []
        assert proxy.relay.counts.exchanges == 2


@pytest.mark.parametrize("fail", [False, True])
def test_what_is_no_http_passes_unjudged(*, fail: bool) -> None:
    with server(scripted(b"220 hello\r\n")) as port, proxied(port, fail=fail) as proxy:
        with client(proxy) as connection:
            connection.sendall(b"\x00\x01 EHLO\r\n")
            assert received(connection, 11) == b"220 hello\r\n"
        assert any(line.startswith("unreadable: ") for line in proxy.judged())


def test_requests_in_a_row_are_refused_when_they_are_held() -> None:
    with (
        server(scripted(answer(b"5"))) as port,
        proxied(port, fail=True) as proxy,
        client(proxy) as connection,
    ):
        connection.sendall(COUNT + COUNT)
        assert to_the_end(connection).startswith(b"HTTP/1.1 400 ")


def test_requests_in_a_row_pass_and_are_judged() -> None:
    content = answer(b"5") + answer(b'"x"')
    with server(scripted(content)) as port, proxied(port) as proxy:
        with client(proxy) as connection:
            connection.sendall(COUNT + COUNT)
            assert received(connection, len(content)) == content
        [line] = proxy.judged()
        assert line.startswith("response-body")


def test_a_server_that_is_not_there_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with proxied(port) as proxy:
        got = httpx.get(f"http://127.0.0.1:{proxy.port}/api/health", trust_env=False)
        assert got.status_code == 502
        assert "cannot be reached" in got.json()["detail"]
        assert proxy.lines[0].startswith("unreachable: 127.0.0.1:")


@contextmanager
def command(port: int) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command in a process of its own, and where its API is."""
    url = f"http://127.0.0.1:{port}/api"
    asked = [sys.executable, "-m", "mock_server", "proxy", "--to", url, "--port", "0"]
    with subprocess.Popen(
        asked, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().split()[0]
        finally:
            process.kill()


ENDS = [
    (answer(b"5"), 0, "1 exchange: nothing wrong\n"),
    (answer(b'"x"'), 1, "1 exchange: 1 response-body\n"),
]


@pytest.mark.parametrize(("content", "status", "says"), ENDS)
def test_the_command_ends_quietly_while_a_client_holds_on(
    content: bytes, status: int, says: str
) -> None:
    with (
        server(scripted(content, content)) as port,
        command(port) as (process, url),
        httpx.Client(trust_env=False) as asking,
    ):
        assert asking.post(f"{url}/deployments/count", json={}).status_code == 200
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
    assert process.returncode == status
    assert told.endswith(says)
    assert "Traceback" not in told


def test_the_command_counts_what_found_no_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with command(port) as (process, url):
        for _ in range(2):
            assert httpx.get(f"{url}/health", trust_env=False).status_code == 502
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=30)
    assert process.returncode == 2
    assert told.endswith("\n0 exchanges: 2 unreachable\n")


def test_a_body_that_is_too_large_is_not_judged() -> None:
    message = Message(method="POST", target="/api/deployments/count", is_complete=True, body=None)
    relay = Relay(Upstream("127.0.0.1", 1), JUDGE, print)
    assert relay.of_request(message) == []
    assert LARGEST > 1024 * 1024


def test_a_preflight_is_not_judged() -> None:
    message = Message(method="OPTIONS", target="/api/deployments/count", is_complete=True)
    message.headers["access-control-request-method"] = "POST"
    assert Relay(Upstream("127.0.0.1", 1), JUDGE, print).of_request(message) == []


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("http://127.0.0.1:4200/api", "127.0.0.1:4200"),
        ("https://prefect.example/api", "prefect.example"),
        ("http://[::1]:4200", "[::1]:4200"),
    ],
)
def test_a_url_says_where_to_go(url: str, authority: str) -> None:
    upstream = Upstream.of(url)
    assert upstream.authority == authority
    assert isinstance(upstream.tls, ssl.SSLContext) is url.startswith("https")


@pytest.mark.parametrize("url", ["127.0.0.1:4200", "ftp://x/", "http://"])
def test_what_is_no_url_is_told(url: str) -> None:
    result = CliRunner().invoke(main, ["proxy", "--to", url])
    assert result.exit_code == 2
    assert "is no URL such as http://127.0.0.1:4200/api" in result.output


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        arguments = ["proxy", "--to", "http://127.0.0.1:1/api", "--port", port]
        result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "cannot be listened on" in result.output


def test_the_violations_are_json() -> None:
    with server(scripted(answer(b'"x"'))) as port, proxied(port, fail=True) as proxy:
        got = httpx.post(
            f"http://127.0.0.1:{proxy.port}/api/deployments/count", json={}, trust_env=False
        )
        assert json.loads(got.content)["violations"] == [
            {
                "code": "response-body",
                "operation": "count_deployments",
                "pointer": "",
                "msg": '"x" is not of type "integer"',
            }
        ]
