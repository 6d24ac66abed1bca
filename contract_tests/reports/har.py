"""The traffic of a run as an HTTP archive (HAR 1.2), written while it goes on."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, TextIO
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from contract_tests.transport.exchange import Exchange
    from contract_tests.transport.masking import Mask

_DISTRIBUTION: Final = "prefect-deployments-contract"


class HarRecorder:
    """Writes each exchange to a file of its own, one per line; `join` makes the archive of them.

    Observe by `target.observers.append(recorder.observe)`.

    Args:
        file: the archive; this recorder's part stands beside it.
        part: tells the parts of several workers apart.
        mask: hides secrets.
    """

    def __init__(self, file: Path, part: str, mask: Mask) -> None:
        self._mask = mask
        name = file.with_name(f"{file.name}.{part}.part")
        self._stream: TextIO = name.open("w", encoding="utf-8", errors="backslashreplace")

    def observe(self, exchange: Exchange) -> None:
        """Write one exchange down."""
        if not self._stream.closed:
            self._stream.write(json.dumps(entry(exchange, self._mask), ensure_ascii=False) + "\n")

    def close(self) -> None:
        """Nothing more will come."""
        self._stream.close()


def join(file: Path) -> None:
    """Make the archive of all its parts, which are removed."""
    creator = {"name": _DISTRIBUTION, "version": version(_DISTRIBUTION)}
    # Fields of one's own begin with an underscore. `deployments-spec check-traffic` reads this one.
    log = {"version": "1.2", "creator": creator, "_badRequestsOnPurpose": True}
    head = json.dumps(log)
    with file.open("w", encoding="utf-8") as stream:
        stream.write('{"log": ' + head[:-1] + ', "entries": [')
        before = "\n"
        for part in sorted(file.parent.glob(f"{file.name}.*.part")):
            with part.open(encoding="utf-8") as lines:
                for line in lines:
                    stream.write(before + line.rstrip("\n"))
                    before = ",\n"
            part.unlink()
        stream.write("\n]}}\n")


def entry(exchange: Exchange, mask: Mask) -> dict[str, Any]:
    """One exchange in the form of the archive."""
    began = datetime.now(UTC) - timedelta(seconds=exchange.elapsed)
    milliseconds = round(1000 * exchange.elapsed, 3)
    sent = exchange.request_body
    request: dict[str, Any] = {
        "method": exchange.method,
        "url": mask.hide(exchange.url),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(mask.headers(exchange.request_headers)),
        "queryString": [
            {"name": name, "value": mask.hide(value)}
            for name, value in parse_qsl(urlsplit(exchange.url).query, keep_blank_values=True)
        ],
        "headersSize": -1,
        "bodySize": len(sent or b""),
    }
    if sent is not None:
        kind = exchange.request_headers.get("content-type", "")
        request["postData"] = {"mimeType": kind, "text": mask.hide(_text(sent))}
    return {
        "startedDateTime": began.isoformat(timespec="milliseconds"),
        "time": milliseconds,
        "request": request,
        "response": {
            "status": exchange.status,
            "statusText": exchange.silent,
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _pairs(mask.headers(exchange.headers)),
            "content": {
                "size": len(exchange.body),
                "mimeType": exchange.headers.get("content-type", ""),
                "text": mask.hide(_text(exchange.body)),
            },
            "redirectURL": exchange.headers.get("location", ""),
            "headersSize": -1,
            "bodySize": len(exchange.body),
        },
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
    }


def _pairs(headers: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers.items()]


def _text(body: bytes) -> str:
    return body.decode("utf-8", "backslashreplace")
