"""The settings that a block holds, its secrets made unreadable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mock_server.store import Store
    from mock_server.store.tables import Record

SECRET_FIELDS: Final = "secret_fields"  # noqa: S105 - a keyword of schemas
BLOTTED: Final = "********"


def without_secrets(store: Store, record: Record) -> dict[str, Any]:
    """The settings of a block, without what its schema calls secret."""
    schema = store.tables["block_schemas"].records[record["block_schema_id"]]
    data: dict[str, Any] = record["data"]
    for path in schema["fields"].get(SECRET_FIELDS) or ():
        data = _blotted(data, str(path).split("."))
    return data


def _blotted(data: Any, path: list[str]) -> Any:
    """The settings with what stands at a path made unreadable; `*` is any key."""
    head, *rest = path
    if not isinstance(data, dict):
        return data
    names = data.keys() if head == "*" else data.keys() & {head}
    hidden = {name: _blotted(data[name], rest) if rest else _hidden(data[name]) for name in names}
    return {**data, **hidden}


def _hidden(value: Any) -> Any:
    return value if value is None else BLOTTED
