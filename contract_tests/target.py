"""The server that is judged: sending to it, and knowing what it is."""

from __future__ import annotations

import json as jsonlib
import re
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import quote, urlsplit

import httpx

from contract_tests.errors import CannotJudge, Unreachable, WouldChange, WrongTarget
from contract_tests.exchange import Exchange, NotJson

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

UNSET: Final[Any] = object()
"""No body at all, which is not the body `null`."""

_LOOPBACK = re.compile(r"localhost|127(\.\d+){3}|::1")
# POST operations that only read. Everything else that is no GET may change the target;
# get_scheduled_flow_runs does: it marks the deployments as polled.
_READING_POST = re.compile(r".*/(filter|paginate|count|history|lateness)/?")
_BUSY = frozenset({429, 503})
_TRIES = 8  # some ten seconds in all
_FEWER_TRIES = 3
_LONGEST_WAIT = 5.0  # seconds
_DROPPED = 0  # the status of an exchange that got no answer


class Target:
    """A server under test.

    Args:
        base_url: with the API's base path, such as `http://127.0.0.1:4200/api`.
        read_only: refuse to send what may change the target.
        headers: sent with every request.
        timeout: seconds to wait for an answer.

    Attributes:
        requests: how many requests were sent.
        writes: how many of them may have changed the target; who keeps what was read compares it.
        seconds: time spent waiting for answers.
        observers: called with each exchange, in the order of sending.
        stopped: why nothing more is to be sent, such as a signal's name; "" as long as nothing is.
    """

    def __init__(
        self,
        base_url: str,
        *,
        read_only: bool = False,
        headers: Mapping[str, str] | None = None,
        timeout: float = 30.0,
    ) -> None:
        self.base_url = _checked(base_url)
        self.read_only = read_only
        self.requests = 0
        self.writes = 0
        self.seconds = 0.0
        self._tries = _TRIES
        self.stopped = ""
        self.observers: list[Callable[[Exchange], None]] = []
        host = urlsplit(self.base_url).hostname or ""
        self._client = httpx.Client(
            headers=headers,
            timeout=timeout,
            follow_redirects=False,
            # A proxy from the environment cannot reach this machine's own loopback address.
            trust_env=_LOOPBACK.fullmatch(host) is None,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    @cached_property
    def version(self) -> str | None:
        """The server's version, such as "3.8.8"; None when it does not tell."""
        for path in ("/admin/version", "/version"):
            try:
                told = self.send("GET", path).json()
            except NotJson:
                continue
            if isinstance(told, str) and re.match(r"\d+\.\d+", told):
                return told
        return None

    def send(
        self,
        method: str,
        path: str,
        *,
        json: Any = UNSET,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Exchange:
        """Send one request and return what came back, whatever its status.

        A server that is briefly busy (429, 503) is asked again, a few times. A redirect is not
        followed. When the server closes the connection without an answer although it is alive, the
        exchange has the status 0.

        Args:
            method: any case.
            path: below the base URL, percent-encoded where it must be (see `segment`).
            json: a body to be sent as JSON; `None` is the body `null`.
            content: bytes to be sent instead, with no content type of their own.
            headers: besides those of the target.

        Raises:
            Unreachable: the target does not answer.
            WouldChange: it may change the target, and the run is read-only.
            KeyboardInterrupt: the run was stopped, and what told of it first was caught on its way.
        """
        if self.stopped:
            raise KeyboardInterrupt(self.stopped)
        method = method.upper()
        writing = may_change(method, path)
        if writing and self.read_only:
            raise WouldChange(f"a read-only run must not send {method} {path}")
        if json is not UNSET:
            content = encode(json)
            headers = {"content-type": "application/json", **(headers or {})}
        request = self._client.build_request(
            method, self.base_url + path, content=content, headers=headers
        )
        if writing:
            self.writes += 1
        exchange = self._send(request, content)
        for observer in self.observers:
            observer(exchange)
        return exchange

    def get(self, path: str) -> Exchange:
        """GET the path."""
        return self.send("GET", path)

    def post(self, path: str, body: Any = UNSET) -> Exchange:
        """POST the body as JSON; without one, nothing."""
        return self.send("POST", path, json=body)

    def _send(self, request: httpx.Request, content: bytes | None) -> Exchange:
        for attempt in range(self._tries):
            started = time.perf_counter()
            self.requests += 1
            response = self._answer(request)
            elapsed = time.perf_counter() - started
            self.seconds += elapsed
            if response is None or response.status_code not in _BUSY or attempt == self._tries - 1:
                break
            time.sleep(_wait(response, attempt))
        busy = response is not None and response.status_code in _BUSY
        # One that stayed busy is not waited for as long again.
        self._tries = _FEWER_TRIES if busy else _TRIES
        return Exchange(
            method=request.method,
            url=str(request.url),
            request_headers=dict(request.headers),
            request_body=content,
            status=_DROPPED if response is None else response.status_code,
            headers={} if response is None else dict(response.headers),
            body=b"" if response is None else response.content,
            elapsed=elapsed,
            base_url=self.base_url,
        )

    def _answer(self, request: httpx.Request) -> httpx.Response | None:
        """The answer; None when a living server gives none that can be read."""
        try:
            return self._on_a_live_connection(request)
        except httpx.TimeoutException as error:
            raise Unreachable(
                f"{self.base_url} did not answer {request.method} {request.url.path} within "
                f"{self._client.timeout.read:g} s: is the server overloaded or stuck?"
            ) from error
        except httpx.ConnectError as error:
            if "SSL" in str(error) or "certificate" in str(error).lower():
                raise Unreachable(
                    f"{self.base_url} cannot be reached by TLS ({error}): is it served by https, "
                    "and is its certificate known here (SSL_CERT_FILE)?"
                ) from error
            raise Unreachable(
                f"Nothing answers at {self.base_url} ({error}): "
                "is the server running, and are host and port right?"
            ) from error
        except httpx.RequestError as error:
            if not self._alive():
                raise Unreachable(
                    f"{self.base_url} stopped answering at {request.method} {request.url.path} "
                    f"({error or type(error).__name__}): look at the server's own log."
                ) from error
            return None

    def _on_a_live_connection(self, request: httpx.Request) -> httpx.Response:
        """The answer, asked for again when a kept connection turns out to be closed.

        Servers close connections that were idle, and after a 500, without saying so.
        """
        try:
            return self._client.send(request)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            return self._client.send(request)

    def _alive(self) -> bool:
        try:
            self._client.get(self.base_url + "/health")
        except httpx.DecodingError:
            return True
        except httpx.TransportError:
            return False
        return True

    def probe(self) -> None:
        """See whether a deployment API answers here at all.

        One right answer to any of a few requests is enough: a server with a bug in one of them is
        to be judged, not turned away.

        Raises:
            Unreachable: nothing answers.
            WrongTarget: something else answers.
        """
        answers = [self.send(method, path, json=body) for method, path, body in _SIGNS]
        if any(_is_sign(answer) for answer in answers):
            return
        raise WrongTarget(self._what_it_is(answers[0]))

    def _what_it_is(self, answer: Exchange) -> str:
        """One sentence on what answers instead, and what to do."""
        url = self.base_url
        if answer.status in (401, 403):
            return f"{url} asks for credentials (status {answer.status}); give them and run again."
        if 300 <= answer.status < 400:  # noqa: PLR2004 - the redirects
            where = answer.headers.get("location", "somewhere else")
            return f"{url} redirects to {where}: give that server's API address as --base-url."
        if self._lives_at(url + "/api"):
            return f"{url} has no deployment API, {url}/api has: use --base-url {url}/api."
        root = url.removesuffix("/api")
        if root != url and self._lives_at(root):
            return f"{url} has no deployment API, {root} has: use --base-url {root}."
        if "html" in answer.headers.get("content-type", ""):
            return (
                f"{url} answers with HTML (status {answer.status}): this looks like a web page; "
                "give the address of the API, which usually ends in /api."
            )
        return (
            f"{url} answers POST /deployments/count with status {answer.status}, which no "
            "deployment API does: check the address, its base path included (usually /api)."
        )

    def _lives_at(self, url: str) -> bool:
        try:
            response = self._client.post(url + "/deployments/count", json={})
        except httpx.TransportError:
            return False
        return response.status_code == httpx.codes.OK and response.content.strip().isdigit()


_SIGNS: Final[tuple[tuple[str, str, Any], ...]] = (
    ("POST", "/deployments/count", {}),
    ("POST", "/deployments/filter", {"limit": 1}),
    ("POST", "/deployments/paginate", {"limit": 1}),
)


def _is_sign(answer: Exchange) -> bool:
    """Whether the answer is one that a deployment API gives, possibly with a bug in it."""
    if answer.status == httpx.codes.OK:
        try:
            return not isinstance(answer.json(), str)
        except NotJson:
            return False
    return answer.body.startswith((b'{"exception_message"', b'{"exception_detail"'))


def may_change(method: str, path: str) -> bool:
    """Whether the request may change its target, by method and path alone."""
    if method in ("GET", "HEAD", "OPTIONS"):
        return False
    return not (method == "POST" and _READING_POST.fullmatch(path.partition("?")[0]))


def segment(text: str) -> str:
    """The text as one segment of a path."""
    return quote(text, safe="")


def encode(value: Any) -> bytes:
    """JSON as sent; readable where UTF-8 can carry it, escaped where not (lone surrogates)."""
    try:
        return jsonlib.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return jsonlib.dumps(value).encode()


def _checked(base_url: str) -> str:
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host:
        raise CannotJudge(
            f"{base_url!r} is no http address: write it like http://127.0.0.1:4200/api."
        )
    if url.query or url.fragment:
        raise CannotJudge(f"{base_url!r} has a query or a fragment: leave it out.")
    return base_url.rstrip("/")


def _wait(response: httpx.Response, attempt: int) -> float:
    """Seconds to wait before asking a busy server again."""
    told = response.headers.get("retry-after", "")
    seconds = float(told) if told.isdigit() else 0.05 * 2**attempt
    return min(seconds, _LONGEST_WAIT)
