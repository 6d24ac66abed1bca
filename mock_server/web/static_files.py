"""Files that a page is made of, read when they are first asked for and kept in memory."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from starlette.requests import Request

TEXT: Final[Mapping[str, str]] = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".map": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".webmanifest": "application/manifest+json",
}
BINARY: Final[Mapping[str, str]] = {
    ".gif": "image/gif",
    ".ico": "image/vnd.microsoft.icon",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".ttf": "font/ttf",
    ".wasm": "application/wasm",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
}
"""Suffix -> media type, of our own: what a machine says of `.js` is not always right."""


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file as it is sent."""

    content: bytes
    media_type: str
    etag: str


class StaticFiles:
    """The files below one folder.

    What can be asked for is listed at the start, so no path leads out of the folder.

    Args:
        folder: where they are.
        edit: what is made of those that are text.
    """

    def __init__(self, folder: Path, *, edit: Callable[[bytes], bytes] = bytes) -> None:
        self._edit = edit
        self._paths = dict(_files(folder.resolve()))
        self._read: dict[str, StaticFile] = {}

    def get(self, name: str) -> StaticFile | None:
        """A file by its path below the folder, with slashes; None if there is none."""
        if name not in self._read:
            path = self._paths.get(name)
            if path is None:
                return None
            self._read[name] = self._load(path)
        return self._read[name]

    def _load(self, path: Path) -> StaticFile:
        content = path.read_bytes()
        suffix = path.suffix.lower()
        media_type = TEXT.get(suffix)
        if media_type is None:
            media_type = BINARY.get(suffix, "application/octet-stream")
        else:
            content = self._edit(content)
        digest = hashlib.blake2b(content, digest_size=16).hexdigest()
        return StaticFile(content, media_type, f'"{digest}"')


def _files(root: Path) -> Iterator[tuple[str, Path]]:
    """Every file below a folder; what a link leads out of it to is none."""
    for parent, _, names in os.walk(root):
        for name in names:
            path = Path(parent, name)
            if path.resolve().is_relative_to(root):
                yield path.relative_to(root).as_posix(), path


def sent(request: Request, file: StaticFile) -> Response:
    """The answer with a file, or that the browser's copy is still right."""
    headers = {"etag": file.etag, "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=headers)
    return Response(file.content, media_type=file.media_type, headers=headers)
