"""What a target asks for before it answers: credentials, headers of the user's, CSRF tokens."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import unquote, urlsplit, urlunsplit

from contract_tests.errors import CannotJudge
from contract_tests.transport.masking import Mask, is_secret_name

if TYPE_CHECKING:
    from collections.abc import Iterable

Use = Literal["given", "none", "wrong"]
"""Send a request with the credentials that were given, without any, or with wrong ones."""

CSRF_TOKEN: Final = "prefect-csrf-token"  # noqa: S105 - the name of a header
CSRF_CLIENT: Final = "prefect-csrf-client"
_WRONG: Final = {
    "basic": "Basic " + base64.b64encode(b"nobody:wrong-password").decode(),
    "bearer": "Bearer wrong-token",
}
_FORM: Final = "write it as basic:USER:PASS or bearer:TOKEN"


@dataclass(frozen=True)
class Credentials:
    """Headers that every request carries.

    Attributes:
        headers: names in lower case.
        mask: hides what is in them.
    """

    headers: dict[str, str] = field(default_factory=dict, repr=False)
    mask: Mask = field(default_factory=Mask, repr=False)

    @classmethod
    def of(cls, auth: str | None, headers: Iterable[str]) -> Credentials:
        """Read what the user gave.

        Args:
            auth: `basic:USER:PASS` or `bearer:TOKEN`.
            headers: `NAME:VALUE` each.

        Raises:
            CannotJudge: something is not of that form; what was given is not repeated.
        """
        made = cls()
        for header in headers:
            name, colon, value = header.partition(":")
            if not colon or not name.strip() or not _can_be_sent(name, value):
                raise CannotJudge("A --header is not of the form NAME:VALUE.")
            made.headers[name.strip().lower()] = value.strip()
            made.mask.names.add(name.strip().lower())
            if is_secret_name(name):
                made.mask.add(value.strip(), value.strip().rpartition(" ")[2])
        if auth:
            made.headers["authorization"] = made._authorization(auth)
        return made

    def _authorization(self, auth: str) -> str:
        kind, _, rest = auth.partition(":")
        if not rest or not _can_be_sent("authorization", rest):
            raise CannotJudge(f"What --auth was given is no credentials: {_FORM}.")
        match kind.lower():
            case "basic":
                password = rest.partition(":")[2]
                self.mask.add(password, rest)
                return "Basic " + base64.b64encode(rest.encode()).decode()
            case "bearer":
                self.mask.add(rest)
                return f"Bearer {rest}"
            case _:
                raise CannotJudge(f"--auth begins with neither basic: nor bearer: {_FORM}.")

    @property
    def secret_names(self) -> tuple[str, ...]:
        """The headers that let a request in."""
        return tuple(name for name in self.headers if is_secret_name(name))

    def wrong(self) -> dict[str, str]:
        """The headers that let a request in, with values that should not."""
        kind = self.headers.get("authorization", "").partition(" ")[0].lower()
        return {
            name: _WRONG.get(kind, "wrong") if name == "authorization" else "wrong"
            for name in self.secret_names
        }


def without_userinfo(base_url: str) -> tuple[str, str | None]:
    """An address without the user and password in it, and these as `basic:USER:PASS`."""
    try:
        parts = urlsplit(base_url)
        host = parts.hostname
    except ValueError:
        return base_url, None
    if "@" not in parts.netloc or host is None:
        return base_url, None
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=place)), f"basic:{user}:{password}"


def _can_be_sent(name: str, value: str) -> bool:
    text = name + value
    return text.isascii() and text.isprintable()
