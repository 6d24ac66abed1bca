"""Requests that no sensible client sends, by what is odd about them.

Each is answered, with one of the statuses that stand beside it, or its connection is closed.
"""

from __future__ import annotations

from tests.hardening.wire import request

COUNT = "/api/deployments/count"
FILTER = "/api/deployments/filter"
CREATE = "/api/deployments/"
NOWHERE = b'"flow_id":"00000000-0000-0000-0000-000000000001"'

REFUSED = {400, 404, 405, 409, 413, 414, 422, 431}
FINE = {200, 201}
ANY = FINE | REFUSED | {307}


def filtered(value: bytes) -> bytes:
    """A filter body with a value where text belongs."""
    return b'{"deployments":{"name":{"like_":' + value + b"}}}"


def created(value: bytes) -> bytes:
    """A deployment with a value among its parameters."""
    return b'{"name":"x",' + NOWHERE + b',"parameters":{"a":' + value + b"}}"


def nested(levels: int, opening: bytes = b"[", closing: bytes = b"]") -> bytes:
    """A value that is nested."""
    return opening * levels + b"1" + closing * levels


BODIES: dict[str, tuple[str, bytes, set[int]]] = {
    "10,000 levels of lists": (COUNT, nested(10_000), {422}),
    "10,000 levels of objects": (COUNT, nested(10_000, b'{"a":', b"}"), {422}),
    "100,000 levels of filters": (FILTER, nested(100_000, b'{"deployments":', b"}"), {422}),
    "10,000 levels that never end": (COUNT, b"[" * 10_000, {422}),
    "900 levels of parameters": (CREATE, created(nested(900)), {409}),
    "251 levels of parameters": (CREATE, created(nested(251)), {409}),
    "10,000 levels of parameters": (CREATE, created(nested(10_000)), {422}),
    "NaN": (FILTER, filtered(b"NaN"), {422}),
    "NaN as a limit": (FILTER, b'{"limit":NaN}', {422}),
    "NaN as a parameter": (CREATE, created(b"NaN"), {409}),
    "infinity as a parameter": (CREATE, created(b"-Infinity"), {409}),
    "a number beyond all floats": (CREATE, created(b"1e400"), {409}),
    "an escaped half of a pair": (FILTER, filtered(rb'"\ud800"'), {422}),
    "half of a pair in UTF-8": (FILTER, filtered(b'"\xed\xa0\x80"'), {422}),
    "half of a pair as a parameter": (CREATE, created(rb'"\udfff"'), {409}),
    "half of a pair as a key": (CREATE, created(rb'{"\ud800":1}'), {409}),
    "escaped NUL": (FILTER, filtered(rb'"a\u0000b"'), {200}),
    "plain NUL": (FILTER, filtered(b'"a\x00b"'), {422}),
    "400 digits": (FILTER, b'{"offset":' + b"9" * 400 + b"}", {422}),
    "4,300 digits": (FILTER, b'{"offset":' + b"9" * 4300 + b"}", {422}),
    "5,000 digits": (FILTER, b'{"offset":' + b"9" * 5000 + b"}", {400}),
    "400 digits as a parameter": (CREATE, created(b"9" * 400), {409}),
    "a minus and 400 digits": (FILTER, b'{"limit":-' + b"9" * 400 + b"}", {422}),
    "a hundred thousand keys": (
        COUNT,
        b"{" + b",".join(b'"%d":0' % number for number in range(100_000)) + b"}",
        {200},
    ),
    "half a million bad ids": (
        COUNT,
        b'{"deployments":{"id":{"any_":[' + b",".join([b"0"] * 500_000) + b"]}}}",
        {422},
    ),
    "two byte order marks": (COUNT, b"\xef\xbb\xbf\xef\xbb\xbf{}", {422}),
    "UTF-16": (COUNT, "{}".encode("utf-16"), FINE | {400, 422}),
    "no text at all": (COUNT, bytes(range(256)), {400, 422}),
    "percents and underscores": (FILTER, filtered(b'"' + b"%_" * 20_000 + b'"'), {200}),
    "a billion laughs in text": (FILTER, filtered(b'"' + b"&lol9;" * 1000 + b'"'), {200}),
}

TYPES = [
    b"text/plain",
    b"application/json; charset=utf-16",
    b"application/json; charset=\xff",
    b"application/json, application/json",
    b"application/\xe9json",
    b"multipart/form-data",
    b"multipart/form-data; boundary=" + b"x" * 5000,
    b"application/x-www-form-urlencoded",
    b"",
    b"/",
    b";;;",
    b"a" * 10_000,
    b"application/vnd.+json",
    b"APPLICATION/JSON",
]

