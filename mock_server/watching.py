"""A fixture file that is being edited: each change is loaded, a broken one told of and left out."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from mock_server.fixtures import FixtureError, load_fixtures

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mock_server.store import Store

logger: Final = logging.getLogger(__name__)

QUIET_MILLISECONDS: Final = 50
"""How long nothing must have changed: editors write in several steps."""


async def watch(store: Store, file: Path, tell: Callable[[str], None]) -> None:
    """Load a fixture file whenever what is in it has changed, until cancelled.

    It runs in the event loop of the server, so a change is seen by a request as a whole or not at
    all. What clients have made since the last load is gone with it.

    Args:
        store: whose state is replaced.
        file: the file. It may be replaced by another, or be gone for a while.
        tell: is given what happened, for the user.
    """
    from watchfiles import awatch  # noqa: PLC0415 - only who watches needs it

    seen = _content(file)
    # Its folder is watched: most editors write another file and give it this one's name.
    folder = file.parent
    async for _ in awatch(folder, recursive=False, step=QUIET_MILLISECONDS, watch_filter=None):
        content = _content(file)
        if content != seen:
            seen = content
            tell(reload(store, file))


def reload(store: Store, file: Path) -> str:
    """Load a fixture file anew, or leave the state as it is; what happened, for the user."""
    try:
        load_fixtures(store, file)
    except FixtureError as error:
        return f"{error}\nNot reloaded: the mock goes on with what it had."
    except Exception:
        logger.exception("%s could not be loaded", file)
        return f"{file}: not reloaded, by a fault of the mock; it goes on with what it had."
    return f"Reloaded {file}: {deployments(store)}"


def deployments(store: Store) -> str:
    """How many deployments there are."""
    count = len(store.all("deployments"))
    return f"{count} deployment{'' if count == 1 else 's'}"


def _content(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None
