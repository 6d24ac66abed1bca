"""Requests that break a rule: wrong types, keys, bounds, syntax, content types, paths, headers.

Each starts as a request that is in order; one thing is then broken. A few stay in order by chance
(an unknown key beside the filters): these must be accepted by both.
"""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from tests.agreement.valid import KIND, UNKNOWN, valid
from tests.agreement.wire import UNSET, Request, ref

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.agreement.world import World

DEPLOYMENT_PATHS: Final = [
    ("GET", ""),
    ("PATCH", ""),
    ("DELETE", ""),
    ("POST", "/schedule"),
    ("POST", "/pause_deployment"),
    ("POST", "/resume_deployment"),
    ("POST", "/create_flow_run"),
    ("POST", "/create_flow_run/bulk"),
    ("GET", "/work_queue_check"),
    ("GET", "/schedules"),
    ("POST", "/schedules"),
    ("PATCH", f"/schedules/{UNKNOWN}"),
    ("DELETE", f"/schedules/{UNKNOWN}"),
]
WRONG: Final[list[Any]] = [
    *(None, True, False, 0, -1, 5, 1.5, 201, 2**31, 2**70, "", "x", "1", "tomorrow", "and"),
    *(
        [],
        [None],
        ["x"],
        [[]],
        [1],
        {},
        {"zzz": 1},
        {"any_": None},
        {"any_": 5},
        {"operator": "or_"},
    ),
]
CONTENT_TYPES: Final = [
    *("text/plain", "text/json", "application/xml", "application/x-www-form-urlencoded", ""),
    *("APPLICATION/JSON", "application/json; charset=utf-8", "application/problem+json"),
]
VERSIONS: Final = ["0.8.0", "0.8.4", "9.9.9", "0.7.9", "abc", "1", "1.2", "1.2.3.4", "0.8.x", ""]
BAD_IDS: Final = ["zz", "5", UNKNOWN[:-1], f"{{{UNKNOWN}}}", f"urn:uuid:{UNKNOWN}", "%20"]


def invalid_request(rng: Random, world: World) -> Request:
    """One request with one thing broken."""
    breaker = rng.choices([row[0] for row in _BREAKERS], [row[1] for row in _BREAKERS])[0]
    return breaker(rng, world)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values inside a JSON value."""
    items: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    found = [path]
    for key, inner in items:
        found += _places(inner, (*path, key))
    return found


def _inside(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def _body(request: Request, body: Any) -> Request:
    return replace(request, body=body)


def _raw(request: Request, content: bytes | None, **headers: str) -> Request:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return replace(request, body=UNSET, content=content, headers=named)


def _wrong_value(rng: Random, world: World) -> Request:
    request = valid(rng, world)
    body = copy.deepcopy(request.body)
    places = [place for place in _places(body) if place]
    if not places:
        return _body(request, rng.choice(WRONG))
    *parent, last = rng.choice(places)
    _inside(body, tuple(parent))[last] = rng.choice(WRONG)
    return _body(request, body)


def _two_wrong_values(rng: Random, world: World) -> Request:
    request = _wrong_value(rng, world)
    body = copy.deepcopy(request.body)
    places = [place for place in _places(body) if place]
    if places:
        *parent, last = rng.choice(places)
        _inside(body, tuple(parent))[last] = rng.choice(WRONG)
    return _body(request, body)


def _unknown_key(rng: Random, world: World) -> Request:
    request = valid(rng, world)
    body = copy.deepcopy(request.body)
    objects = [
        place
        for place in _places(body)
        if isinstance(_inside(body, place), dict) and not _is_free(place)
    ]
    if objects:
        key = rng.choice(["zzz", "Limit", "any", "is_schedule_active", "", "operator"])
        _inside(body, rng.choice(objects))[key] = rng.choice(WRONG)
    return _body(request, body)


def _is_free(place: tuple[Any, ...]) -> bool:
    """Whether any key is welcome there: what it holds is the user's own."""
    return any(key in {"parameters", "job_variables", "labels", "pull_steps"} for key in place)


