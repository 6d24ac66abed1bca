"""The journal as an HTTP archive (HAR 1.2), for browsers' developer tools and `check-traffic`."""

from __future__ import annotations

from http.client import responses as PHRASES  # noqa: N812 - a table
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mock_server.journal.exchange import Exchange


def archive(exchanges: Iterable[Exchange]) -> dict[str, Any]:
    """Exchanges as an archive.

    Bodies stand in it without compression; one that the journal has cut is left out, with its size.
    Secrets in headers are masked.

    Args:
        exchanges: oldest first.
    """
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "deployments-mock", "version": "1"},
            "entries": [_entry(exchange.whole()) for exchange in exchanges],
        }
    }


def _entry(told: Mapping[str, Any]) -> dict[str, Any]:
    made = {
        "startedDateTime": told["at"],
        "time": told["milliseconds"],
        "request": _request(told),
        "response": _response(told["response"], told["status"]),
        "cache": {},
        "timings": {"send": 0, "wait": told["milliseconds"], "receive": 0},
    }
    notes = [told["operation"], told["fault"], "broke" if told["broke"] else None]
    return {**made, "comment": "; ".join(note for note in notes if note)}


def _request(told: Mapping[str, Any]) -> dict[str, Any]:
    side, headers = told["request"], _unpacked(told["request"])
    named = _by_name(headers)
    query = f"?{told['query']}" if told["query"] else ""
    made: dict[str, Any] = {
        "method": told["method"],
        "url": f"http://{named.get('host', 'mock')}{quote(told['path'])}{query}",
        "httpVersion": "HTTP/1.1",
        "headers": headers,
        "cookies": [],
        "queryString": [
            {"name": name, "value": value}
            for name, value in parse_qsl(told["query"], keep_blank_values=True)
        ],
        "headersSize": -1,
        "bodySize": side["bytes"],
    }
    if side["bytes"]:
        posted = {"mimeType": named.get("content-type", ""), "params": []}
        made["postData"] = {**posted, "text": side["text"]} if not side["cut"] else posted
    return made


def _response(side: Mapping[str, Any] | None, status: int | None) -> dict[str, Any]:
    headers = [] if side is None else _unpacked(side)
    named = _by_name(headers)
    length = 0 if side is None else side["bytes"]
    content: dict[str, Any] = {"size": length, "mimeType": named.get("content-type", "x-unknown")}
    if side is not None and not side["cut"]:
        content["text"] = side["text"]
        content["size"] = len(side["text"].encode("utf-8", "replace"))
    return {
        "status": status or 0,
        "statusText": PHRASES.get(status or 0, ""),
        "httpVersion": "HTTP/1.1",
        "headers": headers,
        "cookies": [],
        "content": content,
        "redirectURL": named.get("location", ""),
        "headersSize": -1,
        "bodySize": length,
    }


def _unpacked(side: Mapping[str, Any]) -> list[dict[str, str]]:
    """The headers, but for the compression that the body is without."""
    return [pair for pair in side["headers"] if pair["name"].lower() != "content-encoding"]


def _by_name(headers: list[dict[str, str]]) -> dict[str, str]:
    return {pair["name"].lower(): pair["value"] for pair in headers}
