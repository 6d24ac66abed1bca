"""What an operation of the control API is given, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mock_server.call import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mock_server.control.controls import Controls


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to the control API, read.

    Attributes:
        controls: of the mock.
        path: path parameters.
        query: query parameters, defaults filled in.
        body: the JSON body; None without one.
        content: the body as it was sent.
    """

    controls: Controls
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Text:
    """An answer that is no JSON.

    Attributes:
        content: its bytes.
        media_type: what they are.
        headers: that the answer carries besides.
    """

    content: bytes
    media_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


Answer = Reply | Text
