"""The web UI of an installed prefect, served on the mock as a real server serves it.

Its two builds stand at `/` and `/v2`. Both ask `/ui-settings` where the API is; a placeholder in
their files stands for the path that they are served at; a path that names none of their files is
one of their pages, so it gets `index.html`. Unlike there, no use is reported to anybody.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from starlette.responses import RedirectResponse, Response

from mock_server.errors import NotFound
from mock_server.responses import render
from mock_server.web.static_files import StaticFiles, sent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.requests import Request

    from mock_server.web.static_files import StaticFile
    from mock_server.web.ui_builds import Build, Version

PLACEHOLDER: Final = b"/PREFECT_UI_SERVE_BASE_REPLACE_PLACEHOLDER"
LOOPBACK: Final = "127.0.0.1"
USAGE_KEY: Final = re.compile(rb"""(return\s*[`"'])[0-9a-f]{32}(?=[`"'])""")
"""The key with which a UI reports its use to a third party. Without one it reports nothing."""
READING: Final = frozenset({"GET", "HEAD"})
INDEX: Final = "index.html"
PREFERRED: Final[Version] = "v2"
ICONS: Final[Mapping[str, str]] = {
    "favicon.ico": "ico/favicon-32x32.png",
    "favicon-dark.ico": "ico/favicon-32x32-dark.png",
}
"""What the pages ask for and the builds do not have -> what they have of the kind."""
HOST: Final = re.compile(r"([\w.-]+|\[[0-9a-fA-F:.]+\])(:\d+)?", re.ASCII)
COOKIE: Final = "prefect_ui_version"
"""What a UI sets when its user chooses the other one."""


class WebUi:
    """Answers what is outside the API with the files of the builds.

    Args:
        builds: the builds to serve, at least one.
        api: the path of the API.
        settings: what to tell the UIs besides, as of now: `auth`, `csrf_enabled`.
    """

    def __init__(
        self,
        builds: Sequence[Build],
        *,
        api: str,
        settings: Callable[[], Mapping[str, object]] = dict,
    ) -> None:
        self._api = api
        self._settings = settings
        self._bases: dict[str, str] = {build.version: build.base for build in builds}
        self._files: dict[str, StaticFiles] = {
            build.version: StaticFiles(build.folder, edit=partial(_edit, build.base.encode()))
            for build in builds
        }
        self._default: Version = PREFERRED if PREFERRED in self._bases else builds[0].version

    async def settings(self, request: Request) -> Response:
        """Tell the UIs where the API is: under the address that they themselves came from."""
        told = {
            "api_url": f"{request.scope['scheme']}://{_host(request)}{self._api}",
            "csrf_enabled": False,
            "auth": None,
            "flags": [],
            "default_ui": self._default,
            "available_uis": list(self._bases),
            "v1_base_url": self._base_url("v1"),
            "v2_base_url": self._base_url("v2"),
            **self._settings(),
        }
        return Response(render(told), media_type="application/json")

    def _base_url(self, version: Version) -> str | None:
        base = self._bases.get(version)
        return None if base is None else base or "/"

    async def page(self, request: Request) -> Response:
        """Send a file, or a UI's page for a path that is none.

        Raises:
            NotFound: it is a path of the API, that of a file that is not there, or no reading.
        """
        path: str = request.scope["path"]
        if _is_under(path, self._api) or request.method not in READING:
            raise NotFound("Not Found")
        if path == "/" and _is_navigation(request) and self._chosen(request):
            return _redirect(request, f"{self._chosen(request)}/")
        for version, base in sorted(self._bases.items(), reverse=True):
            if base and path == base:
                return _redirect(request, f"{base}/")
            if _is_under(path, base):
                return sent(request, self._file(request, version, path[len(base) + 1 :]))
        raise NotFound("Not Found")

    def _chosen(self, request: Request) -> str:
        """The base of the build that this browser's user chose, or of the usual one."""
        return self._bases.get(request.cookies.get(COOKIE, ""), self._bases[self._default])

    def _file(self, request: Request, version: str, name: str) -> StaticFile:
        files = self._files[version]
        found = files.get(ICONS.get(name, name) or INDEX)
        if found is None and (_is_navigation(request) or not PurePosixPath(name).suffix):
            found = files.get(INDEX)
        if found is None:
            raise NotFound("Not Found")
        return found


def _edit(base: bytes, content: bytes) -> bytes:
    return USAGE_KEY.sub(rb"\1", content.replace(PLACEHOLDER, base))


def _is_under(path: str, base: str) -> bool:
    return path == base or path.startswith(f"{base}/")


def _host(request: Request) -> str:
    """The address that the client asked, or that it reached if it told none that can be one."""
    told = request.headers.get("host", "")
    if HOST.fullmatch(told):
        return told
    host, port = request.scope.get("server") or (LOOPBACK, None)
    shown = f"[{host}]" if ":" in host else host
    return shown if port is None else f"{shown}:{port}"


def _redirect(request: Request, path: str) -> Response:
    query = request.scope["query_string"].decode("latin-1")
    return RedirectResponse(f"{path}?{query}" if query else path)


def _is_navigation(request: Request) -> bool:
    """Whether a browser asks for a page, rather than a page for one of its files."""
    return "text/html" in request.headers.get("accept", "")
