"""A client of the control API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from mock_server.running import RunningMock

NOW = "2026-01-01T00:00:00Z"


class Control:
    """A client of the control API whose answers are checked against its document."""

    def __init__(self, mock: RunningMock) -> None:
        self.mock = mock
        self.http = httpx.Client(base_url=mock.url.removesuffix("/api") + "/_mock")
        self.api = httpx.Client(base_url=mock.url)

    def __call__(self, method: str, path: str, json: Any = None, **options: Any) -> Any:
        answer = self.http.request(method, path, json=json, **options)
        assert answer.status_code < 300, answer.text
        is_json = "json" in answer.headers.get("content-type", "")
        return answer.json() if is_json else answer.text

    def refused(self, method: str, path: str, json: Any = None, **options: Any) -> tuple[int, str]:
        answer = self.http.request(method, path, json=json, **options)
        assert answer.status_code >= 400
        return answer.status_code, answer.json()["detail"]

    def names(self) -> set[str]:
        return {record["name"] for record in self.mock.store.all("flows")}

    def close(self) -> None:
        self.http.close()
        self.api.close()