PATHS: dict[str | bytes, set[int]] = {
    "/": {200},
    "//": REFUSED,
    "///api///health": REFUSED,
    "/..": REFUSED,
    "/../../../../etc/passwd": REFUSED,
    "/%2e%2e/%2e%2e/etc/passwd": REFUSED,
    "/docs/..%2f..%2f..%2fetc%2fpasswd": REFUSED,
    "/docs/%2e%2e/app.py": REFUSED,
    "/api/../api/health": REFUSED,
    "/api/%2e%2e/health": REFUSED,
    "/api//health": REFUSED,
    "/api/health/": {307},
    "/api/health//": REFUSED | {307},
    "/api/health%00": REFUSED,
    "/api/health%0d%0aset-cookie:%20a=b": REFUSED,
    "/api/deployments/%00": REFUSED,
    "/api/deployments/name/%00/%00": REFUSED,
    "/api/deployments/name/%2e%2e/%2e%2e": REFUSED,
    "/api/deployments/name/a%2Fb/c": REFUSED,
    "/api/deployments/name/%zz/%": REFUSED,
    "/api/deployments/name/%ff/%fe": REFUSED,
    "/api/deployments/name/%F0%9F%98%80/%ED%A0%80": REFUSED,
    "/api/deployments/name/" + "a" * 60_000 + "/b": REFUSED,
    "/api/deployments/name/" + "a" * 100_000 + "/b": REFUSED,
    "/api/" + "a/" * 20_000: REFUSED,
    "/api/variables/name/%00": REFUSED,
    "/api/work_pools/%00": REFUSED,
    "/api/work_pools/..%2f..": REFUSED,
    "/api/v2/concurrency_limits/%00": REFUSED,
    "/api/csrf-token?client=%ff": {422},
    "/api/csrf-token?client=%00": {422},
    "/api/csrf-token?" + "client=a&" * 5000: {422},
    "/api/health?%": {200},
    "/api/health?" + "a" * 100_000: {200} | REFUSED,
    "http://elsewhere/api/health": {404},
    "*": REFUSED,
    "": REFUSED,
    b"/api/deployments/name/\xc3\xa9/\xff": REFUSED,
    b"/api/health\x00": REFUSED,
    b"/api/health\x7f": REFUSED,
    b"/api/\xff": REFUSED,
}

HEADERS: dict[str, tuple[bytes, set[int]]] = {
    "one of 60 KB": (b"x-a: " + b"a" * 60_000 + b"\r\n", {200, 431}),
    "one of a megabyte": (b"x-a: " + b"a" * 1_000_000 + b"\r\n", {431}),
    "twenty thousand short ones": (b"a:b\r\n" * 20_000, {200}),
    "fifty thousand": (b"".join(b"x-%d: a\r\n" % number for number in range(50_000)), {431}),
    "bytes beyond ASCII": (b"x-a: \xff\xfe\r\n", {200}),
    "a version of 5,000 digits": (
        b"x-prefect-api-version: " + b"9" * 5000 + b".1.1\r\n",
        {200, 400},
    ),
    "a version in superscript": (b"x-prefect-api-version: \xb2.\xb9.\xb3\r\n", {200, 400}),
    "a version beyond ASCII": (b"x-prefect-api-version: \xff\r\n", {200, 400}),
    "an automation that is none": (
        b"prefect-automation-id: \xff\r\nprefect-automation-name: \xff=\r\n",
        {200, 422},
    ),
    "an origin of 10 KB": (b"origin: http://" + b"a" * 10_000 + b"\r\n", {200}),
    "a host of nothing": (b"host: \r\n", {200, 400}),
    "all encodings": (b"accept-encoding: " + b"gzip;q=0, " * 1000 + b"*\r\n", {200}),
    "a name with a blank": (b"x a: b\r\n", {400}),
    "no name": (b": b\r\n", {400}),
    "a folded line": (b"x-a: b\r\n c\r\n", {200, 400}),
}

UPGRADE = (
    b"upgrade: websocket\r\nconnection: upgrade\r\n"
    b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n"
)
_POST = b"POST /api/deployments/count HTTP/1.1\r\nhost: mock\r\n"
_CHUNKED = _POST + b"transfer-encoding: chunked\r\nconnection: close\r\n\r\n"


def _websocket(line: bytes, headers: bytes = b"") -> bytes:
    """A request to go on as a WebSocket."""
    return line + b" HTTP/1.1\r\nhost: mock\r\n" + UPGRADE + headers + b"\r\n"


