"""Credentials, asked for as the released server does when it is told a password.

It answers 401 to whatever lies under `/api` and lacks them, unknown paths too, but not to the
question whether it is up. Bearer tokens are not known to it; gateways in front of it ask for them.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from mock_server.dispatch import respond
from mock_server.responses import render

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

FORMS: Final = "basic:USER:PASSWORD or bearer:TOKEN"
OPEN: Final = frozenset({"/health", "/ready"})
"""Paths below the API's root that need no credentials."""

UNAUTHORIZED: Final = {"exception_message": "Unauthorized"}
TOKEN: Final = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client must send.

    Attributes:
        scheme: `Basic` or `Bearer`, in the one spelling that the server takes.
        secret: user and password with a colon between them, or the token. Never shown.
    """

    scheme: str
    secret: bytes = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Credentials:
        """The credentials that a text stands for.

        Args:
            text: `basic:USER:PASSWORD` or `bearer:TOKEN`.

        Raises:
            ValueError: it is neither; the message does not repeat it.
        """
        scheme, _, secret = text.partition(":")
        if scheme.lower() == "basic":
            user, colon, _ = secret.partition(":")
            if not user or not colon:
                raise ValueError("basic needs a user and a password: basic:USER:PASSWORD")
            return cls("Basic", secret.encode())
        if scheme.lower() == "bearer":
            if not TOKEN.fullmatch(secret):
                raise ValueError("bearer needs a token of visible ASCII characters: bearer:TOKEN")
            return cls("Bearer", secret.encode())
        raise ValueError(f"credentials are given as {FORMS}")

    def admit(self, authorization: str) -> bool:
        """Whether the value of an Authorization header is right."""
        scheme, _, sent = authorization.partition(" ")
        if scheme != self.scheme:
            return False
        try:
            told = sent.strip().encode("latin-1")
            secret = base64.b64decode(told) if self.scheme == "Basic" else told
        except binascii.Error:
            return False
        return hmac.compare_digest(secret, self.secret)


class Authentication:
    """Lets in who sends the credentials.

    Args:
        app: the layers behind it.
        credentials: what to send.
        base: the root of the API; what lies elsewhere, such as pages, is for all.
    """

    def __init__(self, app: ASGIApp, credentials: Credentials, base: str) -> None:
        self.app = app
        self._credentials = credentials
        self._base = base

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 401."""
        if scope["type"] == "http" and self._asked(scope["path"]):
            sent = (value for name, value in scope["headers"] if name == b"authorization")
            if not self._credentials.admit(next(sent, b"").decode("latin-1")):
                await respond(send, HTTPStatus.UNAUTHORIZED, render(UNAUTHORIZED))
                return
        await self.app(scope, receive, send)

    def _asked(self, path: str) -> bool:
        root = f"{self._base}/"
        return path.startswith(root) and path.removeprefix(self._base) not in OPEN
