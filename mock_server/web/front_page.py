"""What a person finds who opens the mock's address in a browser: where to go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import PlainTextResponse, Response

from mock_server.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

PATH: Final = "/"
READING: Final = frozenset({"GET", "HEAD"})


class FrontPage:
    """The page.

    Args:
        places: path -> what is there.
    """

    def __init__(self, places: Mapping[str, str]) -> None:
        lines = (f"  {path:<8} {what}" for path, what in places.items())
        self._text = "\n".join(("A mock of Prefect's deployment API.", "", *lines, ""))

    async def page(self, request: Request) -> Response:
        """Send the page.

        Raises:
            NotFound: it is no reading; a server has nothing there.
        """
        if request.method not in READING:
            raise NotFound("Not Found")
        return PlainTextResponse(self._text)
