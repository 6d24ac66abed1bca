"""Concurrency limits."""

import functools

from tests.openapi.supporting.asking import CONFLICT, NOBODY, Sender, detail, each


def test_concurrency_limits(send: Sender, name: str) -> None:
    create = functools.partial(send, "create_concurrency_limit_v2")
    limit = create(201, {"name": name, "limit": 2, "slot_decay_per_second": 0.5})
    assert (limit["active"], limit["avg_slot_occupancy_seconds"]) == (True, 2.0)
    assert detail(create(409, {"name": name, "limit": 2})).startswith(CONFLICT)
    for body in each(
        {},
        {"name": "a/b", "limit": 1},
        {"name": name, "limit": -1},
        {"name": name, "limit": 1.5},
        {"name": name, "limit": None},
        {"name": name, "limit": 1, "active_slots": -1},
        {"name": name, "limit": 1, "slot_decay_per_second": -1},
        {"name": name, "limit": 1, "avg_slot_occupancy_seconds": 3},
        [],
        None,
    ):
        create(422, body)
    by_id = send("read_concurrency_limit_v2", 200, id_or_name=limit["id"])
    assert by_id == send("read_concurrency_limit_v2", 200, id_or_name=name)
    assert send("read_concurrency_limit_v2", 200, id_or_name=limit["id"].upper()) == by_id
    update = functools.partial(send, "update_concurrency_limit_v2", id_or_name=name)
    update(204, {"limit": 5, "active": False})
    assert send("read_concurrency_limit_v2", 200, id_or_name=name)["limit"] == 5
    for field in ("limit", "active", "name", "slot_decay_per_second"):
        assert detail(update(409, {field: None})).startswith(CONFLICT)
    for body in each({"name": "a/b"}, {"limit": -1}, {"more": 1}, [], None):
        update(422, body)
    send("delete_concurrency_limit_v2", 204, id_or_name=limit["id"])
    for operation in ("read_concurrency_limit_v2", "delete_concurrency_limit_v2"):
        for key in (name, NOBODY):
            gone = detail(send(operation, 404, id_or_name=key))
            assert gone == "Concurrency Limit not found"
    assert detail(update(404, {})) == "Concurrency Limit not found"
