"""The server that is judged: sending to it, and knowing what it is."""

from __future__ import annotations

import json as jsonlib
import re
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import quote, urlsplit

import httpx

from contract_tests.errors import CannotJudge, OutOfTime, WouldChange, WrongTarget
from contract_tests.transport.cloud import right_address
from contract_tests.transport.connection import Connection
from contract_tests.transport.credentials import Credentials, without_userinfo
from contract_tests.transport.exchange import Exchange, NotJson
from contract_tests.transport.packing import flaw_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from contract_tests.transport.credentials import Use
    from contract_tests.transport.masking import Mask

UNSET: Final[Any] = object()
"""No body at all, which is not the body `null`."""

# POST operations that only read. Everything else that is no GET may change the target;
# get_scheduled_flow_runs does: it marks the deployments as polled.
_READING_POST = re.compile(r".*/(filter|paginate|count|history|lateness)/?")
_LOGIN = re.compile(r"log-?in|sign-?in|sso|oauth|saml|auth", re.IGNORECASE)
_NOT_LET_IN = frozenset({401, 403})
# After such a poll's answer a released server goes on to note it, and a write in that moment may
# wait a minute for the lock of its database (seen on 3.8.8 with SQLite; never after this pause).
_POLL_OF_POOL = re.compile(r"/work_pools/[^/]+/get_scheduled_flow_runs/?")
_AFTER_POLL = 0.1  # seconds
_DEEPEST: Final = 6  # segments of a path that may be too many
_DROPPED = 0  # the status of an exchange that got no answer


class Target:
    """A server under test.

    Args:
        base_url: with the API's base path, such as `http://127.0.0.1:4200/api`; a user and password
            in it are credentials.
        read_only: refuse to send what may change the target.
        auth: `basic:USER:PASS` or `bearer:TOKEN`.
        headers: sent with every request, `NAME:VALUE` each.
        timeout: seconds to wait for an answer.

    Attributes:
        writes: how many requests may have changed the target; who keeps what was read compares it.
        observers: called with each exchange, in the order of sending.
        stopped: why nothing more is to be sent, such as a signal's name; "" as long as nothing is.
        deadline: the moment, by `time.monotonic`, from which nothing is sent; None: there is none.
        connection: what requests go by; it knows how many there were, and the credentials.

    Raises:
        CannotJudge: address, credentials or headers are not of their form.
    """

    def __init__(
        self,
        base_url: str,
        *,
        read_only: bool = False,
        auth: str | None = None,
        headers: Iterable[str] = (),
        timeout: float = 30.0,
    ) -> None:
        plain, in_address = without_userinfo(base_url)
        self.base_url = _checked(plain)
        self.read_only = read_only
        self.writes = 0
        self.stopped = ""
        self.deadline: float | None = None
        self.observers: list[Callable[[Exchange], None]] = []
        credentials = Credentials.of(auth or in_address, headers)
        self.connection = Connection(self.base_url, credentials, timeout)

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return self.connection.requests

    @property
    def seconds(self) -> float:
        """The time spent waiting for answers."""
        return self.connection.seconds

    @property
    def mask(self) -> Mask:
        """What hides this run's secrets."""
        return self.connection.credentials.mask

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self.connection.client.close()

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
        use: Use = "given",
    ) -> Exchange:
        """Send one request and return what came back, whatever its status.

        A server that is briefly busy (429, 503) is asked again, a few times, and after the wait
        that it asks for. A redirect is not followed. When the server gives no answer although it is
        alive, the exchange has the status 0. Secrets in its headers are masked.

        Args:
            method: any case.
            path: below the base URL, percent-encoded where it must be (see `segment`).
            json: a body to be sent as JSON; `None` is the body `null`.
            content: bytes to be sent instead, with no content type of their own.
            headers: besides those of the target.
            use: send the credentials that were given, none, or wrong ones.

        Raises:
            CannotJudge: the target does not answer, or not any more.
            WouldChange: it may change the target, and the run is read-only.
            OutOfTime: the deadline is over.
            KeyboardInterrupt: the run was stopped, and what told of it first was caught on its way.
        """
        if self.stopped:
            raise KeyboardInterrupt(self.stopped)
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise OutOfTime
        method = method.upper()
        writing = may_change(method, path)
        if writing and self.read_only:
            raise WouldChange(f"a read-only run must not send {method} {path}")
        content, headers = as_sent(json, content, headers)
        request = self.connection.request(method, path, content, dict(headers or {}), use)
        if writing:
            self.writes += 1
        response, elapsed = self.connection.send(request, use)
        if _POLL_OF_POOL.fullmatch(path):
            time.sleep(_AFTER_POLL)
        exchange = self._exchange(request, content, response, elapsed)
        for observer in self.observers:
            observer(exchange)
        return exchange

    def _exchange(
        self,
        request: httpx.Request,
        content: bytes | None,
        response: httpx.Response | None,
        elapsed: float,
    ) -> Exchange:
        exchange = Exchange(
            method=request.method,
            url=str(request.url),
            request_headers=self.mask.headers(request.headers),
            request_body=content,
            status=_DROPPED if response is None else response.status_code,
            headers={} if response is None else self.mask.headers(response.headers),
            body=b"" if response is None else response.content,
            elapsed=elapsed,
            base_url=self.base_url,
            silent=self.connection.silent,
            flaw="" if response is None else flaw_of(response),
        )
        if exchange.path == "/csrf-token":
            self._hide_token(exchange)
        return exchange

    def _hide_token(self, exchange: Exchange) -> None:
        try:
            told = exchange.json()
        except NotJson:
            return
        if isinstance(told, dict) and isinstance(told.get("token"), str):
            self.mask.add(told["token"])

    def get(self, path: str) -> Exchange:
        """GET the path."""
        return self.send("GET", path)

    def post(self, path: str, body: Any = UNSET) -> Exchange:
        """POST the body as JSON; without one, nothing."""
        return self.send("POST", path, json=body)

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
            self.connection.let_in = True
            return
        raise WrongTarget(self._what_it_is(answers[0]))

    def _what_it_is(self, answer: Exchange) -> str:
        """One sentence on what answers instead, and what to do."""
        url = self.base_url
        if answer.status in _NOT_LET_IN:
            return self._not_let_in(answer)
        if 300 <= answer.status < 400:  # noqa: PLR2004 - the redirects
            return self._led_elsewhere(answer.headers.get("location", "somewhere else"))
        if meant := self._meant():
            return meant
        if "html" in answer.headers.get("content-type", ""):
            return (
                f"{url} answers with HTML (status {answer.status}): this looks like a web page; "
                "give the address of the API, which usually ends in /api."
            )
        return (
            f"{url} answers POST /deployments/count with status {answer.status}, which no "
            f"deployment API does: {_advice(url)}."
        )

    def _meant(self) -> str | None:
        """A sentence on the address that was meant; None when there is no telling."""
        url = self.base_url
        for other in _near(url):
            if self._lives_at(other):
                return f"{url} has no deployment API, {other} has: use --base-url {other}."
        return right_address(url, self.connection.client.get)

    def _led_elsewhere(self, where: str) -> str:
        if _LOGIN.search(where):
            return f"{self.base_url} redirects to a login page ({where}): give --auth or --header."
        return (
            f"{self.base_url} redirects to {where}: give that server's API address as --base-url."
        )

    def _not_let_in(self, answer: Exchange) -> str:
        how = "--auth basic:USER:PASS, --auth bearer:TOKEN or --header NAME:VALUE"
        if b"csrf" in answer.body.lower():
            return (
                f"{self.base_url} asks for a CSRF token and gives none at /csrf-token: "
                "are the credentials right (--auth)?"
            )
        if self.connection.credentials.secret_names:
            return (
                f"{self.base_url} refuses the credentials that were given "
                f"(status {answer.status}): give others by {how}."
            )
        return f"{self.base_url} asks for credentials (status {answer.status}): give them by {how}."

    def _lives_at(self, url: str) -> bool:
        try:
            response = self.connection.client.post(url + "/deployments/count", json={})
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
    if answer.status in _NOT_LET_IN:
        return False
    return answer.body.startswith((b'{"exception_message"', b'{"exception_detail"'))


