"""The operations on the data of the mock: snapshots, fixtures, records."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from mock_server.call import Reply
from mock_server.control.asked import Answer, Asked, Text
from mock_server.control.controls import SET_NAME, TooManySnapshotsError
from mock_server.control.status import status
from mock_server.errors import Conflict, NotFound, Unprocessable
from mock_server.fixtures import FixtureError, shipped
from mock_server.fixtures import records as fixture_records
from mock_server.responses import render

if TYPE_CHECKING:
    from collections.abc import Callable

    from mock_server.control.controls import Kept
    from mock_server.store.tables import Record, Table

YAML: Final = "application/yaml"
SNAPSHOT_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


# -- snapshots


def list_snapshots(asked: Asked) -> Answer:
    """The snapshots."""
    kept = asked.controls.snapshots
    return Reply(200, [_snapshot(name, entry) for name, entry in kept.items()])


def take_snapshot(asked: Asked) -> Answer:
    """Take a snapshot."""
    name = asked.path["name"]
    if not SNAPSHOT_NAME.fullmatch(name):
        raise Unprocessable(f"{name!r} is no name: up to 64 letters, digits, dots, dashes, _")
    try:
        return Reply(200, _snapshot(name, asked.controls.snapshot(name)))
    except TooManySnapshotsError as error:
        raise Conflict(str(error)) from None


def remove_snapshot(asked: Asked) -> Answer:
    """Remove a snapshot."""
    _named(asked.controls.forget, asked.path["name"])
    return Reply(204)


def restore_snapshot(asked: Asked) -> Answer:
    """Restore a snapshot."""
    _named(asked.controls.restore, asked.path["name"])
    return status(asked)


def _named(act: Callable[[str], None], name: str) -> None:
    try:
        act(name)
    except KeyError:
        raise NotFound(f"There is no snapshot {name!r}") from None


def _snapshot(name: str, kept: Kept) -> dict[str, Any]:
    return {"name": name, "at": kept.at, "counts": kept.counts}


# -- fixtures


def dump_fixture(asked: Asked) -> Answer:
    """The data as a fixture file."""
    text = asked.controls.dump(relative=asked.query["times"] == "relative")
    return Text(text.encode(), f"{YAML}; charset=utf-8")


def load_fixture(asked: Asked) -> Answer:
    """Load a fixture file."""
    try:
        text = asked.content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unprocessable(f"The body is no UTF-8 text: {error.reason}") from None
    return _load(asked, partial(asked.controls.load_text, text))


def load_fixture_set(asked: Asked) -> Answer:
    """Load a set of fixtures."""
    name = asked.body["name"]
    if not SET_NAME.fullmatch(name):
        raise Unprocessable(f"{name!r} is no name of a set: there are {', '.join(shipped())}")
    return _load(asked, partial(asked.controls.load, name))


def _load(asked: Asked, load: Callable[[], None]) -> Answer:
    try:
        load()
    except FixtureError as error:
        raise Unprocessable(str(error)) from None
    return status(asked)


# -- records


def count_records(asked: Asked) -> Answer:
    """What there is."""
    return Reply(200, asked.controls.counts())


def list_records(asked: Asked) -> Answer:
    """Records of a kind."""
    records = list(_table(asked))
    contains = asked.query["contains"]
    if contains:
        wanted = contains.lower().encode()
        records = [record for record in records if wanted in render(record).lower()]
    offset = asked.query["offset"]
    shown = records[offset : offset + asked.query["limit"]]
    return Reply(200, {"records": shown, "total": len(records)})


def read_record(asked: Asked) -> Answer:
    """A record."""
    return Reply(200, _record(asked))


def put_record(asked: Asked) -> Answer:
    """Put a record."""
    _table(asked)
    kind, identity = asked.path["kind"], asked.path["id"]
    if asked.body.get("id", identity) != identity:
        raise Unprocessable("id: it is another one than the path names")
    try:
        record = fixture_records.put_record(
            asked.controls.store, kind, {**asked.body, "id": identity}
        )
    except FixtureError as error:
        raise Unprocessable(str(error)) from None
    return Reply(200, record)


def remove_record(asked: Asked) -> Answer:
    """Remove a record."""
    _record(asked)
    asked.controls.store.delete(asked.path["kind"], asked.path["id"])
    return Reply(204)


def _table(asked: Asked) -> Table:
    tables = asked.controls.store.tables
    table = tables.get(asked.path["kind"])
    if table is None:
        raise NotFound(f"There is no such kind of records; there are {', '.join(tables)}")
    return table


def _record(asked: Asked) -> Record:
    record = _table(asked).records.get(asked.path["id"])
    if record is None:
        raise NotFound("There is no record with this id")
    return record
