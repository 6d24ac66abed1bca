"""Health, version, settings: what a server tells of itself."""

import functools

from tests.openapi.supporting.asking import Sender, detail, faults


def test_server(send: Sender) -> None:
    assert send("health_check", 200) is True
    assert send("server_version", 200) == "0.8.4"
    assert send("hello", 200) == "\N{WAVING HAND SIGN}"
    send("read_version", 200)
    send("read_settings", 200)
    without = send.client.get("./csrf-token")
    assert without.status_code == 422
    assert faults(without.json()) == [("missing", ["query", "client"])]
    disabled = send.client.get("./csrf-token", params={"client": "x"})
    assert (disabled.status_code, detail(disabled.json())) == (422, "CSRF protection is disabled.")


def test_version_header(send: Sender) -> None:
    old = {"x-prefect-api-version": "0.7.9"}
    for path in ("hello", "admin/version", "csrf-token?client=x", "work_pools/nope"):
        assert send.client.get(f"./{path}", headers=old).status_code == 400
    for path in ("health", "version"):
        assert send.client.get(f"./{path}", headers=old).status_code == 200


def test_validate_schema(send: Sender) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    check = functools.partial(send, "validate_obj")
    assert check(200, {"schema": {}, "values": {}, "more": 1}) == {"errors": [], "valid": True}
    assert check(200, {"schema": schema, "values": {"a": "x"}}) == {
        "errors": [{"property": "a", "errors": ["'x' is not of type 'integer'"]}],
        "valid": False,
    }
    assert check(200, {"schema": schema, "values": {}})["valid"] is False
    assert faults(check(422, {})) == [
        ("missing", ["body", "schema"]),
        ("missing", ["body", "values"]),
    ]
    check(422, {"schema": [], "values": {}})
    assert detail(check(422, {"schema": {"type": "foo"}, "values": {}})).startswith(
        "Invalid schema"
    )
