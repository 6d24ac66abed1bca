"""Passes bytes between clients and a server, and has what passed judged.

Nothing is read into objects and written anew: each block of bytes goes on as it came, so that
chunks, compression, upgrades and headers stay what they were. A copy is parsed beside it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import ssl
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlsplit

import orjson

from mock_server.proxy.messages import MalformedError, Message, Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mock_server.proxy.judge import Judge, Violation

logger: Final = logging.getLogger(__name__)

_BLOCK: Final = 256 * 1024
_HOST: Final = re.compile(rb"(\r\nhost:[ \t]*)[^\r\n]*", re.IGNORECASE)
_PATIENCE: Final = 1.0
_SWITCHED: Final = 101
_BAD_REQUEST: Final = 400
_BAD_GATEWAY: Final = 502
_REASONS: Final = {_BAD_REQUEST: "Bad Request", _BAD_GATEWAY: "Bad Gateway"}


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where requests go.

    Attributes:
        host: Name or address.
        port: The port.
        tls: How to speak TLS, None for plain HTTP.
    """

    host: str
    port: int
    tls: ssl.SSLContext | None = None

    @classmethod
    def of(cls, url: str, *, verify: bool = True) -> Upstream:
        """Read a base URL.

        Raises:
            ValueError: It is none.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url} is no URL such as http://127.0.0.1:4200/api")
        tls = None
        if parts.scheme == "https":
            tls = ssl.create_default_context()
            if not verify:
                tls.check_hostname = False
                tls.verify_mode = ssl.CERT_NONE
        return cls(parts.hostname, parts.port or (443 if tls else 80), tls)

    @property
    def authority(self) -> str:
        """What stands in a Host header."""
        usual = 443 if self.tls else 80
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == usual else f"{host}:{self.port}"


@dataclass(slots=True)
class Counts:
    """What passed so far.

    Attributes:
        exchanges: How many were answered.
        unreachable: How many connections found no server.
        violations: What broke the spec, by code.
    """

    exchanges: int = 0
    unreachable: int = 0
    violations: dict[str, int] = field(default_factory=dict)


class Relay:
    """The proxy.

    Args:
        upstream: Where requests go.
        judge: Who judges them.
        tell: Takes a line for each violation.
        fail: Whether what breaks the spec is held back: 400 for requests, 502 for answers.
    """

    def __init__(
        self, upstream: Upstream, judge: Judge, tell: Callable[[str], None], *, fail: bool = False
    ) -> None:
        self.upstream = upstream
        self.judge = judge
        self.fail = fail
        self.counts = Counts()
        self.tell = tell
        # One thread: what is told comes in the order in which it was answered.
        self._after = ThreadPoolExecutor(1, thread_name_prefix="judge")
        self._connections: set[asyncio.Task[None] | None] = set()

    async def serve(self, host: str, port: int) -> asyncio.Server:
        """Begin to listen.

        Raises:
            OSError: It cannot be listened there.
        """
        return await asyncio.start_server(self._accepted, host, port, limit=_BLOCK)

    async def close(self) -> None:
        """End the connections, and have the rest judged."""
        open_still = [task for task in self._connections if task is not None]
        for task in open_still:
            task.cancel()
        if open_still:
            await asyncio.wait(open_still, timeout=_PATIENCE)
        await asyncio.to_thread(self._after.shutdown)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection; asyncio would print of one that is cut short that it was."""
        task = asyncio.current_task()
        self._connections.add(task)
        try:
            await self._connected(reader, writer)
        except asyncio.CancelledError:
            writer.close()
        finally:
            self._connections.discard(task)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            server = await asyncio.open_connection(
                self.upstream.host, self.upstream.port, ssl=self.upstream.tls, limit=_BLOCK
            )
        except OSError as error:
            self.counts.unreachable += 1
            self.tell(f"unreachable: {self.upstream.authority}: {error}")
            says = f"{self.upstream.authority} cannot be reached."
            await _close(writer, _answer(_BAD_GATEWAY, says, ()))
            return
        talk = _Talk(self, (reader, writer), server)
        try:
            await talk.run()
        except Exception:
            logger.exception("A connection ended")
        finally:
            # Both at once, lest one stays open when waiting for the other is cut short.
            writer.close()
            server[1].close()
            await _close(writer)
            await _close(server[1])

    def finished(self, request: Message, answer: Message) -> None:
        """An exchange has passed: have it judged, outside of its way."""
        self._after.submit(self._judged, request, answer)

    def _judged(self, request: Message, answer: Message) -> None:
        try:
            found = [*self.of_request(request), *self.of_answer(request, answer)]
        except Exception:
            logger.exception("An exchange could not be judged")
            return
        self.told(found, request, answer.status)

    def told(self, found: Sequence[Violation], request: Message, status: int) -> None:
        """Tell what is wrong with an exchange."""
        self.counts.exchanges += 1
        for violation in found:
            counts = self.counts.violations
            counts[violation.code] = counts.get(violation.code, 0) + 1
            self.tell(f"{violation} ({request.method} {request.target} -> {status})")

    def of_request(self, request: Message) -> list[Violation]:
        """What is wrong with a request."""
        body = request.body
        if body is None or not request.is_complete or "upgrade" in request.headers:
            return []
        if request.method == "OPTIONS" and "access-control-request-method" in request.headers:
            return []
        judge = self.judge.request
        return list(judge(request.method, request.target, request.headers, bytes(body)))

    def of_answer(self, request: Message, answer: Message) -> list[Violation]:
        """What is wrong with an answer."""
        path = self.judge.path_below(request.target)
        operation = None if path is None else self.judge.operation(request.method, path)
        if operation is None or answer.status == _SWITCHED:
            return []
        # Of an answer that goes on as it comes, the head alone can be judged.
        whole = answer.is_complete and answer.body is not None and request.method != "HEAD"
        body = bytes(answer.body or b"") if whole else None
        return list(self.judge.response(operation, answer.status, answer.headers, body))


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Talk:
    """One connection of a client, and one to the server for it."""

    def __init__(self, relay: Relay, client: Streams, server: Streams) -> None:
        self._relay = relay
        self._client = client
        self._server = server
        self._requests = Reader(is_server=False)
        self._answers = Reader(is_server=True)
        self._waiting: deque[Message] = deque()
        self._answered = asyncio.Event()
        self._is_blind = False

    async def run(self) -> None:
        """Until either side ends."""
        there = asyncio.create_task(self._there())
        back = asyncio.create_task(self._back())
        try:
            await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
            if there.done() and (there.exception() is not None or there.result()):
                # What the server still has to say is to arrive.
                await asyncio.wait((back,))
        finally:
            there.cancel()
            back.cancel()
            ended = await asyncio.gather(there, back, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception) and not isinstance(error, OSError):
                raise error

    def _read(self, reader: Reader, data: bytes) -> list[Message]:
        """What a block holds; of what is no HTTP, nothing more is read."""
        if self._is_blind:
            return []
        try:
            return reader.feed(data)
        except MalformedError as error:
            self._is_blind = True
            self._relay.tell(f"unreadable: {error}; the rest of the connection is not judged")
            return []

    async def _there(self) -> bool:
        """From the client to the server; whether the server may still answer."""
        reader, writer = self._client[0], self._server[1]
        held = bytearray()
        while data := await reader.read(_BLOCK):
            messages = self._read(self._requests, data)
            held += data
            for message in messages:
                if not message.is_met:
                    message.is_met = True
                    self._waiting.append(message)
            if self._is_partial(messages):
                continue
            verdict = await self._verdict(messages)
            if verdict == "end":
                return False
            if verdict == "pass":
                writer.write(self._addressed(bytes(held), messages))
                await writer.drain()
                if self._relay.fail and messages:
                    await self._answered.wait()
            held.clear()
        writer.write(bytes(held))
        if writer.can_write_eof():
            writer.write_eof()
        return True

    def _is_partial(self, messages: list[Message]) -> bool:
        """Whether more of a request must come before it may go on."""
        if self._is_blind or self._requests.is_raw:
            return False
        if not self._relay.fail:
            return self._relay.upstream.tls is not None and not self._requests.current.has_head
        for message in messages:
            if not message.is_complete and "100-continue" in message.headers.get("expect", ""):
                self._client[1].write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return not self._requests.current.is_complete

    async def _verdict(self, messages: list[Message]) -> Literal["pass", "answered", "end"]:
        """What becomes of a request: one that breaks the contract is answered here."""
        if not self._relay.fail or self._is_blind or not messages:
            return "pass"
        if len({id(message) for message in messages}) > 1:
            says = "A request must not be sent before the last was answered."
            await _close(self._client[1], _answer(_BAD_REQUEST, says, ()))
            return "end"
        request = messages[-1]
        found = self._relay.of_request(request)
        if not found:
            self._answered.clear()
            return "pass"
        self._waiting.remove(request)
        self._relay.told(found, request, _BAD_REQUEST)
        self._client[1].write(_answer(_BAD_REQUEST, "The request breaks the contract.", found))
        await self._client[1].drain()
        return "answered"

    def _addressed(self, data: bytes, messages: list[Message]) -> bytes:
        """A block with the server's own name in it, which a server of many names goes by."""
        if self._relay.upstream.tls is None or not messages:
            return data
        name = self._relay.upstream.authority.encode()
        return _HOST.sub(lambda found: found[1] + name, data, count=1)

    async def _back(self) -> None:
        """From the server to the client."""
        reader, writer = self._server[0], self._client[1]
        held = bytearray()
        while data := await reader.read(_BLOCK):
            messages = self._read(self._answers, data)
            held += data
            current = self._answers.current
            asked = self._waiting[0] if self._waiting else None
            if current.has_head and not current.is_complete and asked and asked.method == "HEAD":
                messages = [self._answers.cut()]
            if self._is_kept_back(messages):
                continue
            for answer in messages:
                if not await self._goes_on(answer):
                    return
            writer.write(bytes(held))
            held.clear()
            await writer.drain()
            self._went_on(messages)
        last = None if self._is_blind or self._answers.is_raw else self._answers.end()
        if last is not None and not await self._goes_on(last):
            return
        writer.write(bytes(held))
        await writer.drain()

    def _is_kept_back(self, messages: list[Message]) -> bool:
        """Whether an answer is to be whole before it goes on: one of JSON, which can be judged."""
        if not self._relay.fail or self._is_blind or self._answers.is_raw:
            return False
        answer = self._answers.current
        if answer.is_complete or answer.body is None:
            return False
        if not answer.has_head:
            return not messages and not self._is_informational(answer)
        return "json" in answer.headers.get("content-type", "")

    @staticmethod
    def _is_informational(answer: Message) -> bool:
        return answer.status in range(100, 200)

    async def _goes_on(self, answer: Message) -> bool:
        """Have an answer judged; whether it goes on to the client."""
        if not self._waiting or answer.is_met:
            return True
        if not self._relay.fail:
            if answer.is_complete:
                answer.is_met = True
                self._relay.finished(self._waiting.popleft(), answer)
            return True
        # What is not held back until it is complete is judged by its head.
        answer.is_met = True
        request = self._waiting.popleft()
        found = self._relay.of_answer(request, answer)
        self._relay.told(found, request, answer.status)
        if found:
            says = "The server's answer breaks the contract."
            await _close(self._client[1], _answer(_BAD_GATEWAY, says, found))
        return not found

    def _went_on(self, messages: list[Message]) -> None:
        """What follows from answers that have gone on to the client."""
        for answer in messages:
            if answer.status == _SWITCHED:
                self._answered.set()
            elif answer.is_complete:
                self._answered.set()
                if self._requests.is_raw:
                    self._requests.begin_anew()  # an upgrade that was asked for and not given


def _answer(status: int, detail: str, found: Sequence[Violation]) -> bytes:
    """An answer of the proxy itself."""
    listed = [
        {"code": one.code, "operation": one.operation, "pointer": one.pointer, "msg": one.message}
        for one in found
    ]
    body = orjson.dumps({"detail": detail, "violations": listed})
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\ncontent-type: application/json\r\n"
        f"access-control-allow-origin: *\r\ncontent-length: {len(body)}\r\n"
    )
    # A client whose connection ends goes on with a new one.
    last = "connection: close\r\n" if status == _BAD_GATEWAY else ""
    return f"{head}{last}\r\n".encode() + body


async def _close(writer: asyncio.StreamWriter, content: bytes = b"") -> None:
    with contextlib.suppress(OSError, RuntimeError):
        if content:
            writer.write(content)
            await writer.drain()
        writer.close()
        await writer.wait_closed()
