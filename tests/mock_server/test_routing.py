"""Routes: what a method and a path name."""

from __future__ import annotations

import pytest

import openapi
from mock_server.errors import ApiError
from mock_server.routing import ALLOWED, RouteTable

ID = "5f1e1d5c-0000-4000-8000-000000000000"
TABLE = RouteTable(openapi.load())


@pytest.mark.parametrize(
    ("method", "path", "operation", "parameters"),
    [
        ("POST", "/deployments/", "create_deployment", {}),
        ("POST", "/deployments/filter", "read_deployments", {}),
        ("GET", f"/deployments/{ID}", "read_deployment", {"id": ID}),
        ("GET", f"/deployments/{ID.upper()}", "read_deployment", {"id": ID.upper()}),
        ("GET", "/deployments/" + ID.replace("-", ""), "read_deployment", None),
        (
            "GET",
            "/deployments/name/a b/ü",
            "read_deployment_by_name",
            {"flow_name": "a b", "deployment_name": "ü"},
        ),
        ("GET", "/work_pools/filter", "read_work_pool", None),
        ("POST", "/work_pools/filter", "read_work_pools", {}),
    ],
)
def test_a_known_path_names_its_operation(
    method: str, path: str, operation: str, parameters: dict[str, str] | None
) -> None:
    match = TABLE.find(method, path)
    assert match is not None
    assert match.operation == operation
    assert parameters is None or dict(match.parameters) == parameters


@pytest.mark.parametrize(
    "path",
    [
        "/nope",
        "/deployments//",
        "/deployments/zz",
        f"/deployments/{{{ID}}}",
        f"/deployments/urn:uuid:{ID}",
        f"/deployments/{ID}\n",
        f"/deployments/{ID[:-1]}",
        "/deployments/5f1e-1d5c0000-4000-8000-000000000000",
        "/Deployments/filter",
        "/deployments/name/a",
        "/deployments/name//b",
        "/deployments/name/a/b/c",
        f"/deployments/{ID}/schedules/zz",
    ],
)
def test_an_unknown_path_names_none(path: str) -> None:
    assert TABLE.find("GET", path) is None
    assert TABLE.find("POST", path) is None


@pytest.mark.parametrize(
    ("path", "first"),
    [
        (f"/deployments/{ID}", "PATCH"),
        ("/deployments/filter", "POST"),
        (f"/deployments/{ID}/schedules", "GET"),
        (f"/deployments/{ID}/schedules/{ID}", "PATCH"),
        ("/work_pools/filter", "GET"),
        ("/health", "GET"),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "OPTIONS", "HEAD"])
def test_a_wrong_method_is_told_the_first_right_one(path: str, first: str, method: str) -> None:
    with pytest.raises(ApiError) as caught:
        TABLE.find(method, path)
    assert caught.value.status == 405
    assert caught.value.body == {"detail": "Method Not Allowed"}
    assert caught.value.headers == {"allow": first}


@pytest.mark.parametrize(
    ("path", "other"),
    [
        ("/deployments", "/deployments/"),
        ("/deployments/filter/", "/deployments/filter"),
        ("/deployments/filter//", "/deployments/filter"),
        (f"/deployments/{ID}/", f"/deployments/{ID}"),
        ("/deployments//", None),
        ("/nope", None),
        ("/nope/", None),
        ("/", None),
    ],
)
def test_a_slash_more_or_less_is_redirected(path: str, other: str | None) -> None:
    assert TABLE.redirected(path) == other


def test_the_table_of_first_methods_is_about_paths_that_there_are() -> None:
    assert ALLOWED.keys() - openapi.load()["paths"].keys() == set()
