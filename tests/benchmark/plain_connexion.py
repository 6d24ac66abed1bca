"""A Connexion application as its documentation has it, with the mock's operations as handlers.

    python -m tests.benchmark.plain_connexion PORT FIXTURES [--responses]

It routes, checks and coerces by Connexion's own means and the same document; `--responses` has it
check its answers, too, as the mock always does.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.responses import Response

import openapi
from mock_server.call import Call
from mock_server.errors import ApiError
from mock_server.fixtures import load_fixtures
from mock_server.framework import AsyncApp, Resolver
from mock_server.operations import OPERATIONS
from mock_server.responses import render
from mock_server.store import Store

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


def application(fixtures: str, *, responses: bool) -> AsyncApp:
    """The application, on fixture data."""
    store = Store()
    load_fixtures(store, fixtures)
    app = AsyncApp("plain")
    app.add_api(
        openapi.load(),
        base_path="/api",
        resolver=Resolver(lambda operation: _handler(store, operation)),
        validate_responses=responses,
    )
    return app


def _handler(store: Store, operation: str) -> Callable[..., Awaitable[Response]]:
    act = OPERATIONS[operation]

    async def handler(body: Any = None, **parameters: Any) -> Response:
        path = {name: str(value) for name, value in parameters.items()}
        # Connexion calls a parameter `id_` that would hide a name of Python's own.
        path = {name.removesuffix("_"): value for name, value in path.items()}
        try:
            reply = act(Call(store, path=path, body=body, full=body))
        except ApiError as error:
            return Response(render(error.body), error.status, media_type="application/json")
        return Response(render(reply.body), reply.status, media_type="application/json")

    return handler


if __name__ == "__main__":
    made = application(sys.argv[2], responses="--responses" in sys.argv)
    uvicorn.run(made, port=int(sys.argv[1]), access_log=False, log_level="warning")
