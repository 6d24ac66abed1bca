"""The mock as an ASGI application."""

from __future__ import annotations

import functools
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response

import openapi
from mock_server.dispatch import Dispatch, Errors
from mock_server.edges import requests, responses
from mock_server.framework import API, AsyncApp, OpenAPISpecification, Resolver
from mock_server.responses import render
from mock_server.routing import Routing
from mock_server.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from mock_server.call import Call, Reply

    Middleware = Callable[[ASGIApp], ASGIApp]

BASE_PATH: Final = "/api"
ANY: Final = ("*",)


class Specification(OpenAPISpecification):  # type: ignore[misc] # connexion has no types
    """The bundled document, not validated once more: that takes long, and a test does it."""

    @classmethod
    def _validate_spec(cls, spec: Any) -> None:
        """Trust it."""


class MockApp:
    """The mock: an ASGI application and its state.

    Attributes:
        store: the state, to be looked at and changed between requests.
    """

    def __init__(self, app: ASGIApp, store: Store) -> None:
        self._app = app
        self.store = store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, as ASGI has it."""
        await self._app(scope, receive, send)


def create_app(
    *,
    fixtures: str | Path = "default",
    store: Store | None = None,
    middleware: Sequence[Middleware] = (),
    operations: Mapping[str, Callable[[Call], Reply]] | None = None,
) -> MockApp:
    """Make a mock with a state of its own.

    Args:
        fixtures: the name of a set of fixture data, or the path of a YAML file of them.
        store: a state to serve as it is, instead of fixtures.
        middleware: ASGI middleware around everything but CORS and compression, outermost first.
        operations: operation id -> function, for those that should do something else than usual.

    Raises:
        FixtureError: there are no such fixtures, or they are broken.
    """
    from mock_server.operations import OPERATIONS  # noqa: PLC0415 - after the edges are known good

    if store is None:
        from mock_server.fixtures import load_fixtures  # noqa: PLC0415 - YAML only when needed

        store = Store()
        load_fixtures(store, fixtures)
    app = AsyncApp(__name__, middlewares=_layers(middleware))
    app.add_url_rule(f"{BASE_PATH}/openapi.json", "openapi.json", document, methods=["GET"])
    options = {
        **vars(app.middleware.options),
        "resolver": Resolver(_finder({**OPERATIONS, **(operations or {})})),
        "validator_map": {"request": requests().reader, "response": responses().answers},
    }
    spec = Specification(_copy(openapi.load()))
    app.middleware.apis.append(API(spec, base_path=BASE_PATH, name="mock", store=store, **options))
    return MockApp(app, store)


def _layers(middleware: Sequence[Middleware]) -> list[Any]:
    """What a request goes through, outermost first.

    Two of Connexion's own layers are replaced: `Routing` knows the server's routes, `Dispatch`
    does what five others do. The rest (security, Swagger UI, context) has nothing to do here.
    """
    cors = partial(CORSMiddleware, allow_origins=ANY, allow_methods=ANY, allow_headers=ANY)
    return [cors, GZipMiddleware, *middleware, Errors, Routing, Dispatch]


def _finder(operations: Mapping[str, Callable[[Call], Reply]]) -> Callable[[str], Any]:
    def find(operation: str) -> Callable[[Call], Reply]:
        try:
            return operations[operation]
        except KeyError:  # the one error that a resolver may not raise
            raise ValueError(f"No function for the operation {operation}") from None

    return find


def _copy(value: Any) -> Any:
    """A copy for Connexion to write into."""
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


async def document(_request: Request) -> Response:
    """Answer with the bundled document."""
    return Response(_document(), media_type="application/json")


@functools.cache
def _document() -> bytes:
    return render(openapi.load())
