"""Sends a request just as it stands, and waits out a database that is briefly locked."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any, Self

import httpx

from tests.real_server.process import PATIENCE

RETRIES = 5


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: httpx.Headers
    content: bytes

    @property
    def body(self) -> Any:
        """The JSON of the answer; the text of one that is no JSON, None of an empty one."""
        if not self.content:
            return None
        try:
            return json.loads(self.content)
        except ValueError:
            return self.content.decode(errors="replace")


@dataclass(slots=True)
class Client:
    """One server, without the headers that a client library adds by itself."""

    base_url: str
    _http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self._connect()

    def _connect(self) -> None:
        self._http = httpx.Client(trust_env=False, timeout=PATIENCE)
        for name in ("accept", "accept-encoding", "user-agent"):
            del self._http.headers[name]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def send(
        self, method: str, path: str, content: bytes | None, headers: dict[str, str]
    ) -> Answer:
        """The answer to a request; a 503 says that a retry helps, so it is repeated."""
        for attempt in range(RETRIES):
            response = self._http.request(
                method, self.base_url + path, content=content, headers=headers
            )
            if response.is_server_error:
                # A real server drops the connection after it, at times before we notice.
                self._http.close()
                self._connect()
            if response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
            time.sleep(0.1 * 2**attempt)
        return Answer(response.status_code, response.headers, response.content)

    def ask(self, request: str, body: Any = None) -> Answer:
        """The answer to `METHOD /path` with that JSON; no body when it is None."""
        method, _, path = request.partition(" ")
        content = None if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"content-type": "application/json"}
        return self.send(method, path, content, headers)

    def made(self, request: str, body: Any = None) -> Any:
        """The JSON of an answer that must be a success.

        Raises:
            AssertionError: it is none.
        """
        answer = self.ask(request, body)
        assert answer.status < httpx.codes.MULTIPLE_CHOICES, (request, body, answer.body)
        return answer.body
