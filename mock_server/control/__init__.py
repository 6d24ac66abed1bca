"""The control API of the mock, under `/_mock/`, and its page."""

from __future__ import annotations

from mock_server.control.app import ControlApp

__all__ = ["ControlApp"]
