"""What the installed prefect knows of packages: what kinds of work pools there are to choose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from mock_server.call import Call, Reply
from mock_server.operations.ui import check_view

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mock_server.web.ui_builds import Build


class Registry:
    """The views of the registry of packages, as far as an installed prefect brings them along.

    Args:
        builds: those of its web UI, beside which they lie.
    """

    def __init__(self, builds: Sequence[Build]) -> None:
        self._folder = builds[0].folder.parent / "api" / "collections_data" / "views"

    def read_view_content(self, call: Call) -> Reply:
        """One view; empty if it is not there.

        Raises:
            NotFound: there is no such view.
        """
        check_view(call.path["view"])
        file = self._folder / f"{call.path['view']}.json"
        return Reply(200, orjson.loads(file.read_bytes()) if file.is_file() else {})
