"""Operations on blocks, their types and their schemas."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from mock_server.call import Call, Reply
from mock_server.errors import ApiError, Conflict, NotFound
from mock_server.operations.parts import block_data, views
from mock_server.operations.parts.orders import by_name
from mock_server.operations.parts.records_and_bodies import (
    NO_CONTENT,
    by_id,
    found,
    full,
    newborn,
    sent,
    touch,
)
from mock_server.operations.parts.search import window
from mock_server.operations.parts.small_filters import (
    BLOCK_DOCUMENTS,
    BLOCK_SCHEMAS,
    BLOCK_TYPES,
    predicate,
)
from mock_server.store.tables import DuplicateKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mock_server.store import Store
    from mock_server.store.tables import Record

NO_TYPE: Final = "Block type not found"
NO_SCHEMA: Final = "Block schema not found"
NO_DOCUMENT: Final = "Block document not found"
REFERENCES: Final = "block_schema_references"
SECRETS: Final = "include_secrets"
NOT_ANONYMOUS: Final[Mapping[str, Any]] = {"is_anonymous": {"eq_": False}}
"""What a filter of blocks demands unless it says otherwise."""
TYPE_FIELDS: Final = ("logo_url", "documentation_url", "description", "code_example")


# -- types


def create_block_type(call: Call) -> Reply:
    """Insert a block type."""
    store, body = call.store, full(call)
    if body["name"].lower().startswith("prefect"):
        detail = "Block type names beginning with 'Prefect' are reserved."
        raise ApiError(403, {"detail": detail})
    names = {"name": body["name"], "slug": body["slug"], "is_protected": False}
    record = {**newborn(store), **names, **{key: body.get(key) for key in TYPE_FIELDS}}
    try:
        store.insert("block_types", record)
    except DuplicateKey as error:
        raise Conflict(f'Block type with name "{body["name"]}" already exists') from error
    return Reply(201, views.pick(record, views.BLOCK_TYPE))


def read_block_type_by_id(call: Call) -> Reply:
    """One block type by its id."""
    return Reply(200, views.pick(by_id(call, "block_types", NO_TYPE), views.BLOCK_TYPE))


def _type_of_slug(call: Call) -> Record | None:
    return call.store.find("block_types", slug=call.path["slug"])


def read_block_type_by_slug(call: Call) -> Reply:
    """One block type by its slug."""
    return Reply(200, views.pick(found(_type_of_slug(call), NO_TYPE), views.BLOCK_TYPE))


def read_block_types(call: Call) -> Reply:
    """The block types that match, by their names, one stretch of them."""
    store, body, (limit, offset) = call.store, sent(call), window(call)
    matches = predicate(BLOCK_TYPES, body.get("block_types"))
    matching = [record for record in store.all("block_types") if matches(record)]
    if body.get("block_schemas") is not None:
        fits = predicate(BLOCK_SCHEMAS, body["block_schemas"])
        having = {item["block_type_id"] for item in store.all("block_schemas") if fits(item)}
        matching = [record for record in matching if record["id"] in having]
    matching.sort(key=by_name)
    stretch = matching[offset : offset + limit]
    return Reply(200, [views.pick(record, views.BLOCK_TYPE) for record in stretch])


def update_block_type(call: Call) -> Reply:
    """Change what describes a block type."""
    record = by_id(call, "block_types", NO_TYPE)
    touch(call.store, "block_types", record["id"], **sent(call))
    return NO_CONTENT


def delete_block_type(call: Call) -> Reply:
    """Delete a block type with its schemas and blocks; a protected one stays."""
    record = by_id(call, "block_types", NO_TYPE)
    if record["is_protected"]:
        raise ApiError(403, {"detail": "protected block types cannot be deleted."})
    call.store.delete("block_types", record["id"])
    return NO_CONTENT


# -- schemas


def create_block_schema(call: Call) -> Reply:
    """Insert a block schema: 201; one with these fields and version is answered as it is: 200."""
    store, body = call.store, full(call)
    identity = body["block_type_id"]
    if store.get("block_types", identity) is None:
        raise NotFound(f"Block type {identity} not found.")
    fields = {**(body.get("fields") or {})}
    fields.setdefault(REFERENCES, {})
    key = {"checksum": _checksum(fields), "version": body["version"]}
    known = store.find("block_schemas", **key)
    if known is not None:
        return Reply(200, _schema(store, known))
    own = {"block_type_id": identity, "capabilities": body.get("capabilities") or []}
    record = store.insert("block_schemas", {**newborn(store), **key, **own, "fields": fields})
    return Reply(201, _schema(store, record))


def _checksum(fields: Mapping[str, Any]) -> str:
    """What clients reckon of the fields, too: they ask for a schema by it before they make one.

    SHA-256 of JSON with sorted keys: the fields, as the arguments of a call, without what they say
    of secrets.
    """
    content = json.dumps([[_without_secrets(fields)], {}], sort_keys=True)
    return f"sha256:{hashlib.sha256(content.encode()).hexdigest()}"


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_secrets(item)
            for key, item in value.items()
            if key != block_data.SECRET_FIELDS
        }
    return [_without_secrets(item) for item in value] if isinstance(value, list) else value


def _schema(store: Store, record: Record) -> dict[str, Any]:
    shown = views.pick(record, views.BLOCK_SCHEMA)
    kind = store.tables["block_types"].records[record["block_type_id"]]
    shown["block_type"] = views.pick(kind, views.BLOCK_TYPE)
    return shown


def read_block_schemas(call: Call) -> Reply:
    """The block schemas that match, the last made first, one stretch of them."""
    store, (limit, offset) = call.store, window(call)
    matches = predicate(BLOCK_SCHEMAS, sent(call).get("block_schemas"))
    matching = [record for record in reversed(store.all("block_schemas")) if matches(record)]
    return Reply(200, [_schema(store, record) for record in matching[offset : offset + limit]])


def read_block_schema_by_checksum(call: Call) -> Reply:
    """The block schema with a checksum, the last made unless a version is told."""
    store, version = call.store, call.query.get("version")
    matching = [
        record
        for record in store.all("block_schemas")
        if record["checksum"] == call.path["checksum"]
        and (version is None or record["version"] == version)
    ]
    return Reply(200, _schema(store, found(matching[-1] if matching else None, NO_SCHEMA)))


# -- documents


def create_block_document(call: Call) -> Reply:
    """Insert a block."""
    store, body = call.store, full(call)
    if store.get("block_types", body["block_type_id"]) is None:
        raise Conflict
    record = {
        **newborn(store),
        "name": body.get("name") or f"anonymous-{store.new_id()}",
        "data": body.get("data") or {},
        "block_schema_id": body["block_schema_id"],
        "block_type_id": body["block_type_id"],
        "is_anonymous": body["is_anonymous"],
    }
    try:
        store.insert("block_documents", record)
    except DuplicateKey as error:
        raise Conflict("Block already exists") from error
    return Reply(201, _document(store, record, secrets=False))


def _document(store: Store, record: Record, *, secrets: bool) -> dict[str, Any]:
    schema = _schema(store, store.tables["block_schemas"].records[record["block_schema_id"]])
    kind = store.tables["block_types"].records[record["block_type_id"]]
    shown = views.pick(record, views.BLOCK_DOCUMENT)
    shown["block_schema"] = schema
    shown["block_type_name"] = kind["name"]
    shown["block_type"] = views.pick(kind, views.BLOCK_TYPE)
    shown["block_document_references"] = {}
    if not secrets:
        shown["data"] = block_data.without_secrets(store, record)
    return shown


def _secrets(call: Call) -> bool:
    return bool(call.query.get(SECRETS))


def _by_id(call: Call) -> Record:
    return by_id(call, "block_documents", NO_DOCUMENT)


def read_block_document_by_id(call: Call) -> Reply:
    """One block by its id."""
    return Reply(200, _document(call.store, _by_id(call), secrets=_secrets(call)))


def read_block_document_by_name_for_block_type(call: Call) -> Reply:
    """One block by its type and its name."""
    kind = found(_type_of_slug(call), NO_DOCUMENT)
    name = call.path["block_document_name"]
    record = call.store.find("block_documents", block_type_id=kind["id"], name=name)
    return Reply(200, _document(call.store, found(record, NO_DOCUMENT), secrets=_secrets(call)))


def read_block_documents(call: Call) -> Reply:
    """The blocks that match, sorted, one stretch of them; anonymous ones only when asked for."""
    store, (limit, offset) = call.store, window(call)
    matching, sort = _matching(call), full(call).get("sort") or "NAME_ASC"
    matching.sort(key=by_name, reverse=sort == "NAME_DESC")
    if sort == "BLOCK_TYPE_AND_NAME_ASC":
        kinds = store.tables["block_types"].records
        matching.sort(key=lambda record: by_name(kinds[record["block_type_id"]]))
    secrets = bool(full(call).get(SECRETS))
    stretch = matching[offset : offset + limit]
    return Reply(200, [_document(store, record, secrets=secrets) for record in stretch])


def count_block_documents(call: Call) -> Reply:
    """How many blocks match."""
    return Reply(200, len(_matching(call)))


def _matching(call: Call) -> list[Record]:
    store, body = call.store, sent(call)
    own = {**NOT_ANONYMOUS, **(body.get("block_documents") or {})}
    matches = predicate(BLOCK_DOCUMENTS, own)
    found = [record for record in store.all("block_documents") if matches(record)]
    for field, kind, table in (
        ("block_type_id", "block_types", BLOCK_TYPES),
        ("block_schema_id", "block_schemas", BLOCK_SCHEMAS),
    ):
        if body.get(kind) is not None:
            fits, others = predicate(table, body[kind]), store.tables[kind].records
            found = [record for record in found if fits(others[record[field]])]
    return found


def read_block_documents_for_block_type(call: Call) -> Reply:
    """The blocks of a type by their names, anonymous ones left out."""
    store = call.store
    kind = found(_type_of_slug(call), NO_TYPE)
    own = store.group("block_documents", block_type_id=kind["id"])
    named = sorted((item for item in own if not item["is_anonymous"]), key=by_name)
    return Reply(200, [_document(store, record, secrets=_secrets(call)) for record in named])


def update_block_document_data(call: Call) -> Reply:
    """Change the settings of a block: those that are sent, or all of them."""
    store, record, body = call.store, _by_id(call), full(call)
    changes: dict[str, Any] = {}
    if sent(call).get("data") is not None:
        merged = record["data"] if body["merge_existing_data"] else {}
        changes["data"] = {**merged, **body["data"]}
    schema = store.get("block_schemas", body.get("block_schema_id"))
    if schema is not None and schema["block_type_id"] == record["block_type_id"]:
        changes["block_schema_id"] = schema["id"]
    touch(store, "block_documents", record["id"], **changes)
    return NO_CONTENT


def delete_block_document(call: Call) -> Reply:
    """Delete a block; deployments that have it as storage or infrastructure go with it."""
    call.store.delete("block_documents", _by_id(call)["id"])
    return NO_CONTENT
