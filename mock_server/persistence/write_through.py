"""Writes down what a request changed before its answer goes out."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from mock_server.dispatch import respond
from mock_server.errors import UNAVAILABLE
from mock_server.persistence.state_file import StateFileError
from mock_server.responses import render

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from mock_server.persistence.state_file import StateFile
    from mock_server.store import Store

logger: Final = logging.getLogger(__name__)

BODY: Final = {"exception_message": UNAVAILABLE}


class WriteThrough:
    """Lets an answer out when the state that it tells of is in the file; otherwise it answers 503.

    Args:
        app: the layers behind it.
        file: the file.
        store: the state.
    """

    def __init__(self, app: ASGIApp, file: StateFile, store: Store) -> None:
        self.app = app
        self._file = file
        self._store = store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        failed = False

        async def save_and_send(message: Message) -> None:
            nonlocal failed
            if message["type"] == "http.response.start":
                try:
                    self._file.save(self._store)
                except StateFileError as error:
                    logger.error("%s", error)  # noqa: TRY400 - the sentence says it all
                    failed = True
                    await respond(send, HTTPStatus.SERVICE_UNAVAILABLE, render(BODY))
            if not failed:
                await send(message)

        await self.app(scope, receive, save_and_send)
