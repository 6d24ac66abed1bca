"""A real server with a bug that can be chosen while it runs. Runs in the server's own environment.

    python -m tests.real_server.planted PORT

`PUT /plant/NAME` plants the bug of that name, `DELETE /plant` takes it out.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING
from urllib.parse import unquote

import uvicorn
from prefect.server.api.server import create_app  # type: ignore[import-not-found] # not in ours

from tests.planted_bugs.catalogue import CATALOGUE
from tests.planted_bugs.plant import Planted

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

PATH = "/plant"


class Switch:
    """An ASGI application that has the bug which was planted last, or none."""

    def __init__(self, app: ASGIApp) -> None:
        self._honest = app
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PATH):
            await self._app(scope, receive, send)
            return
        name = unquote(scope["path"].removeprefix(PATH).strip("/"))
        self._app = Planted(self._honest, CATALOGUE[name].act) if name else self._honest
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


if __name__ == "__main__":
    uvicorn.run(Switch(create_app()), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
