"""Operations on events: what has happened, as clients and the mock itself tell it."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import orjson

from mock_server.call import Call, Reply
from mock_server.errors import ApiError
from mock_server.operations import task_run_recorder
from mock_server.operations.parts import emitted_events, event_filters, views
from mock_server.operations.parts.records_and_bodies import NO_CONTENT, full, sent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mock_server.store import Store
    from mock_server.store.tables import Record

PAGE: Final = 50
PAGE_TOKEN: Final = "page-token"  # noqa: S105 - the name of a parameter
NEXT: Final = "/api/events/filter/next"


@dataclass(frozen=True, slots=True)
class _Question:
    """What a page of events answers, written into the address of the next."""

    filter: Mapping[str, Any]
    size: int
    start: int
    asked: str

    def token(self) -> str:
        """The question as a URL carries it."""
        content = [self.filter, self.size, self.start, self.asked]
        return base64.urlsafe_b64encode(orjson.dumps(content)).decode()


def create_events(call: Call) -> Reply:
    """Keep events that a client tells of; those that are known already are left as they are."""
    store = call.store
    for given in call.full:
        event = _event(given)
        if store.get("events", event["id"]) is None:
            emitted_events.add(store, {**event, "received": store.now()})
            task_run_recorder.record(store, event)
    return NO_CONTENT


def _event(given: Mapping[str, Any]) -> Record:
    known = {key: given[key] for key in ("id", "occurred", "event", "resource")}
    more = {"related": given.get("related") or [], "payload": given.get("payload") or {}}
    return {**known, **more, "follows": given.get("follows")}


def read_events(call: Call) -> Reply:
    """The events that match, the last first unless told otherwise, and where the next page is."""
    limit = full(call).get("limit")
    question = _Question(
        filter=_plain(sent(call).get("filter") or {}),
        size=PAGE if limit is None else limit,
        start=0,
        asked=call.store.now().isoformat(),
    )
    return _page(call, question)


def read_account_events_page(call: Call) -> Reply:
    """A further page of an earlier question.

    Raises:
        ApiError: 403, the token is none of ours.
    """
    try:
        content = json.loads(base64.urlsafe_b64decode(call.query[PAGE_TOKEN].encode()))
        question = _Question(*content)
        return _page(call, question)
    except (binascii.Error, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ApiError(403, {"detail": "Forbidden"}) from error


def _page(call: Call, question: _Question) -> Reply:
    found = matching(call.store, question.filter, question.asked)
    end = question.start + question.size
    following = None
    if end < len(found) and question.size:
        further = _Question(question.filter, question.size, end, question.asked)
        following = f"{_origin(call)}{NEXT}?{PAGE_TOKEN}={quote(further.token())}"
    shown = [views.pick(event, views.EVENT) for event in found[question.start : end]]
    return Reply(200, {"events": shown, "total": len(found), "next_page": following})


def _origin(call: Call) -> str:
    return f"http://{call.headers.get('host', '127.0.0.1')}"


def _plain(value: Any) -> Any:
    """A filter as JSON has it, so that an address can carry it."""
    return orjson.loads(orjson.dumps(value))


def matching(store: Store, body: Mapping[str, Any], asked: str) -> list[Record]:
    """The events that match a filter, in its order.

    Args:
        store: where they are.
        body: the filter as JSON: times as texts.
        asked: when the question was first asked.
    """
    matches = event_filters.events(body, datetime.fromisoformat(asked))
    found = sorted(filter(matches, store.all("events")), key=lambda event: event["occurred"])
    if body.get("order", "DESC") == "DESC":
        found.reverse()
    if (body.get("resource") or {}).get("distinct"):
        distinct: dict[str, Record] = {}
        for event in found:
            distinct.setdefault(event["resource"][event_filters.RESOURCE_ID], event)
        return list(distinct.values())
    return found
