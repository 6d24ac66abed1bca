"""Which operation a method and a path name, and what the server answers when they name none.

The rules are those of the released server's routes: ids are matched by their form (what is no UUID
names no route), paths are case-sensitive, a wrong method is told the method of the first route of
that path alone, and a slash too many or too few is redirected.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from starlette.routing import compile_path

from mock_server.errors import ApiError, NotFound
from mock_server.framework import ROUTING_CONTEXT, OpenAPIOperation, SpecMiddleware
from openapi import structure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

    from mock_server.framework import Resolver, Specification

METHODS: Final = frozenset(structure.METHODS)
# What a location may hold as it is: the framework of the released server says so.
SAFE: Final = ":/%#?=@[]!$&'()*+,;"
PARAMETER: Final = re.compile(r"\{([^}]+)\}")

ALLOWED: Final[Mapping[str, str]] = {
    "/automations/{id}": "PUT",
    "/deployments/{id}": "PATCH",
    "/deployments/{id}/schedules/{schedule_id}": "PATCH",
    "/flow_runs/{id}": "PATCH",
    "/flows/{id}": "PATCH",
    "/task_runs/{id}": "PATCH",
    "/v2/concurrency_limits/filter": "GET",
    "/v2/concurrency_limits/decrement": "GET",
    "/v2/concurrency_limits/decrement-with-lease": "GET",
    "/v2/concurrency_limits/increment": "GET",
    "/v2/concurrency_limits/increment-with-lease": "GET",
    "/work_pools/count": "GET",
    "/work_pools/filter": "GET",
    "/work_pools/{work_pool_name}/queues/filter": "GET",
    "/work_queues/{id}": "PATCH",
}
"""Path -> the method that a 405 names, where it is not the document's first: the server tells that
of its first route that the path fits, which may be one of a path with parameters."""


ANY_TEXT: Final = frozenset({"lease_id"})
"""Ids that any text stands for in a path; what is none is refused when the request is read."""


@dataclass(frozen=True, slots=True)
class Match:
    """An operation and the path parameters of a request to it."""

    operation: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Route:
    """The operations of one path.

    Attributes:
        path: the path, as the document has it.
        pattern: what it matches.
        operations: method, in upper case -> operation id.
        allowed: the method that a 405 names.
    """

    path: str
    pattern: re.Pattern[str]
    operations: Mapping[str, str]
    allowed: str


class RouteTable:
    """The routes of a document.

    Args:
        document: an OpenAPI document, with or without its references resolved.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._literal: dict[str, Route] = {}
        self._templates: dict[tuple[str, int], list[Route]] = {}
        for path, item in document["paths"].items():
            route = _route(document, path, item)
            if "{" in path:
                self._templates.setdefault(_shape(path), []).append(route)
            else:
                self._literal[path] = route

    def matching(self, path: str) -> list[tuple[Route, Mapping[str, str]]]:
        """The routes that a path is one of, with its parameters, whatever the method."""
        found: list[tuple[Route, Mapping[str, str]]] = []
        literal = self._literal.get(path)
        if literal is not None:
            found.append((literal, {}))
        for route in self._templates.get(_shape(path), ()):
            matched = route.pattern.fullmatch(path)
            if matched is not None:
                found.append((route, matched.groupdict()))
        return found

    def find(self, method: str, path: str) -> Match | None:
        """The operation that a request names; None if the path is unknown.

        Raises:
            ApiError: 405, the path has no such method.
        """
        found = self.matching(path)
        for route, parameters in found:
            operation = route.operations.get(method)
            if operation is not None:
                return Match(operation, parameters)
        if not found:
            return None
        raise ApiError(
            405, {"detail": "Method Not Allowed"}, headers={"allow": found[0][0].allowed}
        )

    def redirected(self, path: str) -> str | None:
        """The path with a slash more or less, if that one is known."""
        if path == "/":
            return None
        other = path.rstrip("/") if path.endswith("/") else f"{path}/"
        return other if self.matching(other) else None


def _shape(path: str) -> tuple[str, int]:
    """What a path has in common with its template: its first segment, and how many there are."""
    head, _, _ = path[1:].partition("/")
    return head, path.count("/")


def _route(document: Mapping[str, Any], path: str, item: Mapping[str, Any]) -> Route:
    operations = {
        method.upper(): operation["operationId"]
        for method, operation in item.items()
        if method in METHODS
    }
    ids = _ids(document, item)
    template = PARAMETER.sub(lambda name: _convertor(name[1], ids), path)
    allowed = ALLOWED.get(path) or next(iter(operations))
    return Route(path, compile_path(template)[0], operations, allowed)


def _convertor(name: str, ids: set[str]) -> str:
    return f"{{{name}:uuid}}" if name in ids else f"{{{name}}}"


def _ids(document: Mapping[str, Any], item: Mapping[str, Any]) -> set[str]:
    """The path parameters that are UUIDs."""
    declared = list(item.get("parameters", ()))
    for method, operation in item.items():
        if method in METHODS:
            declared += operation.get("parameters", ())
    shared = document.get("components", {}).get("parameters", {})
    entries = [
        shared[entry["$ref"].rpartition("/")[2]] if "$ref" in entry else entry for entry in declared
    ]
    return {
        entry["name"]
        for entry in entries
        if entry["in"] == "path"
        and entry["schema"].get("format") == "uuid"
        and entry["name"] not in ANY_TEXT
    }


class Routing(SpecMiddleware):  # type: ignore[misc] # connexion has no types
    """The place of Connexion's routing, by the table above.

    Args:
        app: what handles a request once it is routed.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._base = ""
        self._table = RouteTable({"paths": {}})

    def add_api(
        self,
        specification: Specification,
        *,
        base_path: str = "",
        resolver: Resolver | None = None,
        **_options: Any,
    ) -> None:
        """Take the routes of a document, and see that each operation has its function.

        Raises:
            ResolverError: one has none.
        """
        self._base = base_path
        self._table = RouteTable(specification)
        for path, item in specification["paths"].items():
            for method in METHODS & item.keys():
                OpenAPIOperation.from_spec(
                    specification, path=path, method=method, resolver=resolver
                )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Find the operation, tell it to those behind, or answer."""
        if scope["type"] == "http":
            context: dict[str, str | None] = {"api_base_path": None, "operation_id": None}
            path: str = scope["path"]
            if path == self._base:
                raise NotFound("Not Found")
            if path.startswith(self._base + "/"):
                self._route(scope, path[len(self._base) :], context)
            scope.setdefault("extensions", {})[ROUTING_CONTEXT] = context
        await self.app(scope, receive, send)

    def _route(self, scope: Scope, path: str, context: dict[str, str | None]) -> None:
        match = self._table.find(scope["method"], path)
        if match is not None:
            scope["path_params"] = match.parameters
            context["api_base_path"] = self._base
            context["operation_id"] = match.operation
            return
        other = self._table.redirected(path)
        if other is not None:
            raise ApiError(307, None, headers={"location": _location(scope, self._base + other)})


def _location(scope: Scope, path: str) -> str:
    from starlette.datastructures import URL  # noqa: PLC0415 - redirects are rare

    return quote(str(URL(scope=scope).replace(path=path)), safe=SAFE)
