"""The page of the control API: one file, which loads nothing from anywhere.

What it offers that is written elsewhere, the kinds of faults, is filled in when it is read.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib import resources
from typing import TYPE_CHECKING, Final

from mock_server.faults.syntax import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS_HERE: Final = "<!-- kinds of faults -->"
INLINE: Final = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Page:
    """The page.

    Attributes:
        content: its bytes.
        headers: with a policy by which nothing runs in it that is not in the file: it shows what
            strangers sent.
    """

    content: bytes
    headers: Mapping[str, str]


@cache
def page() -> Page:
    """The page, read once."""
    text = (resources.files("mock_server.control") / "page.html").read_text(encoding="utf-8")
    options = (
        f'<option value="{kind}">{kind}: {escape(does)}</option>' for kind, does in KINDS.items()
    )
    text = text.replace(KINDS_HERE, "".join(options))
    inline: dict[str, list[str]] = {"script": [], "style": []}
    for kind, content in INLINE.findall(text):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        inline[kind].append(f"'sha256-{digest}'")
    policy = (
        f"default-src 'none'; script-src {' '.join(inline['script'])};"
        f" style-src {' '.join(inline['style'])}; connect-src 'self'; img-src data:;"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    headers = {"content-security-policy": policy, "referrer-policy": "no-referrer"}
    return Page(text.encode(), headers)
