"""The error types and the bodies that they carry."""

from __future__ import annotations

import pytest

from mock_server import errors


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (errors.BadRequest, 400),
        (errors.NotFound, 404),
        (errors.Conflict, 409),
        (errors.Unprocessable, 422),
    ],
)
def test_a_detail_error_has_its_status_and_envelope(
    kind: type[errors.DetailError], status: int
) -> None:
    error = kind("why")
    assert (error.status, error.body, error.headers) == (status, {"detail": "why"}, {})
    assert isinstance(error, errors.ApiError)


def test_a_conflict_without_words_is_one_of_data_integrity() -> None:
    assert errors.Conflict().body == {"detail": errors.DATA_INTEGRITY_CONFLICT}


def test_an_invalid_request_lists_its_errors() -> None:
    error = errors.RequestInvalid([{"type": "missing"}], {"a": 1})
    assert error.status == 422
    assert error.body == {
        "exception_message": "Invalid request received.",
        "exception_detail": [{"type": "missing"}],
        "request_body": {"a": 1},
    }
