"""The kinds of checks, each of which is a module `test_<kind>.py`."""

from __future__ import annotations

from typing import Final

KINDS: Final = ("meaning", "laws", "refusals", "conformance", "lifecycle", "auth")
"""In the order in which they run.

What finds most for its cost comes first; walks that change much come last.
"""
