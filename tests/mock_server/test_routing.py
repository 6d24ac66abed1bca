"""Routes: what a method and a path name."""

from __future__ import annotations

import re

import httpx
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


def test_a_real_server_has_the_same_first_methods(real_server: str) -> None:
    told = {}
    with httpx.Client(base_url=real_server) as client:
        for path in openapi.load()["paths"]:
            answer = client.put(re.sub(r"{[^}]*}", ID, path))
            if answer.status_code == httpx.codes.METHOD_NOT_ALLOWED:  # some do have a PUT
                told[path] = answer.headers.get("allow")
    assert told == {path: allowed(re.sub(r"{[^}]*}", ID, path)) for path in told}


def allowed(path: str) -> str | None:
    """The method that we name when the path has another one."""
    with pytest.raises(ApiError) as caught:
        TABLE.find("PUT", path)
    return caught.value.headers.get("allow")


def test_the_table_of_first_methods_is_about_paths_that_there_are() -> None:
    assert ALLOWED.keys() - openapi.load()["paths"].keys() == set()
