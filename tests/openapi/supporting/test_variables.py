"""Variables."""

import functools

from tests.openapi.supporting.asking import CONFLICT, Sender, detail, each


def test_variables(send: Sender, name: str) -> None:
    create = functools.partial(send, "create_variable")
    variable = create(201, {"name": name, "value": {"a": [1, None]}, "tags": ["b", "a", "b"]})
    assert (variable["value"], variable["tags"]) == ({"a": [1, None]}, ["b", "a", "b"])
    taken = detail(create(409, {"name": name, "value": 1}))
    assert taken == f"A variable with the name '{name}' already exists."
    for value in (None, "", "x" * 4998, 1.5, True, [1, "a"]):
        other = create(201, {"name": f"{name}-other", "value": value})
        assert other["value"] == value
        send("delete_variable", 204, id=other["id"])
    for body in each(
        {},
        {"name": name},
        {"name": "A", "value": 1},
        {"name": "a b", "value": 1},
        {"name": "x" * 256, "value": 1},
        {"name": 5, "value": 1},
        {"name": name, "value": "x" * 4999},
        {"name": name, "value": 1, "tags": None},
        {"name": name, "value": 1, "more": 1},
        [],
        None,
    ):
        create(422, body)
    send("update_variable", 204, {"value": None}, id=variable["id"])
    assert send("read_variable", 200, id=variable["id"])["value"] is None
    send("update_variable_by_name", 204, {"value": 5, "tags": []}, name=name)
    assert send("read_variable_by_name", 200, name=name)["value"] == 5
    for body in each({"name": None}, {"tags": None}):
        assert detail(send("update_variable", 409, body, id=variable["id"])).startswith(CONFLICT)
    for body in each({"name": "A B"}, {"more": 1}, [], None):
        send("update_variable", 422, body, id=variable["id"])
        send("update_variable_by_name", 422, body, name=name)
    mine = {"variables": {"name": {"like_": name.upper()}}}
    assert [row["id"] for row in send("read_variables", 200, mine)] == [variable["id"]]
    assert send("count_variables", 200, mine) == 1
    send("delete_variable_by_name", 204, name=name)
    for prefix in ("read", "update", "delete"):
        by_id = send(f"{prefix}_variable", 404, {}, id=variable["id"])
        by_name = send(f"{prefix}_variable_by_name", 404, {}, name=name)
        assert detail(by_id) == detail(by_name) == "Variable not found."
