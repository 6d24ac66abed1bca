"""The control API as an ASGI application: who may, what is asked, what is answered."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException

from mock_server.control.guard import denial
from mock_server.dispatch import Disconnected, encoded, header_map, read, respond
from mock_server.errors import INTERNAL_ERROR, ApiError, NotFound, RequestInvalid, Unprocessable
from mock_server.responses import render

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Receive, Scope, Send

    from mock_server.control.asked import Answer, Asked
    from mock_server.control.controls import Controls

logger: Final = logging.getLogger(__name__)

HEADERS: Final = {
    "cache-control": "no-store",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
}
"""Of every answer: it is about now, and for nobody else."""


class ControlApp:
    """Answers what lies under the root of the control API.

    Args:
        controls: of the mock.
        root: where it lies, such as `/_mock`.
        token: what to send; None if it is enough to be on this machine.

    Raises:
        ValueError: the token is empty.
    """

    def __init__(self, controls: Controls, root: str, token: str | None) -> None:
        if token is not None and not token:
            raise ValueError("An empty control token is none; leave it out, or choose one")
        self._controls = controls
        self._root = root
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        denied = denial(scope, self._token)
        if denied is not None:
            body = render({"detail": denied.detail})
            await respond(send, denied.status, body, encoded({**HEADERS, **denied.headers}))
            return
        try:
            status, content, headers = await self._answer(scope, receive)
        except Disconnected:
            return
        except (ApiError, HTTPException) as error:
            status, content, headers = _refusal(error)
        except Exception:
            logger.exception("The control API failed")
            status, content, headers = 500, render({"detail": INTERNAL_ERROR}), {}
        if "content-type" in headers:
            told = {**HEADERS, **headers, "content-length": str(len(content or b""))}
            start = {"type": "http.response.start", "status": status, "headers": encoded(told)}
            await send(start)
            await send({"type": "http.response.body", "body": content or b""})
        else:
            await respond(send, status, content, encoded({**HEADERS, **headers}))

    async def _answer(
        self, scope: Scope, receive: Receive
    ) -> tuple[int, bytes | None, Mapping[str, str]]:
        from mock_server.control import document  # noqa: PLC0415 - read when it is first needed
        from mock_server.control.asked import Text  # noqa: PLC0415 - the same
        from mock_server.control.operations import OPERATIONS  # noqa: PLC0415 - the same

        path = scope["path"].removeprefix(self._root)
        if not path:
            return 307, None, {"location": f"{self._root}/"}
        match = document.routes().find(scope["method"], path)
        if match is None:
            raise NotFound(f"There is no {path} here; see {self._root}/openapi.json")
        content = await read(receive)
        if match.operation == "read_control_document":
            return 200, document.document_bytes(), {}
        asked = self._asked(scope, match.operation, match.parameters, content)
        answer: Answer = OPERATIONS[match.operation](asked)
        if isinstance(answer, Text):
            return 200, answer.content, {"content-type": answer.media_type, **answer.headers}
        answers = document.answers().answers(match.operation)
        return answer.status, answers.render(answer.status, answer.body), {}

    def _asked(
        self, scope: Scope, operation: str, path: Mapping[str, str], content: bytes
    ) -> Asked:
        from mock_server.control import document  # noqa: PLC0415 - read when it is first needed
        from mock_server.control.asked import Asked  # noqa: PLC0415 - the same

        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        known = document.query_names()[operation]
        for name in query.keys() - known:
            there = f"there are {', '.join(sorted(known))}" if known else "there are none"
            raise Unprocessable(f"There is no query parameter {name!r} here; {there}")
        # Whatever type it is declared as: there is only one that a body can be of.
        headers = {**header_map(scope), "content-type": "application/json"}
        reader = document.readers().reader(operation)
        request = reader.read(path, query, headers, content)
        return Asked(self._controls, request.path, request.query, request.body.sent, content)


def _refusal(error: ApiError | HTTPException) -> tuple[int, bytes | None, Mapping[str, str]]:
    if isinstance(error, HTTPException):
        return error.status_code, render({"detail": error.detail}), error.headers or {}
    if isinstance(error, RequestInvalid):
        lines = [
            f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors
        ]
        return error.status, render({"detail": "\n".join(lines)}), {}
    content = None if error.body is None else render(error.body)
    return error.status, content, error.headers