def _key_left_out(rng: Random, world: World) -> Request:
    request = valid(rng, world)
    body = copy.deepcopy(request.body)
    places = [place for place in _places(body) if place and isinstance(place[-1], str)]
    if places:
        *parent, last = rng.choice(places)
        del _inside(body, tuple(parent))[last]
    return _body(request, body)


def _other_body(rng: Random, world: World) -> Request:
    return _body(valid(rng, world), rng.choice([None, [], [1], "x", "", 5, 1.5, True, {}]))


def _syntax(rng: Random, world: World) -> Request:
    request = valid(rng, world)
    text = json.dumps(request.body)
    broken: list[Callable[[], str]] = [
        lambda: text[: rng.randrange(len(text))],
        lambda: text + rng.choice(["}", ",", " x", "]"]),
        lambda: text.replace('"', "'"),
        lambda: text.replace(":", "", 1),
        lambda: text.replace(",", ",,", 1),
        lambda: rng.choice(["", " ", "{", '{"a" 1}', "nul", "{'a': 1}", '{"limit": 01}', "[1,]"]),
        lambda: f"\ufeff{text}",
        lambda: '{"limit": 1, "limit": 0}',
        lambda: '{"limit": NaN}',
        lambda: '{"zzz": "\\ud800"}',
    ]
    if rng.random() < 0.1:
        return _raw(request, b"\xff\xfe{}", content_type="application/json")
    return _raw(request, rng.choice(broken)().encode(), content_type="application/json")


def _content_type(rng: Random, world: World) -> Request:
    request = valid(rng, world)
    content = json.dumps(request.body).encode() if rng.random() < 0.8 else b""
    if rng.random() < 0.2:
        return _raw(request, content)
    return _raw(request, content, content_type=rng.choice(CONTENT_TYPES))


def _no_body(rng: Random, world: World) -> Request:
    request = valid(rng, world)
    return _raw(request, None)


def _version(rng: Random, world: World) -> Request:
    request = valid(rng, world)
    header = ("x-prefect-api-version", rng.choice(VERSIONS))
    return Request(KIND, "POST", "/deployments/count", request.body, headers=(header,))


def _path(rng: Random, world: World) -> Request:
    """An id that is none or unknown, a path that nearly exists, another method."""
    method, rest = rng.choice(DEPLOYMENT_PATHS)
    body: Any = rng.choice([UNSET, {}, {"tags": ["a"]}, {"zzz": 1}])
    known = ref(rng.choice(world.deployments), rng.choice(["", "upper", "hex"]))
    paths = [
        lambda: f"/deployments/{rng.choice(BAD_IDS)}{rest}",
        lambda: f"/deployments/{UNKNOWN}{rest}",
        lambda: f"/deployments/{UNKNOWN}{rest}/",
        lambda: rng.choice(["/deployments", "/deployments//", "/Deployments/filter", "/deploy"]),
        lambda: rng.choice(["/deployments/name/ETL", "/deployments/name/etl/Alpha"]),
        lambda: rng.choice(["/deployments/name/ETL/none", "/deployments/name/a%2Fb/c"]),
        lambda: rng.choice(["/deployments/filter/", "/deployments/count/", "/deployments/filters"]),
    ]
    if rng.random() < 0.3:
        # Methods that these paths do not have, on an object that is there.
        method = rng.choice(["PUT", "OPTIONS", "TRACE"])
        return Request(KIND, method, f"/deployments/{known}{rest}", body)
    return Request(KIND, method, rng.choice(paths)(), body)


