"""The filters of kinds that only their own operations query: variables, logs and so on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from mock_server.query import Data
from mock_server.query.criteria import Criterion, joined
from mock_server.query.operators import (
    after_,
    any_,
    before_,
    eq_,
    is_null_,
    like_,
    not_any_,
    tags_all_,
    tags_any_,
    tags_is_null_,
)
from mock_server.query.predicates import always

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mock_server.query.operators import Operator
    from mock_server.query.predicates import Predicate

NO_DATA: Final = Data()


def superset_(field: str) -> Operator:
    """The list holds each of the values; an empty list of them is ignored."""

    def make(values: list[str], _: Data) -> Predicate | None:
        wanted = frozenset(values)
        return (lambda record: wanted.issubset(record[field])) if wanted else None

    return make


VARIABLES: Final[Mapping[str, Criterion]] = {
    "id": Criterion({"any_": any_("id")}),
    "name": Criterion({"any_": any_("name"), "like_": like_("name")}),
    "tags": Criterion({"all_": tags_all_, "is_null_": tags_is_null_}),
}
AUTOMATIONS: Final[Mapping[str, Criterion]] = {
    "id": Criterion({"any_": any_("id")}),
    "name": Criterion({"any_": any_("name")}),
    "created": Criterion({"before_": before_("created")}),
    "tags": Criterion({"all_": tags_all_, "any_": tags_any_, "is_null_": tags_is_null_}),
}
WORKERS: Final[Mapping[str, Criterion]] = {
    "last_heartbeat_time": Criterion(
        {"before_": before_("last_heartbeat_time"), "after_": after_("last_heartbeat_time")}
    ),
    "status": Criterion({"any_": any_("status"), "not_any_": not_any_("status")}),
}


BLOCK_SCHEMAS: Final[Mapping[str, Criterion]] = {
    "block_type_id": Criterion({"any_": any_("block_type_id")}),
    "block_capabilities": Criterion({"all_": superset_("capabilities")}),
    "id": Criterion({"any_": any_("id")}),
    "version": Criterion({"any_": any_("version")}),
}
BLOCK_TYPES: Final[Mapping[str, Criterion]] = {
    "name": Criterion({"like_": like_("name")}),
    "slug": Criterion({"any_": any_("slug")}),
}
BLOCK_DOCUMENTS: Final[Mapping[str, Criterion]] = {
    "id": Criterion({"any_": any_("id")}),
    "is_anonymous": Criterion({"eq_": eq_("is_anonymous")}),
    "block_type_id": Criterion({"any_": any_("block_type_id")}),
    "name": Criterion({"any_": any_("name"), "like_": like_("name")}),
}
LOGS: Final[Mapping[str, Criterion]] = {
    "level": Criterion({"ge_": after_("level"), "le_": before_("level")}),
    "timestamp": Criterion({"before_": before_("timestamp"), "after_": after_("timestamp")}),
    "flow_run_id": Criterion({"any_": any_("flow_run_id")}),
    "task_run_id": Criterion({"any_": any_("task_run_id"), "is_null_": is_null_("task_run_id")}),
}


def exists_(field: str) -> Operator:
    """Whether the field has a value."""
    is_null = is_null_(field)
    return lambda wanted, data: is_null(not wanted, data)


_OF_ARTIFACTS: Final[Mapping[str, Criterion]] = {
    "key": Criterion({"any_": any_("key"), "like_": like_("key"), "exists_": exists_("key")}),
    "flow_run_id": Criterion({"any_": any_("flow_run_id")}),
    "task_run_id": Criterion({"any_": any_("task_run_id")}),
    "type": Criterion({"any_": any_("type"), "not_any_": not_any_("type")}),
}
ARTIFACTS: Final[Mapping[str, Criterion]] = {
    "id": Criterion({"any_": any_("id")}),
    **_OF_ARTIFACTS,
}
LATEST_ARTIFACTS: Final[Mapping[str, Criterion]] = {
    "latest_id": Criterion({"any_": any_("latest_id")}),
    **_OF_ARTIFACTS,
}


def predicate(table: Mapping[str, Criterion], body: Mapping[str, Any] | None) -> Predicate:
    """The predicate of a filter by its table of criteria; a null filter is true of all."""
    if body is None:
        return always
    given = [
        criterion.compile(body[name], NO_DATA)
        for name, criterion in table.items()
        if body.get(name) is not None
    ]
    return joined([part for part in given if part is not None], body)
