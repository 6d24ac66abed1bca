"""Whether a body that comes packed is whole: a client's library may not look so far."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Final

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

_GZIP: Final = ("gzip", "x-gzip")
_WITH_HEAD_AND_SUM: Final = 16 + zlib.MAX_WBITS  # as zlib is told of gzip's frame
_FOUND: Final = "contract_tests.not_whole"
NOT_WHOLE: Final = "the body is packed with gzip and cannot be unpacked to its end"


def watch(response: httpx.Response) -> None:
    """Look at a packed body while it is read, for `flaw_of` to tell of it."""
    coding = response.headers.get("content-encoding", "").strip().lower()
    if coding in _GZIP and isinstance(response.stream, httpx.SyncByteStream):
        response.stream = _Watched(response.stream, response.extensions)


def flaw_of(response: httpx.Response) -> str:
    """What is wrong with a packed body that was read; "" when nothing is."""
    return NOT_WHOLE if response.extensions.get(_FOUND) else ""


class _Watched(httpx.SyncByteStream):
    """A stream that notes whether gzip's frame comes to its end, with the right sum."""

    def __init__(self, stream: httpx.SyncByteStream, notes: dict[str, Any]) -> None:
        self._stream = stream
        self._notes = notes

    def __iter__(self) -> Iterator[bytes]:
        unpacking = zlib.decompressobj(_WITH_HEAD_AND_SUM)
        size = 0
        for chunk in self._stream:
            size += len(chunk)
            try:
                unpacking.decompress(chunk)
            except zlib.error:
                self._notes[_FOUND] = True
            yield chunk
        if size and not unpacking.eof:
            self._notes[_FOUND] = True

    def close(self) -> None:
        self._stream.close()
