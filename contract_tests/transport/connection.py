"""Getting one request to a server and its answer back, as long as the server is there at all."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import httpx

from contract_tests.errors import CannotJudge, Unreachable, WrongTarget
from contract_tests.transport.credentials import CSRF_CLIENT, CSRF_TOKEN, Credentials, Use
from contract_tests.transport.packing import NOT_WHOLE, watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LOOPBACK: Final = re.compile(r"localhost|127(\.\d+){3}|::1")
BUSY: Final = frozenset({429, 503})
_TOO_MANY: Final = 429
_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_TRIES: Final = 8  # some ten seconds in all, unless the server says how long to wait
_FEWER_TRIES: Final = 3
_LONE_TRIES: Final = 5  # less than a second, when other requests are answered meanwhile
_LONGEST_PAUSE: Final = 5.0  # seconds, when the server does not say
_LONGEST_WAIT: Final = 120.0  # seconds, when it does
_WORTH_TELLING: Final = 2.0  # seconds
_TIMEOUTS: Final = 3  # of a server that is alive; then it is stuck


class Connection:
    """Sends to one server, again where that is right: busy, asking to wait, asking for a token.

    Args:
        base_url: of the API.
        credentials: sent with every request.
        timeout: seconds to wait for an answer.

    Attributes:
        seconds: time spent waiting for answers.
        requests: how many requests were sent, repeated ones included.
        repeated: status -> how many answers of a busy target were not taken: asked again.
        silent: why the last request got no answer although the server is alive; "" when it did.
        announce: told in a sentence when the server makes us wait.
    """

    def __init__(self, base_url: str, credentials: Credentials, timeout: float) -> None:
        self.base_url = base_url
        self.credentials = credentials
        self.requests = 0
        self.seconds = 0.0
        self.repeated: Counter[int] = Counter()
        self.silent = ""
        self.announce: Callable[[str], None] = lambda _: None
        self.let_in = False
        self.csrf = False
        self._fetches = True
        self._tries = _TRIES
        self._timeouts = 0
        host = urlsplit(base_url).hostname or ""
        self.client = httpx.Client(
            headers=credentials.headers,
            timeout=timeout,
            follow_redirects=False,
            event_hooks={"response": [watch]},
            # A proxy from the environment cannot reach this machine's own loopback address.
            trust_env=_LOOPBACK.fullmatch(host) is None,
        )

    def request(
        self,
        method: str,
        path: str,
        content: bytes | None,
        headers: dict[str, str],
        use: Use = "given",
    ) -> httpx.Request:
        """A request with its headers, ready to be sent."""
        made = self.client.build_request(
            method, self.base_url + path, content=content, headers=headers
        )
        if use != "given":
            for name in self.credentials.secret_names:
                del made.headers[name]
            made.headers.update(self.credentials.wrong() if use == "wrong" else {})
        return made

    def send(
        self, request: httpx.Request, use: Use = "given"
    ) -> tuple[httpx.Response | None, float]:
        """The answer and the seconds that it took; None when a living server gives none.

        Raises:
            CannotJudge: nothing answers, or not any more, or only after a wait that is too long.
        """
        fetched = False
        attempt = 0
        tries = self._tries
        while True:
            response, elapsed = self._timed(request)
            if response is None:
                return None, elapsed
            asked = self._fetches and not fetched and _asks_for_csrf(response)
            if asked and self._fetch_token():
                fetched = True
                request.headers.update(self._token_headers())
                continue
            if response.status_code not in BUSY or attempt >= tries - 1:
                break
            if attempt == 0 and self._is_about_this_one(response):
                tries = min(tries, _LONE_TRIES)
            self._wait(response, attempt)
            self.repeated[response.status_code] += 1
            attempt += 1
        busy = response.status_code in BUSY
        # One that stayed busy is not waited for as long again.
        self._tries = _FEWER_TRIES if busy else _TRIES
        self._still_let_in(request, response, use)
        return response, elapsed

    def _timed(self, request: httpx.Request) -> tuple[httpx.Response | None, float]:
        started = time.perf_counter()
        self.requests += 1
        self.silent = ""
        response = self._answer(request)
        elapsed = time.perf_counter() - started
        self.seconds += elapsed
        return response, elapsed

    def _answer(self, request: httpx.Request) -> httpx.Response | None:
        what = f"{request.method} {request.url.path}"
        try:
            return self._on_a_live_connection(request)
        except httpx.TimeoutException as error:
            self._timeouts += 1
            limit = f"within {self.client.timeout.read:g} s"
            if self._timeouts < _TIMEOUTS and self.is_alive():
                self.silent = f"no answer {limit}"
                return None
            raise Unreachable(
                f"{self.base_url} did not answer {what} {limit}: is the server overloaded or stuck?"
            ) from error
        except httpx.ConnectError as error:
            raise Unreachable(self._not_connected(error)) from error
        except httpx.DecodingError:
            self.silent = NOT_WHOLE
            return None
        except httpx.RequestError as error:
            if not self.is_alive():
                raise Unreachable(
                    f"{self.base_url} stopped answering at {what} "
                    f"({error or type(error).__name__}): look at the server's own log."
                ) from error
            self.silent = "the connection was closed instead of an answer"
            return None

    def _not_connected(self, error: httpx.ConnectError) -> str:
        if "SSL" in str(error) or "certificate" in str(error).lower():
            return (
                f"{self.base_url} cannot be reached by TLS ({error}): is it served by https, "
                "and is its certificate known here (SSL_CERT_FILE)?"
            )
        return (
            f"Nothing answers at {self.base_url} ({error}): "
            "is the server running, and are host and port right?"
        )

    def _on_a_live_connection(self, request: httpx.Request) -> httpx.Response:
        """The answer, asked for again when a kept connection turns out to be closed.

        Servers close connections that were idle, and after a 500, without saying so.
        """
        try:
            return self.client.send(request)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            return self.client.send(request)

    def is_alive(self) -> bool:
        """Whether anything answers, whatever it is."""
        try:
            self.client.get(self.base_url + "/health")
        except httpx.DecodingError:
            return True
        except httpx.TransportError:
            return False
        return True

    def status_of_count(self) -> int:
        """The status by which the target answers a plain count; 0 when it does not answer."""
        try:
            return self.client.post(self.base_url + "/deployments/count", json={}).status_code
        except httpx.HTTPError:
            return 0

    def _is_about_this_one(self, response: httpx.Response) -> bool:
        """Whether a server that has time for others answers 503 to one request.

        A released server says so of whatever its database fails on, and would forever.
        """
        told = self.let_in and "retry-after" not in response.headers
        return told and response.status_code != _TOO_MANY and self.status_of_count() not in BUSY

    def _wait(self, response: httpx.Response, attempt: int) -> None:
        told = retry_after(response.headers.get("retry-after", ""))
        if told is not None and told > _LONGEST_WAIT:
            raise CannotJudge(
                f"{self.base_url} asks to wait {told:.0f} s (status {response.status_code}, "
                "Retry-After): run again then, or let it take more requests."
            )
        pause = min(0.05 * 2**attempt, _LONGEST_PAUSE) if told is None else told
        if pause >= _WORTH_TELLING:
            self.announce(f"waiting {pause:.0f} s: the target answers {response.status_code}")
        time.sleep(pause)

    def _still_let_in(self, request: httpx.Request, response: httpx.Response, use: Use) -> None:
        """End a run whose every further answer would be the same refusal.

        Raises:
            CannotJudge: the target takes no more requests, or the credentials no longer.
        """
        what = f"{request.method} {request.url.path}"
        if not self.let_in or use != "given":
            return
        if response.status_code == _TOO_MANY and self.status_of_count() == _TOO_MANY:
            raise CannotJudge(
                f"{self.base_url} keeps answering 429 (too many requests), last to {what}: "
                "let it take more requests, or run again later."
            )
        if response.status_code == _UNAUTHORIZED and self.status_of_count() == _UNAUTHORIZED:
            raise WrongTarget(
                f"{self.base_url} no longer takes the credentials (status 401 to {what}): "
                "have they expired?"
            )

    @contextmanager
    def without_fetching(self) -> Iterator[None]:
        """Fetch no CSRF token for a while, to see what is answered without one."""
        self._fetches = False
        try:
            yield
        finally:
            self._fetches = True

    def _fetch_token(self) -> bool:
        """Ask for a CSRF token, to be sent from now on; whether one came."""
        client = self.client.headers.get(CSRF_CLIENT) or f"contract-tests-{secrets.token_hex(8)}"
        try:
            answer = self.client.get(f"{self.base_url}/csrf-token", params={"client": client})
            token = answer.json()["token"]
        except (httpx.HTTPError, ValueError, KeyError, TypeError):
            return False
        if not isinstance(token, str):
            return False
        self.credentials.mask.add(token)
        self.client.headers.update({CSRF_TOKEN: token, CSRF_CLIENT: client})
        self.csrf = True
        return True

    def _token_headers(self) -> dict[str, str]:
        return {name: self.client.headers[name] for name in (CSRF_TOKEN, CSRF_CLIENT)}


def retry_after(text: str) -> float | None:
    """The seconds that a `Retry-After` header asks to wait; None when it does not say."""
    if text.strip().isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (moment.astimezone(UTC) - datetime.now(UTC)).total_seconds())


def _asks_for_csrf(response: httpx.Response) -> bool:
    if response.status_code != _FORBIDDEN:
        return False
    try:
        body: Any = json.loads(response.content)
    except ValueError:
        return False
    detail = body.get("detail") if isinstance(body, dict) else None
    return isinstance(detail, str) and "csrf" in detail.lower()
