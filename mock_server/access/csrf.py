"""Tokens against forged requests, asked for as the released server does when it is told to.

A client gets a token for the name that it gave itself, and sends both with each change. A new token
for that name ends the old one.
"""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from mock_server.call import Reply
from mock_server.dispatch import encoded, respond
from mock_server.responses import render

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from starlette.types import ASGIApp, Receive, Scope, Send

    from mock_server.call import Call
    from mock_server.store import Store

CHANGING: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
LIFETIME: Final = timedelta(hours=1)
MOST_CLIENTS: Final = 10_000
"""So many names have a token; of more, the one that was renewed first loses it."""

TICK: Final = timedelta(microseconds=1)
CORS: Final = {"access-control-allow-origin": "*"}

TOLD_NOTHING: Final = "Missing CSRF token."
TOLD_NO_NAME: Final = "Missing client identifier."
INVALID: Final = "Invalid CSRF token or client identifier."


class CsrfTokens:
    """The tokens that clients have. They do not outlive the process; clients then get new ones."""

    def __init__(self) -> None:
        self._tokens: dict[str, dict[str, Any]] = {}

    def reset(self) -> None:
        """Let no client have a token."""
        self._tokens.clear()

    def create(self, call: Call) -> Reply:
        """The operation `create_csrf_token`: make the token of a client, or renew it."""
        client = call.query["client"]
        now = call.store.now()
        born = self._tokens.pop(client, None) or {
            "id": call.store.new_id(),
            "created": now,
            "updated": now + TICK,
        }
        token = f"{call.store.rng.getrandbits(256):064x}"
        made = {**born, "token": token, "client": client, "expiration": now + LIFETIME}
        self._tokens[client] = made
        if len(self._tokens) > MOST_CLIENTS:
            del self._tokens[next(iter(self._tokens))]
        return Reply(200, made)

    def refusal(self, headers: Mapping[bytes, bytes], now: datetime) -> str | None:
        """What is wrong with the headers of a change, if anything.

        Args:
            headers: by name, in lower case.
            now: the time, for tokens end.
        """
        token = headers.get(b"prefect-csrf-token")
        client = headers.get(b"prefect-csrf-client")
        if token is None:
            return TOLD_NOTHING
        if client is None:
            return TOLD_NO_NAME
        held = self._tokens.get(_text(client))
        if held is None or held["token"] != _text(token) or held["expiration"] < now:
            return INVALID
        return None


class CsrfProtection:
    """Lets changes through that bring their token.

    The outermost layer, as on the released server: it asks before CORS and credentials do.

    Args:
        app: the layers behind it.
        tokens: the tokens.
        store: whose clock tells when they end.
        spared: the root of what asks for no token.
    """

    def __init__(self, app: ASGIApp, tokens: CsrfTokens, store: Store, spared: str) -> None:
        self.app = app
        self._tokens = tokens
        self._store = store
        self._spared = f"{spared}/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 403."""
        if (
            scope["type"] == "http"
            and scope["method"] in CHANGING
            and not scope["path"].startswith(self._spared)
        ):
            detail = self._tokens.refusal(dict(reversed(scope["headers"])), self._store.now())
            if detail is not None:
                # Only this one of the three refusals can be read by a page of another origin.
                headers = encoded(CORS) if detail == INVALID else []
                await respond(send, HTTPStatus.FORBIDDEN, render({"detail": detail}), headers)
                return
        await self.app(scope, receive, send)


def _text(value: bytes) -> str:
    return value.decode("latin-1")