def _near(url: str) -> Iterator[str]:
    """Addresses that may be meant by one: itself and those above it, with and without /api."""
    machine, path = _parts(url)
    for length in range(min(len(path), _DEEPEST), -1, -1):
        above = "/".join([machine, *path[:length]])
        yield from (one for one in (f"{above}/api", above) if one != url)


def _advice(url: str) -> str:
    """What an address should look like, where none near it is the right one."""
    machine, path = _parts(url)
    if "api" in path[:-1]:
        root = "/".join([machine, *path[: path.index("api") + 1]])
        return f"give the address of the API as a whole, without what is below it: {root}"
    if "api" not in path:
        return f"check the address, which usually ends in /api: {machine}/api"
    return "check the address, its base path included (usually /api)"


def _parts(url: str) -> tuple[str, list[str]]:
    """Scheme and machine, and the segments of the path."""
    machine = url[: len(url) - len(urlsplit(url).path)]
    return machine, [part for part in urlsplit(url).path.split("/") if part]


def may_change(method: str, path: str) -> bool:
    """Whether the request may change its target, by method and path alone."""
    if method in ("GET", "HEAD", "OPTIONS"):
        return False
    return not (method == "POST" and _READING_POST.fullmatch(path.partition("?")[0]))


def segment(text: str) -> str:
    """The text as one segment of a path."""
    return quote(text, safe="")


def as_sent(
    json: Any, content: bytes | None, headers: Mapping[str, str] | None
) -> tuple[bytes | None, Mapping[str, str] | None]:
    """The bytes and headers of a request whose body is given as a JSON value, or as bytes."""
    if json is UNSET:
        return content, headers
    return encode(json), {"content-type": "application/json", **(headers or {})}


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
