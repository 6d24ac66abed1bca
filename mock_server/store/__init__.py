"""The state of the mock, in memory: records in tables with indexes, changed in transactions."""

from __future__ import annotations

from mock_server.store.store import Snapshot, Store

__all__ = ["Snapshot", "Store"]
