"""One request and its answer, as they went over the wire."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from contract_tests.transport.masking import HIDDEN, is_secret_name

if TYPE_CHECKING:
    from collections.abc import Mapping

# Said by every HTTP client on its own account: they carry nothing that a reader must repeat.
_NOISE = frozenset(
    {
        "accept",
        "accept-encoding",
        "connection",
        "content-length",
        "host",
        "user-agent",
        "x-schemathesis-testcaseid",
    }
)


class NotJson(ValueError):  # noqa: N818 - it names what the body is
    """A body that was to be JSON and is not."""


@dataclass(frozen=True)
class Exchange:
    """A request that was sent and the answer that came.

    Attributes:
        method: upper case.
        url: absolute, with its query.
        request_headers: names in lower case.
        request_body: the bytes sent, or None when the request had no body.
        status: the answer's status code.
        headers: the answer's headers, names in lower case; several of one name are joined by ", ".
        body: the answer's body, already decompressed; b"" when there was none.
        elapsed: seconds from sending to the last byte.
        base_url: what `url` starts with; `path` is the rest.
        silent: why there is no answer, for the status 0.
        flaw: what is wrong with how the body came, although it could be read.
    """

    method: str
    url: str
    request_headers: Mapping[str, str] = field(repr=False)
    request_body: bytes | None
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes
    elapsed: float = field(default=0.0, compare=False)
    base_url: str = field(default="", repr=False)
    silent: str = field(default="", repr=False)
    flaw: str = field(default="", repr=False)

    @property
    def path(self) -> str:
        """The path below the base URL, without its query, percent-encoded as it was sent."""
        return urlsplit(self.url).path.removeprefix(urlsplit(self.base_url).path.rstrip("/"))

    @property
    def query(self) -> dict[str, str]:
        """The query parameters, the last one of a name winning."""
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    @cached_property
    def _parsed(self) -> Any:
        return json.loads(self.body)

    def json(self) -> Any:
        """The answer's body.

        Raises:
            NotJson: it is not JSON.
        """
        try:
            return self._parsed
        except ValueError as error:
            text = self.body[:80].decode("utf-8", "replace")
            raise NotJson(f"the body is not JSON: {text!r}") from error

    def sent_json(self) -> Any:
        """The request's body as Python values.

        Raises:
            NotJson: there is no body, or it is not JSON.
        """
        try:
            return json.loads(self.request_body or b"")
        except ValueError as error:
            raise NotJson("the request's body is not JSON") from error

    def curl(self) -> str:
        """A command line that sends the same request; secrets are masked."""
        parts = ["curl", "-sS"]
        if self.method != ("GET" if self.request_body is None else "POST"):
            parts += ["-X", self.method]
        parts.append(shlex.quote(self.url))
        for name, value in self.request_headers.items():
            if name not in _NOISE:
                shown = HIDDEN if is_secret_name(name) else value
                parts += ["-H", shlex.quote(f"{name}: {shown}")]
        if self.request_body is not None:
            if "content-type" not in self.request_headers:
                parts += ["-H", "content-type:"]  # else curl makes up one of its own
            parts += ["--data-binary", _shell_bytes(self.request_body)]
        return " ".join(parts)


def _shell_bytes(body: bytes) -> str:
    """The body as one shell word; bytes that a terminal cannot show become escapes of bash."""
    try:
        text = body.decode()
        if text.isprintable() or not text:
            return shlex.quote(text)
    except UnicodeDecodeError:
        pass
    safe = {ord("'"): "\\'", ord("\\"): "\\\\"}
    printable = range(0x20, 0x7F)
    shown = (safe.get(b, chr(b) if b in printable else f"\\x{b:02x}") for b in body)
    return "$'" + "".join(shown) + "'"