# What is wrong with the connection rather than with a request: bytes, and the statuses of all
# answers to them; none at all means that the connection is closed without a word.
CONVERSATIONS: dict[str, tuple[bytes, list[list[int]]]] = {
    "chunks": (_CHUNKED + b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n", [[200]]),
    "a chunk with an extension": (_CHUNKED + b"2;a=b\r\n{}\r\n0\r\nx-a: b\r\n\r\n", [[200]]),
    "a chunk of no size": (_CHUNKED + b"zz\r\n{}\r\n0\r\n\r\n", [[400]]),
    "a chunk of a size beyond all": (_CHUNKED + b"f" * 40 + b"\r\n{}\r\n", [[400]]),
    "chunks and a length": (
        _CHUNKED.replace(b"\r\n\r\n", b"\r\ncontent-length: 2\r\n\r\n") + b"2\r\n{}\r\n0\r\n\r\n",
        [[200]],
    ),
    "two lengths": (_POST + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{}", [[400]]),
    "a length below zero": (_POST + b"content-length: -1\r\n\r\n{}", [[400]]),
    "a length beyond all": (_POST + b"content-length: " + b"9" * 30 + b"\r\n\r\n{}", [[400]]),
    "five requests at once": (
        b"GET /api/health HTTP/1.1\r\nhost: mock\r\n\r\n" * 4 + request("GET", "/api/health"),
        [[200] * 5],
    ),
    "a request behind a refused body": (
        b"POST /api/deployments/count HTTP/1.1\r\nhost: mock\r\ncontent-length: 3\r\n\r\n[1]"
        + request("GET", "/api/health"),
        [[422, 200]],
    ),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 500 + b"\r\n\r\n", [[400]]),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [[404, 400]]),
    "HTTP/0.9": (b"GET /api/health\r\n\r\n", [[400], [200]]),
    "HTTP/1.0": (b"GET /api/health HTTP/1.0\r\n\r\n", [[200]]),
    "a method that is none": (request("FOO", "/api/health"), [[405]]),
    "CONNECT": (request("CONNECT", "mock:1"), [[404]]),
    "TRACE": (request("TRACE", "/api/health"), [[405]]),
    "a websocket": (_websocket(b"GET /api/nope"), [[403], [404]]),
    "a websocket of a browser's page": (_websocket(b"GET /_mock/"), [[403], [404]]),
    "a websocket by POST": (_websocket(b"POST /api/events/out"), [[405]]),
    "a websocket without a key": (
        _websocket(b"GET /api/events/out").replace(b"sec-websocket-key", b"x-a"),
        [[400]],
    ),
    "a websocket with a body": (
        _websocket(b"GET /api/events/out", b"content-length: 2\r\n") + b"{}",
        [[400]],
    ),
    "a websocket with a body that never comes": (
        _websocket(b"POST /api/events/out", b"transfer-encoding: chunked\r\n"),
        [[400]],
    ),
    "a chunk with an endless extension": (_CHUNKED + b"2;" + b"a" * 1_000_000, [[431]]),
    "endless fields behind the chunks": (
        _CHUNKED + b"2\r\n{}\r\n0\r\n" + b"x-a: a\r\n" * 100_000,
        [[431]],
    ),
    "one endless field behind the chunks": (
        _CHUNKED + b"2\r\n{}\r\n0\r\nx-a: " + b"a" * 1_000_000,
        [[431]],
    ),
    "a chunk of endless noughts": (_CHUNKED + b"0" * 1_000_000, [[431]]),
    "a request and endless headers behind it": (
        b"GET /api/health HTTP/1.1\r\nhost: mock\r\n\r\n"
        b"GET /api/health HTTP/1.1\r\nx-a: " + b"a" * 1_000_000,
        [[200, 431], [200], [431]],
    ),
    "a hundred thousand chunks": (
        _CHUNKED + b"1;a=b\r\n \r\n" * 100_000 + b"2\r\n{}\r\n0\r\n\r\n",
        [[200]],
    ),
    "blank lines": (b"\r\n" * 1000 + request("GET", "/api/health"), [[400]]),
    "nothing but noise": (bytes(range(256)) * 40, [[400]]),
}


def all_requests() -> list[tuple[str, bytes, set[int]]]:
    """Name, bytes and statuses of each single request."""
    found: list[tuple[str, bytes, set[int]]] = [
        (f"body: {name}", request("POST", path, body), allowed)
        for name, (path, body, allowed) in BODIES.items()
    ]
    for declared in TYPES:
        headers = b"content-type: " + declared + b"\r\n"
        for path in (COUNT, CREATE):
            made = request("POST", path, b"{}", headers)
            found.append((f"type: {declared[:30]!r} {path}", made, FINE | {400, 422}))
    found += [
        (f"path: {path[:40]!r}", request("GET", path), allowed) for path, allowed in PATHS.items()
    ]
    found += [
        (f"header: {name}", request("GET", "/api/version", b"", headers), allowed)
        for name, (headers, allowed) in HEADERS.items()
    ]
    return found


def everything() -> list[bytes]:
    """The bytes of all of them, but for those that keep a server busy for long."""
    requests = [content for _, content, _ in all_requests() if len(content) < 500_000]
    return [*requests, *(content for content, _ in CONVERSATIONS.values())]
