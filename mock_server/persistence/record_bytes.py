"""Records as bytes, and back: JSON, times included."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    from mock_server.store.tables import Record

# How a time is written: as an object with this key alone.
TIME: Final = "\x00time"
# A client's object that has one of these keys itself is wrapped once more.
OBJECT: Final = "\x00object"
LONG_NUMBER: Final = re.compile(rb"[0-9]{19}")


def packed(record: Record) -> bytes:
    """A record as JSON that `unpacked` reads."""
    value = _marked(record)
    try:
        return orjson.dumps(value)
    except TypeError:  # numbers of more than 64 bits
        return json.dumps(value).encode()


def unpacked(content: bytes) -> Record:
    """The record that was packed.

    Raises:
        ValueError: these are no such bytes.
    """
    value = json.loads(content) if LONG_NUMBER.search(content) else orjson.loads(content)
    record = _unmarked(value)
    if not isinstance(record, dict):
        raise ValueError("no record")  # noqa: TRY004 - of what a file holds, not of an argument
    return record


def _marked(value: Any) -> Any:
    if isinstance(value, dict):
        marked = {key: _marked(item) for key, item in value.items()}
        return {OBJECT: marked} if TIME in value or OBJECT in value else marked
    if isinstance(value, list | tuple):
        return [_marked(item) for item in value]
    return {TIME: value.isoformat()} if isinstance(value, datetime) else value


def _unmarked(value: Any) -> Any:
    if isinstance(value, dict):
        if TIME in value:
            return datetime.fromisoformat(value[TIME])
        inner = value.get(OBJECT, value)
        return {key: _unmarked(item) for key, item in inner.items()}
    return [_unmarked(item) for item in value] if isinstance(value, list) else value
