"""Swagger UI on the bundle, at `/docs`. Its files come from a package, so it works offline."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

from starlette.responses import HTMLResponse, Response

from mock_server.errors import NotFound
from mock_server.web.static_files import StaticFiles, sent

if TYPE_CHECKING:
    from starlette.requests import Request

PATH: Final = "/docs"
START: Final = "start.js"
POLICY: Final = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
"""The page may fetch nothing from elsewhere. Swagger UI puts styles on its elements."""

PAGE: Final = f"""\
<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Prefect deployment API</title>
    <link rel="icon" type="image/png" href="{PATH}/favicon-32x32.png">
    <link rel="stylesheet" href="{PATH}/swagger-ui.css">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="{PATH}/swagger-ui-bundle.js"></script>
    <script src="{PATH}/{START}"></script>
  </body>
</html>
"""
SCRIPT: Final = """\
SwaggerUIBundle({
  url: "%s",
  dom_id: "#swagger-ui",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayOperationId: true,
  validatorUrl: null,
});
"""


class DocsPage:
    """The page and what it is made of.

    Args:
        document: the path of the document that it shows.
    """

    def __init__(self, document: str) -> None:
        self._script = SCRIPT % document

    async def page(self, _request: Request) -> Response:
        """Send the page."""
        return HTMLResponse(PAGE, headers={"content-security-policy": POLICY})

    async def file(self, request: Request) -> Response:
        """Send a file of the page.

        Raises:
            NotFound: it has no such file.
        """
        name: str = request.path_params["name"]
        if name == START:
            return Response(self._script, media_type="text/javascript")
        found = _files().get(name)
        if found is None:
            raise NotFound("Not Found")
        return sent(request, found)


@functools.cache
def _files() -> StaticFiles:
    from swagger_ui_bundle import swagger_ui_path  # noqa: PLC0415 - few look at the page

    return StaticFiles(swagger_ui_path)
