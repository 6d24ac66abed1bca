"""Addresses of Prefect Cloud, whose deployment API lies below a workspace."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable

_PAGE: Final = re.compile(
    r"https?://app\.(?P<host>[^/]+)/account/(?P<account>[^/]+)/workspace/(?P<workspace>[^/]+)(/.*)?"
)
_CUT_SHORT: Final = re.compile(r"(?P<api>.*)/accounts/(?P<account>[^/]+)(/workspaces)?")


def right_address(url: str, get: Callable[[str], httpx.Response]) -> str | None:
    """A sentence on which address of Prefect Cloud was meant; None when it is no such address.

    Args:
        url: where no deployment API was found.
        get: asks for the document at an address, with the credentials that were given.
    """
    if page := _PAGE.fullmatch(url):
        api = f"https://api.{page['host']}/api"
        below = _below(page["account"], page["workspace"])
        return f"{url} is a page of Prefect Cloud: use --base-url {api}{below}."
    cut = _CUT_SHORT.fullmatch(url)
    api = cut["api"] if cut else url
    found = [one for one in _workspaces(api, get) if not cut or one[0] == cut["account"]]
    if not found and not cut:
        return None
    says = f"{url} has no workspace in it, as the API of Prefect Cloud needs: use --base-url {api}"
    account, workspace = found[0] if found else (cut["account"] if cut else "", "WORKSPACE")
    others = f" (or of {len(found) - 1} other workspaces)" if len(found) > 1 else ""
    return f"{says}{_below(account, workspace)}{others}."


def _below(account: str, workspace: str) -> str:
    return f"/accounts/{account}/workspaces/{workspace}"


def _workspaces(api: str, get: Callable[[str], httpx.Response]) -> list[tuple[str, str]]:
    """Account and workspace of each that the credentials open."""
    try:
        told: Any = get(f"{api}/me/workspaces").json()
        return [(str(one["account_id"]), str(one["workspace_id"])) for one in told]
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return []
