"""Operations that the forms of the user interfaces ask."""

from __future__ import annotations

from mock_server.call import Call, Reply
from mock_server.operations._checks import schema_errors
from mock_server.operations._shared import full


def validate_obj(call: Call) -> Reply:
    """Check values against a schema; values that do not fit are no error of the request."""
    body = full(call)
    return Reply(200, schema_errors(call.store, body["schema"], body["values"]))
