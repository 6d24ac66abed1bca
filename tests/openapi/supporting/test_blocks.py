"""Block types, schemas and documents."""

import functools
from typing import Any

from tests.openapi.supporting.asking import CONFLICT, NOBODY, Sender, detail, each


def test_blocks(send: Sender, name: str) -> None:
    kind = send("create_block_type", 201, {"name": name, "slug": name, "description": "d"})
    taken = detail(send("create_block_type", 409, {"name": name, "slug": name}))
    assert taken == f'Block type with name "{name}" already exists'
    reserved = detail(send("create_block_type", 403, {"name": "Prefect X", "slug": "x"}))
    assert reserved == "Block type names beginning with 'Prefect' are reserved."
    for body in each({}, {"name": "a/b", "slug": "x"}, {"name": "a", "slug": "A b"}, [], None):
        send("create_block_type", 422, body)
    assert send("read_block_type_by_slug", 200, slug=name) == kind
    send("update_block_type", 204, {"description": "e"}, id=kind["id"])
    assert send("read_block_type_by_id", 200, id=kind["id"])["description"] == "e"
    fields = {"type": "object", "properties": {"p": {}, "s": {}}, "secret_fields": ["s"]}
    body = {"block_type_id": kind["id"], "fields": fields, "capabilities": ["b", "a"]}
    schema = send("create_block_schema", 201, {**body, "version": "1"})
    assert schema["fields"] == {**fields, "block_schema_references": {}}
    assert send("create_block_schema", 200, {**body, "version": "1"}) == schema
    later = send("create_block_schema", 201, body)
    assert (later["version"], later["checksum"]) == ("non-versioned", schema["checksum"])
    missing = detail(send("create_block_schema", 404, {"block_type_id": NOBODY}))
    assert missing == f"Block type {NOBODY} not found."
    mine = {"block_type_id": {"any_": [kind["id"]]}, "block_capabilities": {"all_": ["a"]}}
    rows = send("read_block_schemas", 200, {"block_schemas": mine})
    assert [row["id"] for row in rows] == [later["id"], schema["id"]]
    assert send("read_block_schemas", 200, {"block_schemas": mine, "offset": 2}) == []
    checksum = schema["checksum"]
    assert send("read_block_schema_by_checksum", 200, checksum=checksum)["id"] == later["id"]
    assert detail(send("read_block_schema_by_checksum", 404, checksum="x")).endswith("not found")
    _documents(send, name, schema, later)
    send("delete_block_type", 204, id=kind["id"])
    for operation in ("read_block_type_by_id", "delete_block_type"):
        assert detail(send(operation, 404, id=kind["id"])) == "Block type not found"
    assert detail(send("update_block_type", 404, {}, id=kind["id"])) == "Block type not found"
    assert detail(send("read_block_type_by_slug", 404, slug=name)) == "Block type not found"
    assert send("read_block_schemas", 200, {"block_schemas": mine}) == []


def _documents(send: Sender, name: str, schema: Any, later: Any) -> None:
    ids = {"block_schema_id": schema["id"], "block_type_id": schema["block_type_id"]}
    data = {"p": 1, "s": "hush"}
    block = send("create_block_document", 201, {**ids, "name": name, "data": data})
    assert block["data"] == {"p": 1, "s": "********"}
    assert (block["block_type_name"], block["is_anonymous"]) == (name, False)
    taken = send("create_block_document", 409, {**ids, "name": name, "data": {}})
    assert detail(taken) == "Block already exists"
    other = {**ids, "block_schema_id": NOBODY, "name": "x", "data": {}}
    assert detail(send("create_block_document", 409, other)).startswith(CONFLICT)
    for body in each({}, {**ids, "name": "A b"}, {**ids, "name": "x", "more": 1}, None):
        send("create_block_document", 422, body)
    anonymous = send("create_block_document", 201, {**ids, "data": {}, "is_anonymous": True})
    assert anonymous["name"].startswith("anonymous-")
    assert send("read_block_document_by_id", 200, id=block["id"]) == block
    path = {"slug": name, "block_document_name": name}
    assert send("read_block_document_by_name_for_block_type", 200, **path) == block
    rows = send("read_block_documents_for_block_type", 200, slug=name)
    assert [row["id"] for row in rows] == [block["id"]]

    def settings() -> Any:
        url = f"./block_documents/{block['id']}"
        return send.client.get(url, params={"include_secrets": True}).json()["data"]

    assert settings() == data
    change = functools.partial(send, "update_block_document_data", 204, id=block["id"])
    change({"data": {"p": 2}})
    assert settings() == {"p": 2, "s": "hush"}
    change({"data": {"p": 3}, "merge_existing_data": False})
    assert settings() == {"p": 3}
    change({"block_schema_id": later["id"]})
    send("update_block_document_data", 422, {"more": 1}, id=block["id"])
    flow = send("create_flow", 201, {"name": name})["id"]
    stored = {"name": "d", "flow_id": flow, "storage_document_id": block["id"]}
    deployment = send("create_deployment", 201, stored)["id"]
    send("delete_block_document", 204, id=block["id"])
    send("read_deployment", 404, id=deployment)
    for operation in ("read_block_document_by_id", "delete_block_document"):
        assert detail(send(operation, 404, id=block["id"])) == "Block document not found"
    gone = detail(send("update_block_document_data", 404, {}, id=block["id"]))
    assert gone == "Block document not found"
    unknown = send("read_block_document_by_name_for_block_type", 404, **path)
    assert detail(unknown) == "Block document not found"
    missing = send("read_block_documents_for_block_type", 404, slug=f"{name}-x")
    assert detail(missing) == "Block type not found"
