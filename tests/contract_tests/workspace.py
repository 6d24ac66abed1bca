"""A mock as Prefect Cloud serves its API: below a workspace, for who has the token.

What says something about the server itself (health, version, settings) is not there.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from tests.mock import mock_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.types import ASGIApp, Receive, Scope, Send

ROOT: Final = "/api"
ACCOUNT: Final = f"{ROOT}/accounts/6f2b5c1e-7d0a-4b9e-8a55-0c3e1f7d9a24"
WORKSPACE: Final = f"{ACCOUNT}/workspaces/b1d4e8f0-35c7-4a62-9e1b-5f7a2c8d6e03"
WHERE: Final = {
    "account_id": ACCOUNT.rpartition("/")[2],
    "workspace_id": WORKSPACE.rpartition("/")[2],
}
TOKEN: Final = "pnu_0123456789"
_OWN: Final = ("/admin", "/health", "/hello", "/version", "/ready", "/csrf-token", "/openapi.json")


class Workspace:
    """Passes on what is asked of the workspace with the token; refuses all else."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let the mock answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        rest = scope["path"].removeprefix(WORKSPACE)
        if (b"authorization", f"Bearer {TOKEN}".encode()) not in scope["headers"]:
            await _answer(send, 401, b'{"detail":"Invalid authentication credentials"}')
        elif scope["path"] == f"{ROOT}/me/workspaces":
            await _answer(send, 200, json.dumps([WHERE]).encode())
        elif rest == scope["path"] or rest.startswith(_OWN):
            await _answer(send, 404, b'{"detail":"Not Found"}')
        else:
            raw = scope["raw_path"].replace(WORKSPACE.encode(), ROOT.encode(), 1)
            await self._app({**scope, "path": ROOT + rest, "raw_path": raw}, receive, send)


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def workspace() -> Iterator[str]:
    """Serve it; yields the address of the machine, without any path."""
    with mock_server(middleware=[Workspace]) as url:
        yield url.removesuffix(ROOT)
