"""What the filters of events and logs mean, as predicates over their records.

They are not those of the other kinds: a list that is empty restricts nothing, and labels are
compared with `*` as a wildcard and `!` as a negation.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from mock_server.store.tables import Record

    Predicate = Callable[[Record], bool]

BACK: Final = timedelta(days=180)
"""How far back events are looked for, from the beginning of the day, unless told otherwise."""

RESOURCE_ID: Final = "prefect.resource.id"
ROLE: Final = "prefect.resource.role"

TERM: Final = re.compile(r'([-!+]?)(?:"((?:\\.|[^"\\])*)"?|([^\s"]+))')


def events(body: Mapping[str, Any], now: datetime) -> Predicate:
    """The predicate of an event filter.

    Args:
        body: the filter, with the fields that were sent.
        now: the time of the question: events of the future do not match.
    """
    checks = [_occurred(body.get("occurred") or {}, now)]
    for name, make in (
        ("event", _name),
        ("resource", _resource),
        ("id", _identity),
        ("text", _event_text),
    ):
        if body.get(name) is not None:
            checks.append(make(body[name]))
    for name, make in (("related", _related), ("any_resource", _any_resource)):
        given = body.get(name)
        if given is not None:
            checks += [make(item) for item in (given if isinstance(given, list) else [given])]
    return lambda event: all(check(event) for check in checks)


def span(body: Mapping[str, Any], now: datetime) -> tuple[datetime, datetime]:
    """The first and the last moment that a filter by time admits.

    Args:
        body: the filter, with the fields that were sent.
        now: the time of the question.
    """
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    since = _time(body["since"]) if "since" in body else midnight - BACK
    return since, _time(body["until"]) if "until" in body else now


def _occurred(body: Mapping[str, Any], now: datetime) -> Predicate:
    since, until = span(body, now)
    return lambda event: bool(since <= event["occurred"] <= until)


def _time(value: str | datetime) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _name(body: Mapping[str, Any]) -> Predicate:
    prefixes, names = tuple(body.get("prefix") or ()), body.get("name")
    excluded, without = tuple(body.get("exclude_prefix") or ()), body.get("exclude_name") or ()

    def check(event: Record) -> bool:
        name: str = event["event"]
        if (prefixes and not name.startswith(prefixes)) or (names and name not in names):
            return False
        return not (excluded and name.startswith(excluded)) and name not in without

    return check


def _one(body: Mapping[str, Any]) -> Callable[[Mapping[str, str]], bool]:
    """The predicate over one resource: its id, the beginning of its id, its labels."""
    ids, prefixes = body.get("id"), tuple(body.get("id_prefix") or ())
    labels: Mapping[str, Any] = body.get("labels") or {}

    def check(resource: Mapping[str, str]) -> bool:
        identity = resource.get(RESOURCE_ID, "")
        if (ids and identity not in ids) or (prefixes and not identity.startswith(prefixes)):
            return False
        return labelled(resource, labels)

    return check


def labelled(resource: Mapping[str, str], wanted: Mapping[str, Any]) -> bool:
    """Whether a resource has all these labels, each with one of the values given for it."""
    return all(
        any(_like(resource.get(label), value) for value in _listed(values))
        for label, values in wanted.items()
    )


def _listed(values: str | list[str]) -> list[str]:
    return [values] if isinstance(values, str) else values


def _like(value: str | None, pattern: str) -> bool:
    if value is None:
        return False
    negated = pattern.startswith("!")
    found = fnmatchcase(value, pattern.removeprefix("!").replace("[", "[[]"))
    return found is not negated


def _resource(body: Mapping[str, Any]) -> Predicate:
    check = _one(body)
    return lambda event: check(event["resource"])


def _any_resource(body: Mapping[str, Any]) -> Predicate:
    check = _one(body)
    return lambda event: any(map(check, (event["resource"], *event["related"])))


def _related(body: Mapping[str, Any]) -> Predicate:
    check, roles = _one(body), body.get("role")
    pairs = [tuple(pair) for pair in body.get("resources_in_roles") or ()]

    def fits(resource: Mapping[str, str]) -> bool:
        role = resource.get(ROLE)
        if roles and role not in roles:
            return False
        return (not pairs or (resource.get(RESOURCE_ID), role) in pairs) and check(resource)

    if not any(body.get(key) for key in ("id", "role", "resources_in_roles", "labels")):
        return lambda _: True
    return lambda event: any(map(fits, event["related"]))


def _identity(body: Mapping[str, Any]) -> Predicate:
    ids = body.get("id")
    return lambda event: not ids or event["id"] in ids


def _event_text(body: Mapping[str, Any]) -> Predicate:
    matches = text(body["query"])
    fields = ("resource", "related", "payload")
    return lambda event: matches(" ".join((event["event"], *(_json(event[f]) for f in fields))))


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def text(query: str) -> Callable[[str], bool]:
    """The predicate of a text search.

    Terms are alternatives; `-` or `!` in front of one excludes it, `+` demands it; a phrase stands
    in quotes. Letters of either case are the same.
    """
    terms: dict[str, list[str]] = {"": [], "-": [], "+": []}
    for sign, phrase, word in TERM.findall(query):
        term = re.sub(r'\\(["\\])', r"\1", phrase) if phrase else word
        if term.strip():
            terms["-" if sign == "!" else sign].append(term.lower())

    def check(content: str) -> bool:
        folded = content.lower()
        if terms[""] and not _any(terms[""], folded):
            return False
        return not _any(terms["-"], folded) and all(term in folded for term in terms["+"])

    return check


def _any(terms: Iterable[str], content: str) -> bool:
    return any(term in content for term in terms)
