"""Keeping secrets out of everything that is printed or written."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

HIDDEN: Final = "***"
_SECRET_NAME: Final = re.compile(
    r".*(authorization|cookie|token|secret|passw|api-?key|credential|session|signature).*|x-.*auth.*",
    re.IGNORECASE,
)
# Shorter ones would be met everywhere by chance.
_SHORTEST: Final = 3


def is_secret_name(name: str) -> bool:
    """Whether a header of this name holds what opens doors."""
    return _SECRET_NAME.fullmatch(name) is not None


class Mask:
    """Knows the secrets of one run, and hides them.

    Attributes:
        names: headers whose values are secrets besides those that their names give away.
    """

    def __init__(self) -> None:
        self.names: set[str] = set()
        self._words: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def add(self, *secrets: str) -> None:
        """Hide these texts from now on, in plain, percent-encoded, base64 and JSON forms."""
        for secret in secrets:
            if len(secret) >= _SHORTEST:
                packed = base64.b64encode(secret.encode()).decode()
                in_json = json.dumps(secret)[1:-1]
                self._words |= {secret, quote(secret, safe=""), packed, in_json}
        # The longest first: one secret may be a part of another.
        words = sorted(self._words, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, words))) if words else None

    def hide(self, text: str) -> str:
        """The text without any secret, and such that every file can hold it."""
        if not text.isascii():
            text = text.encode("utf-8", "backslashreplace").decode()  # lone surrogates
        return text if self._pattern is None else self._pattern.sub(HIDDEN, text)

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Headers as they may be shown, names in lower case."""
        return {
            name.lower(): HIDDEN
            if is_secret_name(name) or name.lower() in self.names
            else self.hide(value)
            for name, value in headers.items()
        }

    def value(self, value: Any) -> Any:
        """A JSON value without any secret in its strings."""
        if isinstance(value, str):
            return self.hide(value)
        if isinstance(value, dict):
            return {self.hide(str(key)): self.value(item) for key, item in value.items()}
        return [self.value(item) for item in value] if isinstance(value, list) else value
