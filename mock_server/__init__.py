"""A stateful mock of Prefect's deployment REST API, and what its filters mean.

from mock_server import serve

with serve(fixtures="default") as mock:
    httpx.post(f"{mock.url}/deployments/count", json={})
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mock_server.access.limits import Limits
    from mock_server.app import create_app
    from mock_server.server import Tls, serve

__all__ = ["Limits", "Tls", "create_app", "serve"]

# Imported when they are first asked for: the query engine needs none of what a server needs.
_HOMES: Final = {
    "Limits": "mock_server.access.limits",
    "Tls": "mock_server.server",
    "create_app": "mock_server.app",
    "serve": "mock_server.server",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
