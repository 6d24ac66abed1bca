"""The server's error answers as types.

An operation raises one of these; `mock_server.app` turns it into an answer, in one place.

    ApiError                 any status with any body
    |-- DetailError          the envelope {"detail": "<sentence>"}
    |   |-- BadRequest       400
    |   |-- NotFound         404
    |   |-- Conflict         409
    |   `-- Unprocessable    422
    `-- RequestInvalid       422, the envelope that lists the errors of a request
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

INVALID_REQUEST: Final = "Invalid request received."
INTERNAL_ERROR: Final = "Internal Server Error"
UNAVAILABLE: Final = "Service Unavailable"

DATA_INTEGRITY_CONFLICT: Final = (
    "Data integrity conflict. This usually means a unique or foreign key constraint was violated."
    " See server logs for details."
)
"""The 409 of a reference to nothing, and of a second record under one key."""


class ApiError(Exception):
    """An answer that is an error.

    Attributes:
        status: the HTTP status.
        body: the JSON value to send.
        headers: headers that the answer carries besides.
    """

    def __init__(self, status: int, body: Any, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, body)
        self.status = int(status)
        self.body = body
        self.headers: Mapping[str, str] = headers or {}

    def __str__(self) -> str:
        return f"{self.status}: {self.body}"


class DetailError(ApiError):
    """An answer of the envelope `{"detail": "<sentence>"}`."""

    code: ClassVar[HTTPStatus]

    def __init__(self, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(self.code, {"detail": detail}, headers=headers)
        self.detail = detail


class BadRequest(DetailError):  # noqa: N818 - the names of HTTP's statuses
    """400."""

    code = HTTPStatus.BAD_REQUEST


class NotFound(DetailError):  # noqa: N818 - the names of HTTP's statuses
    """404; the wording differs by operation."""

    code = HTTPStatus.NOT_FOUND


class Conflict(DetailError):  # noqa: N818 - the names of HTTP's statuses
    """409; without a sentence of its own it is a data integrity conflict."""

    code = HTTPStatus.CONFLICT

    def __init__(self, detail: str = DATA_INTEGRITY_CONFLICT) -> None:
        super().__init__(detail)


class Unprocessable(DetailError):  # noqa: N818 - the names of HTTP's statuses
    """422 with one sentence, for what no schema can state."""

    code = HTTPStatus.UNPROCESSABLE_ENTITY


class RequestInvalid(ApiError):  # noqa: N818 - reads as what happened
    """422 with the list of what is wrong with the request.

    Attributes:
        errors: one mapping `type, loc, msg, input, ctx?` per error, in the server's order.
        request_body: the parsed body, its text when it is no JSON, None without one.
    """

    def __init__(self, errors: Sequence[Mapping[str, Any]], request_body: Any = None) -> None:
        body = {
            "exception_message": INVALID_REQUEST,
            "exception_detail": list(errors),
            "request_body": request_body,
        }
        super().__init__(HTTPStatus.UNPROCESSABLE_ENTITY, body)
        self.errors = errors
        self.request_body = request_body
