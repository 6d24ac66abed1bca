"""Who made a run, when an automation did: it says so in two headers."""

from __future__ import annotations

import base64
import binascii
import uuid
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mock_server.call import Call

ID: Final = "prefect-automation-id"
NAME: Final = "prefect-automation-name"


def creator(call: Call) -> dict[str, Any] | None:
    """The automation that a request names by its id and, in base64, its name; or None.

    A name that cannot be read, and one header without the other, are as good as none.
    """
    identity, encoded = call.headers.get(ID), call.headers.get(NAME)
    if not identity or not encoded:
        return None
    try:
        name = base64.b64decode(encoded.encode()).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    if not name:
        return None
    canonical = str(uuid.UUID(identity))
    return {"id": canonical, "type": "AUTOMATION", "display_value": name}
