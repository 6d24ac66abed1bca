"""The server that is recorded: asked page by page, and what to do when it does not answer."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit, urlunsplit

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Record = dict[str, Any]

PAGE: Final = 200
"""How many records are asked for at once: the most that servers give."""

TIMEOUT: Final = 120.0
DENIED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class CannotRecord(Exception):  # noqa: N818 - reads as what happened
    """The server cannot be recorded; the message says why and what to do."""


class Source:
    """A server's API.

    Args:
        url: of its API, as PREFECT_API_URL has it.
        headers: sent with each request.
        transport: answers instead of the network.

    Raises:
        CannotRecord: the URL is none.
    """

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise CannotRecord(f"{url!r} is no URL of an API; write such as http://host:4200/api")
        self.url = _without_user(url)
        self._client = httpx.Client(
            base_url=url.rstrip("/"),
            headers=dict(headers or {}),
            timeout=TIMEOUT,
            transport=transport,
        )

    def close(self) -> None:
        """End the connections."""
        self._client.close()

    def version(self) -> str:
        """The version of the server, once it is sure to be such a server.

        Raises:
            CannotRecord: it is none.
        """
        count = self._ask("POST", "/deployments/count", {})
        if not isinstance(count, int) or isinstance(count, bool):
            raise CannotRecord(f"{self.url} does not answer as Prefect's API does; {_ADVICE}")
        version = self._ask("GET", "/admin/version")
        return version if isinstance(version, str) else "of unknown version"

    def all(
        self,
        path: str,
        *,
        sort: str | None = None,
        most: int | None = None,
        filters: Mapping[str, Any] | None = None,
    ) -> list[Record]:
        """Every record of a filter operation, page by page.

        Args:
            path: of the operation.
            sort: an order in which no page depends on chance.
            most: how many records to take at most.
            filters: the filters of the body.

        Raises:
            CannotRecord: the server does not give them.
        """
        found: dict[str, Record] = {}
        offset = 0
        while most is None or offset < most:
            limit = PAGE if most is None else min(PAGE, most - offset)
            body = {**(filters or {}), "limit": limit, "offset": offset}
            page = self._ask("POST", path, {**body, **({"sort": sort} if sort else {})})
            if not isinstance(page, list) or not all(isinstance(item, dict) for item in page):
                raise CannotRecord(f"{self.url}{path} answers with no list; {_ADVICE}")
            found.update((str(item.get("id")), item) for item in page)
            offset += limit
            if len(page) < limit:
                break
        return list(found.values())

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        try:
            answer = self._client.request(method, path, json=body)
        except httpx.TransportError as error:
            raise CannotRecord(
                f"{self.url} does not answer ({error or type(error).__name__}): does the server"
                " run, and is the address right?"
            ) from error
        return self._read(path, answer)

    def _read(self, path: str, answer: httpx.Response) -> Any:
        status = answer.status_code
        if status in DENIED:
            raise CannotRecord(
                f"{self.url} asks for credentials ({status}): give them with --auth"
                " basic:USER:PASSWORD or --auth bearer:TOKEN, or with --header"
            )
        if status == HTTPStatus.NOT_FOUND:
            raise CannotRecord(f"{self.url} has no {path}; {_ADVICE}")
        if not answer.is_success:
            raise CannotRecord(f"{self.url}{path} answers {status}: {answer.text[:200]}")
        try:
            return answer.json()
        except ValueError as error:
            raise CannotRecord(f"{self.url}{path} answers with no JSON; {_ADVICE}") from error


_ADVICE: Final = (
    "give the URL of the API as PREFECT_API_URL has it, which ends in /api on a server of your own"
)


def _without_user(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])).rstrip("/")


def read_all(
    source: Source, *, runs: int | None = None, tell: Callable[[str, int], None] = lambda *_: None
) -> dict[str, list[Record]]:
    """Everything that a fixture can hold, as the server shows it.

    Args:
        source: the server.
        runs: how many flow runs to take at most, the newest.
        tell: called with each kind and how many there are.

    Returns:
        Kind -> records. Deployments and flow runs have a field `stored_queue_name` besides.

    Raises:
        CannotRecord: the server does not give it.
    """
    found: dict[str, list[Record]] = {}

    def take(kind: str, records: list[Record]) -> list[Record]:
        found[kind] = records
        tell(kind, len(records))
        return records

    take("variables", source.all("/variables/filter", sort="NAME_ASC"))
    take("concurrency_limits", source.all("/v2/concurrency_limits/filter"))
    pools = take("work_pools", source.all("/work_pools/filter"))
    queues = take("work_queues", source.all("/work_queues/filter"))
    take("workers", [each for pool in pools for each in _workers(source, pool)])
    take("flows", source.all("/flows/filter", sort="NAME_ASC"))
    names = sorted({str(queue["name"]) for queue in queues})
    for kind, sort, most in (("deployments", "CREATED_DESC", None), ("flow_runs", "ID_DESC", runs)):
        take(kind, source.all(f"/{kind}/filter", sort=sort, most=most))
        _tell_stored_names(source, kind, sort, found[kind], names)
    take("task_runs", _task_runs(source, None if runs is None else found["flow_runs"]))
    return found


def _workers(source: Source, pool: Record) -> list[Record]:
    return source.all(f"/work_pools/{quote(pool['name'], safe='')}/workers/filter")


def _task_runs(source: Source, of: list[Record] | None) -> list[Record]:
    """The task runs of some flow runs, or all."""
    if of is None:
        return source.all("/task_runs/filter", sort="ID_DESC")
    found: list[Record] = []
    for begin in range(0, len(of), PAGE):
        ids = [run["id"] for run in of[begin : begin + PAGE]]
        runs = {"flow_run_id": {"any_": ids}}
        found += source.all("/task_runs/filter", sort="ID_DESC", filters={"task_runs": runs})
    return found


def _tell_stored_names(
    source: Source, kind: str, sort: str, records: list[Record], names: list[str]
) -> None:
    """Find out which queue names are stored: answers show the name of the queue instead.

    Filters look at the stored name, so they tell.
    """
    stored: dict[str, str] = {}
    for name in names:
        if any(record.get("work_queue_name") == name for record in records):
            wanted = {kind: {"work_queue_name": {"any_": [name]}}}
            for record in source.all(f"/{kind}/filter", sort=sort, filters=wanted):
                stored[record["id"]] = name
    for record in records:
        shown = record.get("work_queue_name")
        in_queue = record.get("work_queue_id") is not None
        record["stored_queue_name"] = stored.get(record["id"]) if in_queue else shown
