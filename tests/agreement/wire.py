"""One request for several servers: written with keys for ids, sent with each server's own ids."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

import httpx

from contract_tests.comparing.sameness import Answer
from tests.real_server.process import PATIENCE

UNSET: Final = object()
RETRIES: Final = 5
_ORIGIN: Final = re.compile(r"^(https?:)//[^/]+")
_REF: Final = re.compile(r"@@([a-z]+\d+)(?::(upper|hex))?@@")
_SHOWN_HEADERS: Final = (
    "content-type",
    "allow",
    "location",
    "vary",
    "content-encoding",
    "www-authenticate",
    "retry-after",
    "access-control-allow-origin",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-allow-credentials",
    "access-control-expose-headers",
    "access-control-max-age",
)


def ref(key: str, form: str = "") -> str:
    """Stands in a path or body for the id that a server gave to `key`; form: upper, hex."""
    return f"@@{key}:{form}@@" if form else f"@@{key}@@"


@dataclass(frozen=True, slots=True)
class Request:
    """What both servers are sent.

    Attributes:
        kind: the row of the tally that it counts in.
        body: the JSON body; `UNSET` sends `content` as it is instead.
        save: keys that the ids of the answer are remembered under.
        saved_from: where in the answer the ids stand ("" the object itself, or a list's key).
        unordered: the server leaves the order of the answer's list open.
        rows_open: the server also leaves open which rows those are (a few of many, by their ids):
            compared are their number and their keys.
        settle: seconds to wait afterwards, for what the server still does in the background.
    """

    kind: str
    method: str
    path: str
    body: Any = UNSET
    content: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()
    save: tuple[str, ...] = ()
    saved_from: str = ""
    unordered: bool = False
    rows_open: bool = False
    settle: float = 0.0

    def __str__(self) -> str:
        if self.body is not UNSET:
            sent = json.dumps(self.body, ensure_ascii=False)
        else:
            sent = "" if self.content is None else repr(self.content)
        extra = "".join(f" {name}: {value}" for name, value in self.headers)
        return f"{self.method} {self.path} {sent}{extra}".strip()


def outline(answer: Answer) -> Answer:
    """The answer with no more of the objects of its list than their keys."""
    rows = answer.json()
    if not isinstance(rows, list):
        return answer
    keys = [sorted(row) if isinstance(row, dict) else row for row in rows]
    return replace(answer, body=json.dumps(keys).encode())


@dataclass(slots=True)
class Side:
    """One of the servers that are compared, and the ids it has given."""

    base_url: str
    ids: dict[str, str] = field(default_factory=dict)
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self._connect()

    def _connect(self) -> None:
        self.client = httpx.Client(trust_env=False, timeout=PATIENCE, headers={"accept": "*/*"})
        for name in ("accept-encoding", "user-agent"):
            del self.client.headers[name]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def send(self, request: Request) -> Answer:
        """Send; a 503 is repeated, since it says that a retry helps (a locked database)."""
        for attempt in range(RETRIES):
            answer = self._send_once(request)
            if answer.status != httpx.codes.SERVICE_UNAVAILABLE:
                break
            time.sleep(0.1 * 2**attempt)
        return answer

    def _send_once(self, request: Request) -> Answer:
        headers = dict(request.headers)
        content = request.content
        if request.body is not UNSET:
            content = json.dumps(request.body).encode()
            headers.setdefault("content-type", "application/json")
        if content is not None and b"@@" in content:
            content = self._resolve(content.decode()).encode()
        url = self.base_url + self._resolve(request.path)
        response = self.client.request(request.method, url, content=content, headers=headers)
        shown = {
            name: self._shown(name, response.headers[name])
            for name in _SHOWN_HEADERS
            if name in response.headers
        }
        if response.is_server_error:
            # The server drops the connection after such an answer, at times before we notice.
            self.client.close()
            self._connect()
        return Answer(response.status_code, shown, response.content)

    def _resolve(self, text: str) -> str:
        return _REF.sub(self._id, text)

    def _id(self, match: re.Match[str]) -> str:
        value = self.ids[match[1]]
        form = match[2]
        if form == "upper":
            return value.upper()
        return value.replace("-", "") if form == "hex" else value

    def _shown(self, name: str, value: str) -> str:
        """A location without the server's own address."""
        return _ORIGIN.sub(r"\1", value) if name == "location" else value
