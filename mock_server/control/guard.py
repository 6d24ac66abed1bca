"""Who may use the control API: this machine, or who has the token; and no page of another site.

Without a token the request must come from loopback, to a loopback address, under a name that means
loopback: a page whose name was made to point here (DNS rebinding) brings its own name along. In any
case a page of another origin is refused, for a browser sends what it knows of credentials.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

TOKEN_HEADER: Final = "x-mock-token"  # noqa: S105 - the name of a header
OWN_SITES: Final = frozenset({"same-origin", "none"})
"""What a browser says of a request that its own page made, or its user."""

CHALLENGE: Final = {"www-authenticate": 'Basic realm="mock control", charset="UTF-8"'}

UNTOLD: Final = (
    "Send the control token: `Authorization: Bearer TOKEN`, `X-Mock-Token: TOKEN`, or as the"
    " password of Basic credentials."
)
NOT_FROM_HERE: Final = (
    "The control API answers on loopback only. Start the mock with --control-token to use it from"
    " elsewhere."
)
OTHER_NAME: Final = (
    "The control API answers under names of loopback only, such as 127.0.0.1 and localhost. Start"
    " the mock with --control-token to use another."
)
OTHER_SITE: Final = "The control API answers no page of another origin."

# No more than a Host header may be; who reads on may take a part of it for the whole.
_HOST: Final = re.compile(
    r"(?:\[(?P<address>[^\]\[/@]+)\]|(?P<name>[\w.-]+))(?::\d{0,5})?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Denial:
    """Why a request is refused.

    Attributes:
        status: 401 or 403.
        detail: a sentence.
        headers: that the answer carries besides.
    """

    status: int
    detail: str
    headers: Mapping[str, str]


def denial(scope: Mapping[str, Any], token: str | None) -> Denial | None:
    """Why a request may not use the control API; None if it may.

    Args:
        scope: the request, as ASGI tells it.
        token: what to send; None if nothing is asked for, but to be on this machine.
    """
    headers = _headers(scope)
    if not _own_page(scope, headers):
        return Denial(HTTPStatus.FORBIDDEN, OTHER_SITE, {})
    if token is not None:
        if _has_token(headers, token):
            return None
        return Denial(HTTPStatus.UNAUTHORIZED, UNTOLD, CHALLENGE)
    if not (_on_loopback(scope.get("client")) and _on_loopback(scope.get("server"))):
        return Denial(HTTPStatus.FORBIDDEN, NOT_FROM_HERE, {})
    if not means_loopback(headers.get("host", "")):
        return Denial(HTTPStatus.FORBIDDEN, OTHER_NAME, {})
    return None


def _headers(scope: Mapping[str, Any]) -> dict[str, str]:
    """Headers by name. Several of one name are a list of values, and none of them counts alone."""
    found: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _own_page(scope: Mapping[str, Any], headers: Mapping[str, str]) -> bool:
    site = headers.get("sec-fetch-site")
    if site is not None and site not in OWN_SITES:
        return False
    origin = headers.get("origin")
    return origin is None or origin == f"{scope['scheme']}://{headers.get('host', '')}"


def _has_token(headers: Mapping[str, str], token: str) -> bool:
    """Whether the token was sent. Each comparison takes its time, whatever was sent."""
    sent = [headers.get(TOKEN_HEADER, "")]
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        sent.append(value.strip())
    elif scheme.lower() == "basic":
        sent.append(_password(value.strip()))
    right = [hmac.compare_digest(_bytes(item), _bytes(token)) for item in sent]
    return any(right)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _password(value: str) -> str:
    try:
        told = base64.b64decode(value, validate=True).decode("utf-8", "surrogateescape")
    except (binascii.Error, ValueError):
        return ""
    return told.partition(":")[2]


def _on_loopback(address: Any) -> bool:
    return bool(address) and _is_loopback(str(address[0]))


def _is_loopback(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def means_loopback(host: str) -> bool:
    """Whether a Host header names loopback, in whatever zone file: by address, or `localhost`."""
    told = _HOST.fullmatch(host)
    if told is None:
        return False
    name = (told["address"] or told["name"] or "").lower().rstrip(".")
    return name == "localhost" or name.endswith(".localhost") or _is_loopback(name)
