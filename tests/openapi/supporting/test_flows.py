"""Flows."""

from tests.openapi.supporting.asking import Sender, detail, each


def test_flows(send: Sender, name: str) -> None:
    flow = send("create_flow", 201, {"name": name, "tags": ["b", "a", "b"], "labels": {"n": 1.5}})
    assert flow["tags"] == ["b", "a", "b"]
    assert send("create_flow", 200, {"name": name, "tags": ["x"]}) == flow
    assert send("read_flow", 200, id=flow["id"]) == flow
    assert send("read_flow_by_name", 200, name=name) == flow
    for body in each(
        {}, {"name": "a/b"}, {"name": ""}, {"name": None}, {"name": name, "more": 1}, []
    ):
        send("create_flow", 422, body)
    send("create_flow", 422, {"name": name, "tags": None})
    send("create_flow", 422, {"name": name, "labels": {"a": {}}})
    for body in each({"tags": None}, {"name": name}, {"tags": [1]}, [], None):
        send("update_flow", 422, body, id=flow["id"])
    send("update_flow", 204, {"tags": ["new"]}, id=flow["id"])
    send("update_flow", 204, {}, id=flow["id"])
    assert send("read_flow", 200, id=flow["id"])["tags"] == ["new"]
    mine = {"flows": {"name": {"any_": [name]}}}
    assert [row["id"] for row in send("read_flows", 200, mine)] == [flow["id"]]
    assert send("count_flows", 200, mine) == 1
    page = send("paginate_flows", 200, {**mine, "limit": 1, "page": 2})
    assert (page["results"], page["count"], page["pages"], page["page"]) == ([], 1, 1, 2)
    send("delete_flow", 204, id=flow["id"])
    for operation in ("delete_flow", "read_flow"):
        assert detail(send(operation, 404, id=flow["id"])) == "Flow not found"
    assert detail(send("update_flow", 404, {}, id=flow["id"])) == "Flow not found"
    assert detail(send("read_flow_by_name", 404, name=name)) == "Flow not found"
    assert detail(send("read_flow", 404, id="zz")) == "Not Found"
