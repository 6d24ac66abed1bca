"""The edge at which requests come in: read, checked and coerced by models made of the spec."""

from __future__ import annotations

from mock_server.requests.reader import Reader, Request, Requests

__all__ = ["Reader", "Request", "Requests"]