_HEADERS: Final = {
    "origin": ["http://example.test", "null", ""],
    "accept": ["text/html", "application/xml;q=0.9", ""],
    "accept-encoding": ["gzip", "identity", "br, gzip;q=0.5", "gzip;q=0", "*"],
    "authorization": ["Basic dTpw", "Bearer nobody", "x"],
    "cookie": ["a=b"],
    "x-prefect-api-version": VERSIONS,
    "prefect-automation-id": [UNKNOWN, "zz", ""],
    "prefect-automation-name": ["bXk=", "no base64", ""],
    "prefect-csrf-token": ["x"],
    "prefect-csrf-client": ["x", UNKNOWN],
    "x-forwarded-proto": ["https"],
    "if-none-match": ["*"],
    "expect": ["100-continue"],
}


def _headers(rng: Random, world: World) -> Request:
    """A request that is in order or not, with headers that count, or are none of its business."""
    breaker = rng.choice([valid, valid, _wrong_value, _path, _other_body])
    asked = breaker(rng, world)
    names = rng.sample(list(_HEADERS), rng.choice([1, 1, 2, 3]))
    headers = tuple((name, rng.choice(_HEADERS[name])) for name in names)
    return replace(asked, headers=headers)


def _preflight(rng: Random, world: World) -> Request:
    asked = valid(rng, world)
    headers = [("origin", "http://example.test"), ("access-control-request-method", "PATCH")]
    if rng.random() < 0.6:
        wanted = rng.choice(["content-type", "x-prefect-ui, content-type", "x-odd", ""])
        headers.append(("access-control-request-headers", wanted))
    if rng.random() < 0.3:
        headers[1] = ("access-control-request-method", rng.choice(["GET", "PUT", "TRACE", "get"]))
    if rng.random() < 0.1:
        del headers[0]
    return Request(KIND, "OPTIONS", asked.path, headers=tuple(headers))


def _odd_path(rng: Random, world: World) -> Request:
    """An operation's path with another method, a slash more, a part less, or in capitals."""
    asked = valid(rng, world)
    path = asked.path
    changed = rng.choice(
        [
            f"{path}/",
            path.rstrip("/"),
            path.upper(),
            path.rpartition("/")[0],
            f"{path}?a=b&a=",
            path,
        ]
    )
    method = rng.choice(
        [asked.method, asked.method, "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"]
    )
    if method == "DELETE":
        method = "OPTIONS"
    return replace(asked, method=method, path=changed)


def _known_read(rng: Random, world: World) -> Request:
    """Spellings of an id that count as that id, and headers that change nothing."""
    known = ref(rng.choice(world.deployments), rng.choice(["upper", "hex"]))
    headers = rng.choice(
        [(), (("accept", "text/html"),), (("origin", "http://example.test"),)],
    )
    return Request(KIND, "GET", f"/deployments/{known}", headers=headers)


def _bulk_delete(rng: Random, _: World) -> Request:
    """Listed, not drawn: a bulk delete that is in order by chance would empty the servers."""
    bodies: list[Any] = [
        *({"limit": 201}, {"limit": -1}, {"limit": "x"}, {"limit": 1.5}, {"deployments": []}),
        *({"deployments": {"zzz": 1}}, {"deployments": {"id": {"any_": ["x"]}}}, [], "x", [1]),
        {"deployments": {"id": {"any_": [UNKNOWN]}}, "limit": 0},
        {"deployments": {"id": {"any_": [UNKNOWN]}}, "zzz": 1},
        {"deployments": {"operator": None}, "limit": -1},
    ]
    return Request(KIND, "POST", "/deployments/bulk_delete", rng.choice(bodies))


_BREAKERS: Final[list[tuple[Callable[[Random, World], Request], int]]] = [
    (_wrong_value, 9),
    (_two_wrong_values, 4),
    (_unknown_key, 4),
    (_key_left_out, 2),
    (_other_body, 3),
    (_syntax, 3),
    (_content_type, 2),
    (_no_body, 1),
    (_version, 1),
    (_path, 3),
    (_known_read, 1),
    (_bulk_delete, 1),
    (_headers, 4),
    (_preflight, 1),
    (_odd_path, 3),
]
