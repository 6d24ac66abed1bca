"""What a server publishes about itself: its document and its version."""

from dataclasses import dataclass
from typing import Any

from openapi.errors import UnreadableError
from openapi.subject import Subject, open_subject

__all__ = ["Published", "read_published"]

_TIMEOUT = 30.0
_FILE = "openapi.json"
# What servers say of themselves under their base path, where it is no version of theirs.
_NO_VERSION = frozenset(("0.1.0", ""))


@dataclass(frozen=True, slots=True)
class Published:
    """A document and where it is from.

    Attributes:
        name: What the user calls it.
        document: The document as it was read.
        version: That of the server, `""` if it does not say.
    """

    name: str
    document: dict[str, Any]
    version: str


def _checked(subject: Subject) -> dict[str, Any]:
    if subject.problems:
        raise UnreadableError(f"{subject.name} is no sound document: {subject.problems[0]}")
    return subject.document


def _asked(base: str) -> str:
    """The version that a server tells under its base path, `""` if it does not."""
    import httpx  # noqa: PLC0415  # a moment that files need not wait for

    for path in ("/admin/version", "/api/admin/version"):
        try:
            answer = httpx.get(f"{base}{path}", timeout=_TIMEOUT, follow_redirects=True)
            told = answer.raise_for_status().json()
        except (httpx.HTTPError, ValueError):
            continue
        if isinstance(told, str):
            return told
    return ""


def _documents(target: str) -> list[str]:
    """Where to look for the document of a target."""
    if not target.startswith(("http://", "https://")) or target.endswith(
        (".json", ".yaml", ".yml")
    ):
        return [target]
    return [f"{target.rstrip('/')}/{_FILE}", target]


def read_published(target: str) -> Published:
    """Read what a server publishes.

    Args:
        target: A saved document, its URL, or the base URL of a server, with or without `/api`.

    Raises:
        UnreadableError: There is no OpenAPI 3.0 or 3.1 document.
    """
    places = _documents(target)
    for place in places:
        try:
            with open_subject(place) as subject:
                document = _checked(subject)
        except UnreadableError:
            if place == places[-1]:
                raise
            continue
        break
    version = str(document.get("info", {}).get("version", ""))
    if place.startswith(("http://", "https://")):
        version = _asked(place.rpartition("/")[0] if place.endswith(_FILE) else place) or version
    return Published(place, document, "" if version in _NO_VERSION else version)
