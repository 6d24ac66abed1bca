"""Two servers, the same requests: each request to the target goes to a reference as well."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from contract_tests.comparing.sameness import Answer, Mismatch, Sameness
from contract_tests.errors import CannotJudge
from contract_tests.findings import Finding, clip
from contract_tests.spec.operations import operations
from contract_tests.transport.exchange import NotJson
from contract_tests.transport.target import UNSET, Target, as_sent, may_change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from contract_tests.transport.credentials import Use
    from contract_tests.transport.exchange import Exchange

_SHOWN: Final = ("content-type", "location", "allow")
_SUCCESS: Final = range(200, 300)
_SEARCH: Final = re.compile(r".*/(filter|paginate|count|history|lateness)/?")
_RUNS: Final = re.compile(r"/(flow_runs|task_runs)/(filter|paginate)/?")
_DEFAULT_LIMIT: Final = 200
_KINDS: Final = ("flows", "deployments", "flow_runs", "task_runs", "work_pools", "work_queues")
# By what differs the most: where a body does, headers that do are part of it.
_RULES: Final[Mapping[str, str]] = {
    "status": "compare.status",
    "body": "compare.body",
    "header": "compare.headers",
}
_MOST: Final = 6  # differences of one answer that are shown
SHARED: Final = "changes: both addresses lead to the same data, so each is sent once"
OTHERS: Final = "searches for what only one of the two servers has"


class Mirror(Target):
    """A target whose every request is repeated on a reference, and the answers compared.

    Ids of the target in a request become those of the reference's counterparts. Where both
    addresses lead to the same data (a gateway in front of its origin), what changes something is
    sent to the target alone.

    Args:
        base_url: of the target.
        reference: the other server; it is asked second.
        settings: as for any target.

    Attributes:
        report: told of each difference.
        alike: before the run, both held the same objects; or none.
        same_data: both addresses lead to the same data.
        unjudged: told why an answer was not compared.
    """

    def __init__(self, base_url: str, reference: Target, **settings: Any) -> None:
        super().__init__(base_url, **settings)
        if reference.base_url == self.base_url:
            raise CannotJudge("--reference is the same address as --base-url.")
        self.reference = reference
        self.report: Callable[[Finding], None] = lambda _: None
        self.unjudged: Callable[[str], None] = lambda _: None
        self.same_data = False
        self.alike = True
        self._mirroring = False
        self._sameness = Sameness()

    def close(self) -> None:
        """Close the connections to both."""
        super().close()
        self.reference.close()

    def prepare(self) -> None:
        """Look at both before anything is made: whether they hold the same data, or as much.

        Raises:
            CannotJudge: the reference does not answer as a deployment API does.
        """
        self.reference.probe()
        counts = [
            [_value(server.post(f"/{kind}/filter", {"limit": 200})) for kind in _KINDS]
            for server in (self, self.reference)
        ]
        ids = [{row["id"] for rows in told for row in _rows(rows)} for told in counts]
        self.alike = ids[0] == ids[1]

    def settle(self, flow: Mapping[str, Any]) -> None:
        """See by a flow that was made on the target whether both hold the same data."""
        told = self.reference.get(f"/flows/{flow.get('id')}")
        self.same_data = told.status in _SUCCESS

    @contextmanager
    def mirroring(self) -> Iterator[None]:
        """Compare what is sent in here."""
        self._mirroring = True
        try:
            yield
        finally:
            self._mirroring = False

    def send(
        self,
        method: str,
        path: str,
        *,
        json: Any = UNSET,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        use: Use = "given",
    ) -> Exchange:
        """As for any target; the exchange is that of the target."""
        here = super().send(method, path, json=json, content=content, headers=headers, use=use)
        if not self._mirroring:
            return here
        if self.same_data and may_change(method.upper(), path):
            self.unjudged(SHARED)
            return here
        content, headers = as_sent(json, content, headers)
        there = self.reference.send(
            method,
            self._translated(path),
            content=None if content is None else self._translated_bytes(content),
            headers=headers,
            use=use,
        )
        self._compare(here, there)
        return here

    def _translated(self, text: str) -> str:
        return text if self.same_data else self._sameness.translate(text)

    def _translated_bytes(self, content: bytes) -> bytes:
        try:
            return self._translated(content.decode()).encode()
        except UnicodeDecodeError:
            return content

    def _compare(self, here: Exchange, there: Exchange) -> None:
        if here.status == there.status and here.status in _SUCCESS and not self._comparable(here):
            self.unjudged(OTHERS)
            return
        found = self._differences(here, there)
        if not found:
            return
        parts = {one.part for one in found}
        places = sorted({one.kind for one in found})
        told = "; ".join(map(str, found[:_MOST])) + ("; ..." if len(found) > _MOST else "")
        self.report(
            Finding(
                rule=next(rule for part, rule in _RULES.items() if part in parts),
                operation=operations().name(here.method, here.path),
                message=f"differs from the reference in {', '.join(places[:_MOST])}",
                expected=clip(f"{there.status} {there.body[:600].decode('utf-8', 'replace')}", 600),
                got=clip(told, 900),
                exchange=here,
                cause=f"{here.status} {there.status} {' '.join(places)}",
                others=(there,),
            )
        )

    def _differences(self, here: Exchange, there: Exchange) -> list[Mismatch]:
        left, right = self._answer(here, self), self._answer(there, self.reference)
        found = self._sameness.differences(left, right)
        rows, others = _rows(_value(here)), _rows(_value(there))
        if not found or here.status != there.status or len(rows) != len(others) or not rows:
            return found
        # The order of what ties is open: the same objects in another order are the same, as long
        # as the names come in the same order.
        by_id = _is_by_id(here)
        names = [[row.get("name") for row in told] for told in (rows, others)]
        if names[0] != names[1] and not by_id:
            return found
        found = self._sameness.differences(left, right, unordered=True)
        cut = any(self._are_others(*pair) for pair in zip(rows, others, strict=True))
        is_part = by_id and len(rows) == _sent(here).get("limit", _DEFAULT_LIMIT)
        return [] if is_part or (cut and _by_name(here)) else found

    def _are_others(self, left: dict[str, Any], right: dict[str, Any]) -> bool:
        """Whether two rows are known to be of different objects: a window has cut a tie."""
        return self._sameness.translate(str(left["id"])) != str(right["id"])

    def _answer(self, exchange: Exchange, server: Target) -> Answer:
        shown = {
            name: exchange.headers[name].replace(server.base_url, "")
            for name in _SHOWN
            if name in exchange.headers
        }
        return Answer(exchange.status, shown, exchange.body)

    def _comparable(self, here: Exchange) -> bool:
        """Whether a search is about data that both have: all of it, or what the run has made."""
        if self.same_data or not _SEARCH.fullmatch(here.path):
            return True
        body = _sent(here)
        for kind in ("flow_runs", "task_runs"):
            like = _at(body, kind, "name", "like_")
            if like is not None and self._sameness.has_made_up_names:
                return False
        if self.alike:
            return True
        return any(self._all_known(body.get(kind)) for kind in ("flows", "deployments"))

    def _all_known(self, chosen: Any) -> bool:
        """Whether a filter holds a search to ids that have counterparts."""
        if not isinstance(chosen, dict) or chosen.get("operator", "and_") != "and_":
            return False
        ids = chosen["id"].get("any_") if isinstance(chosen.get("id"), dict) else None
        return isinstance(ids, list) and all(
            isinstance(one, str) and self._sameness.knows(one) for one in ids
        )


def _value(exchange: Exchange) -> Any:
    try:
        return exchange.json()
    except NotJson:
        return None


def _rows(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        value = value.get("results")
    rows = value if isinstance(value, list) else []
    return [row for row in rows if isinstance(row, dict) and "id" in row]


def _by_name(exchange: Exchange) -> bool:
    """Whether a search of deployments is sorted by names, which can tie."""
    return str(_sent(exchange).get("sort") or "NAME_ASC").startswith("NAME")


def _is_by_id(exchange: Exchange) -> bool:
    """Whether a search of runs is sorted by ids: in another order on each server."""
    by_id = str(_sent(exchange).get("sort") or "ID_DESC").startswith("ID")
    return by_id and _RUNS.fullmatch(exchange.path) is not None


def _at(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _sent(exchange: Exchange) -> dict[str, Any]:
    try:
        body = exchange.sent_json()
    except (NotJson, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}
