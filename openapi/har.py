"""Recorded traffic: the exchanges of an HTTP archive (HAR 1.2), bodies unpacked."""

import base64
import binascii
import gzip
import json
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from openapi.errors import UnreadableError

__all__ = ["Archive", "Recorded", "read_har"]

_PROVOKES = "_badRequestsOnPurpose"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request and its answer, as they were recorded.

    Attributes:
        number: The place in the archive, counted from 1.
        method: Upper case.
        host: Scheme, host and port, such as `http://127.0.0.1:4200`.
        path: The path, still percent-encoded.
        query: Names and values, decoded.
        request_headers: Names in lower case.
        request_body: None without one.
        status: That of the answer.
        headers: Those of the answer, names in lower case.
        body: That of the answer, unpacked; None when it was not recorded.
    """

    number: int
    method: str
    host: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    request_headers: Mapping[str, str] = field(default_factory=dict)
    request_body: bytes | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = b""


@dataclass(frozen=True, slots=True)
class Archive:
    """What an archive holds.

    Attributes:
        exchanges: In their order.
        skipped: Why an entry is none of them -> how many there are.
        provokes: Whoever recorded it sent bad requests on purpose, and says so.
    """

    exchanges: tuple[Recorded, ...]
    skipped: Mapping[str, int]
    provokes: bool = False


def _headers(listed: Any) -> dict[str, str]:
    """Headers by their names in lower case; HTTP/2's own, such as `:path`, are none."""
    found: dict[str, str] = {}
    for pair in listed or ():
        name = str(pair["name"]).lower()
        if not name.startswith(":"):
            value = str(pair.get("value", ""))
            found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _bytes(content: Mapping[str, Any]) -> bytes:
    """The text of a body, or what it stands for."""
    text = content.get("text")
    if not isinstance(text, str):
        return b""
    if content.get("encoding") == "base64":
        try:
            return base64.b64decode(text, validate=False)
        except binascii.Error as error:
            raise ValueError(f"its body is no base64: {error}") from error
    # What is no text in the archive came from bytes that were none, one each.
    return text.encode("utf-8", "surrogateescape")


def _unpacked(body: bytes, headers: Mapping[str, str]) -> bytes:
    """A body as it was before it was packed for the way; archives may hold either."""
    for coding in reversed(headers.get("content-encoding", "").lower().split(",")):
        try:
            if coding.strip() == "gzip" and body.startswith(b"\x1f\x8b"):
                body = gzip.decompress(body)
            elif coding.strip() == "deflate" and body and not body.lstrip().startswith(b"{"):
                body = zlib.decompress(body)
        except (OSError, EOFError, zlib.error):
            return body
    return body


def _sent(request: Mapping[str, Any], headers: Mapping[str, str]) -> bytes | None:
    posted = request.get("postData")
    if not isinstance(posted, dict) or ("text" not in posted and not request.get("bodySize")):
        return None
    return _unpacked(_bytes(posted), headers)


def _answered(response: Mapping[str, Any], headers: Mapping[str, str]) -> bytes | None:
    content = response.get("content") or {}
    if "text" not in content:
        # Browsers leave bodies out when they are told to.
        sized = content.get("size", 0) > 0 or response.get("bodySize", 0) > 0
        return None if sized else b""
    return _unpacked(_bytes(content), headers)


def _reason_to_skip(entry: Mapping[str, Any]) -> str:
    """Why an entry cannot be judged, `""` if it can."""
    request, response = entry["request"], entry["response"]
    url = str(request["url"])
    if url.startswith(("ws://", "wss://")) or response.get("status") == 101:  # noqa: PLR2004  # switching protocols
        return "websocket"
    if not url.startswith(("http://", "https://")):
        return "other than http"
    if not response.get("status"):
        return "without an answer"
    headers = _headers(request.get("headers"))
    if request["method"].upper() == "OPTIONS" and "access-control-request-method" in headers:
        return "preflight"
    return ""


def _exchange(entry: Mapping[str, Any], number: int) -> Recorded:
    request, response = entry["request"], entry["response"]
    url = urlsplit(str(request["url"]))
    sent, got = _headers(request.get("headers")), _headers(response.get("headers"))
    posted = request.get("postData") or {}
    if "content-type" not in sent and posted.get("mimeType"):
        sent["content-type"] = str(posted["mimeType"])
    kind = (response.get("content") or {}).get("mimeType")
    if "content-type" not in got and kind and kind != "x-unknown":
        got["content-type"] = str(kind)
    return Recorded(
        number=number,
        method=str(request["method"]).upper(),
        host=f"{url.scheme}://{url.netloc}",
        path=url.path or "/",
        query=tuple(parse_qsl(url.query, keep_blank_values=True)),
        request_headers=sent,
        request_body=_sent(request, sent),
        status=int(response["status"]),
        headers=got,
        body=_answered(response, got),
    )


def _entries(content: Any) -> Iterator[Any]:
    log = content.get("log") if isinstance(content, dict) else None
    entries = log.get("entries") if isinstance(log, dict) else None
    if not isinstance(entries, list):
        raise TypeError("it has no list at log.entries")
    yield from entries


def read_har(file: Path) -> Archive:
    """Read an archive.

    Raises:
        UnreadableError: It cannot be read, or is no HAR.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig", errors="surrogateescape"))
    except OSError as error:
        raise UnreadableError(f"{file} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise UnreadableError(f"{file} is no HAR, for it is no JSON: {error}.") from error
    exchanges: list[Recorded] = []
    skipped: Counter[str] = Counter()
    number = 0
    try:
        for number, entry in enumerate(_entries(content), 1):
            reason = _reason_to_skip(entry)
            if reason:
                skipped[reason] += 1
            else:
                exchanges.append(_exchange(entry, number))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        where = f" (entry {number})" if number else ""
        text = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
        raise UnreadableError(f"{file} is no HAR{where}: {text}.") from error
    return Archive(tuple(exchanges), dict(skipped), bool(content["log"].get(_PROVOKES)))
