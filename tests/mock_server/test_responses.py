"""Answers are rendered as the server writes them, and none leaves that the spec forbids."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from mock_server.call import NO_BODY, View
from mock_server.edges import responses
from mock_server.responses import Answers, NonConforming, Responses, render

THING = {
    "type": "object",
    "additionalProperties": False,
    "required": ["id"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "at": {"type": "string", "format": "date-time", "nullable": True},
        "n": {"type": "integer"},
    },
}
ID = "5f1e1d5c-0000-4000-8000-000000000000"


def media(schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": "it", "content": {"application/json": {"schema": schema}}}


DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "t", "version": "1"},
    "paths": {
        "/things/{id}": {
            "get": {
                "operationId": "read_thing",
                "responses": {
                    "200": media({"$ref": "#/components/schemas/Thing"}),
                    "204": {"description": "nothing"},
                    "404": {"$ref": "#/components/responses/NotFound"},
                },
            }
        },
        "/things": {
            "get": {
                "operationId": "read_things",
                "responses": {
                    "200": media({"type": "array", "items": {"$ref": "#/components/schemas/Thing"}})
                },
            },
            "post": {
                "operationId": "page_things",
                "responses": {"200": media({"$ref": "#/components/schemas/Page"})},
            },
        },
    },
    "components": {
        "schemas": {
            "Thing": THING,
            "Page": {
                "type": "object",
                "required": ["results", "count"],
                "properties": {
                    "results": {
                        "type": "array",
                        "items": {"$ref": "#/components/schemas/Thing"},
                    },
                    "count": {"type": "integer"},
                },
            },
        },
        "responses": {
            "NotFound": media(
                {
                    "type": "object",
                    "required": ["detail"],
                    "properties": {"detail": {"type": "string"}},
                }
            )
        },
    },
}
RESPONSES = Responses(DOCUMENT)


def answers(operation: str = "read_thing") -> Answers:
    return RESPONSES.answers(operation)


def view(**fields: Any) -> View:
    return View({"id": ID, **fields})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), '"2026-01-02T03:04:05Z"'),
        (datetime(2026, 1, 2, 3, 4, 5, 285000, tzinfo=UTC), '"2026-01-02T03:04:05.285000Z"'),
        (
            datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=5))),
            '"2026-01-02T03:04:05+05:00"',
        ),
        (3600.0, "3600.0"),
        ("é", '"é"'),
        (("a", 1), '["a",1]'),
        (float("nan"), "null"),
        ([10**30, datetime(2026, 1, 2, tzinfo=UTC)], f'[{10**30},"2026-01-02T00:00:00Z"]'),
        ("\ud800", '"?"'),
    ],
)
def test_values_are_written_as_the_server_writes_them(value: Any, text: str) -> None:
    assert render(value) == text.encode()


def test_what_is_no_json_is_not_rendered() -> None:
    with pytest.raises(TypeError, match="is no JSON"):
        render(object())


def test_an_answer_that_conforms_is_rendered() -> None:
    at = datetime(2026, 1, 2, tzinfo=UTC)
    assert answers().render(200, {"id": ID, "at": at}) == (
        b'{"id":"%b","at":"2026-01-02T00:00:00Z"}' % ID.encode()
    )
    assert answers().render(404, {"detail": "no"}) == b'{"detail":"no"}'
    assert answers().render(204, NO_BODY) is None


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (200, {"id": "x"}, "status 200, at id: "),
        (200, {}, "status 200, at the root: "),
        (200, {"id": ID, "zzz": 1}, "status 200, at the root: "),
        (200, {"id": ID, "at": "yesterday"}, "status 200, at at: "),
        (200, NO_BODY, "a body where none belongs, or none where one does"),
        (204, None, "a body where none belongs, or none where one does"),
        (404, {"message": "no"}, "status 404, at the root: "),
        (409, {"detail": "no"}, "the spec declares no such status"),
    ],
)
def test_an_answer_that_the_spec_forbids_is_a_500_and_logged(
    status: int, body: Any, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR), pytest.raises(NonConforming) as caught:
        answers().render(status, body)
    error = caught.value
    assert error.status == 500
    assert "read_thing" in error.body["exception_detail"]
    assert words in error.body["exception_detail"]
    assert words in caplog.text


@pytest.mark.parametrize("operation", ["read_things", "page_things"])
@pytest.mark.parametrize("kind", [dict, View])
def test_lists_and_pages_are_checked_to_the_last_row(operation: str, kind: Any) -> None:
    rows = [kind({"id": ID}), kind({"id": ID, "n": "x"})]
    good, bad = (
        part if operation == "read_things" else {"results": part, "count": 2}
        for part in (rows[:1], rows)
    )
    assert json.loads(answers(operation).render(200, good) or b"") == good
    with pytest.raises(NonConforming):
        answers(operation).render(200, bad)


def test_the_rest_of_a_page_is_checked_too() -> None:
    with pytest.raises(NonConforming):
        answers("page_things").render(200, {"results": [view()], "count": "1"})


def test_a_kept_view_is_rendered_once() -> None:
    kept = view(n=1)
    once = answers().render(200, kept)
    assert kept.rendered == ("#/components/schemas/Thing", once)
    kept.rendered = (kept.rendered[0], b"kept")
    assert answers().render(200, kept) == b"kept"
    assert answers("read_things").render(200, [kept, kept]) == b"[kept,kept]"
    mixed = answers("read_things").render(200, [kept, {"id": ID}])
    assert mixed == b'[kept,{"id":"%b"}]' % ID.encode()


def test_empty_lists_and_pages() -> None:
    assert answers("read_things").render(200, []) == b"[]"
    page = {"results": [], "count": 0}
    assert answers("page_things").render(200, page) == b'{"results":[],"count":0}'


def test_numbers_beyond_all_floats_are_echoed() -> None:
    error = {"type": "less_than_equal", "loc": ["body", "offset"], "msg": "no", "input": 10**400}
    body = {
        "exception_message": "Invalid request received.",
        "exception_detail": [error],
        "request_body": None,
    }
    content = responses().answers("read_deployments").render(422, body)
    assert content is not None
    assert json.loads(content) == body
