"""Each constraint of a request schema as a body that keeps it and one that breaks it, sent."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from contract_tests.cases.constraint_breaking import UNKNOWN_KEY, Breaker, Case, dotted
from contract_tests.known.known import Known, view
from contract_tests.rules.refusal import errors
from contract_tests.spec.contract import Contract, lookup
from contract_tests.spec.version import spec_for
from contract_tests.transport.exchange import Exchange
from tests.real_server.process import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SPEC = spec_for(None)
GOOD = (200, 201, 204)
BUSY = 503  # what a released server answers while its database is locked: ask again
NOBODY = "00000000-0000-4000-8000-000000000000"
DEEPEST = 9
HOURLY = {"interval": 3600}
# From here on a released server fails where it should refuse: what it cannot store, and stretches
# of seconds that it cannot reckon with.
TOO_LARGE = 86_400_000_000_000

ASSERTIONS = frozenset(
    {"type", "enum", "const", "pattern", "format", "multipleOf", "uniqueItems"}
    | {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}
    | {"minLength", "maxLength", "minItems", "maxItems"}
)

# Bodies that keep the schema and name something that is not there: the field, and the answer.
NOT_THERE: Mapping[str, tuple[int, ...]] = {
    "flow_id": (409,),
    "global_concurrency_limit_id": (404,),
    "concurrency_limit_id": (404,),
    "work_pool_name": (404, 500),
    "storage_document_id": (409,),
    "infrastructure_document_id": (409,),
    "parent_task_run_id": (409,),
    "flow_run_id": (409,),
    "deployment_id": (409,),
    "default_queue_id": (404, 409),
    "work_queue_id": (409,),
}

# What the schema admits and the server refuses for a rule that no schema states: operation and
# field, the answer, and the rule.
OTHER_RULES: Mapping[tuple[str, str], tuple[int, str]] = {
    ("update_deployment", "parameters"): (409, "null passes the check and cannot be stored"),
    ("update_deployment", "enforce_parameter_schema"): (409, "null passes and cannot be stored"),
    ("read_events", "text"): (500, "no event can be searched on SQLite"),
    ("read_events", "query"): (500, "no event can be searched on SQLite"),
    ("read_logs", "text"): (500, "no log can be searched on SQLite"),
    ("read_logs", "query"): (500, "no log can be searched on SQLite"),
    ("create_automation", "triggers"): (422, "ours does not describe the keys of nested parts"),
}

# What the schema refuses and the server fails at: operation and place, and why.
FAILS: Mapping[tuple[str, str], str] = {
    ("create_block_document", "the body"): "its name is looked for before the body is checked",
}


def constraints(contract: Contract) -> Iterator[tuple[tuple[Any, ...], str]]:
    """All constraints of a body: where, and the keyword."""
    assert contract.body_pointer is not None
    yield from _constraints(lookup(SPEC.view, contract.body_pointer), (), 0)


def _constraints(
    schema: Mapping[str, Any], path: tuple[Any, ...], depth: int
) -> Iterator[tuple[tuple[Any, ...], str]]:
    if depth > DEEPEST:
        return
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        yield from _constraints(SPEC.view["components"]["schemas"][name], path, depth)
        return
    yield from ((path, keyword) for keyword in schema if keyword in ASSERTIONS)
    yield from (((*path, name), "required") for name in schema.get("required", ()))
    if schema.get("additionalProperties") is False and "properties" in schema:
        yield (*path, UNKNOWN_KEY), "additionalProperties"
    for keyword in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(keyword, ()):
            yield from _constraints(part, path, depth + 1)
    for name, part in schema.get("properties", {}).items():
        yield from _constraints(part, (*path, name), depth + 1)
    for keyword, step in (("items", 0), ("additionalProperties", "key")):
        if isinstance(schema.get(keyword), dict):
            yield from _constraints(schema[keyword], (*path, step), depth + 1)


def _holds(value: Any, bound: float) -> bool:
    """Whether a number is in it that is that large."""
    if isinstance(value, dict):
        return any(_holds(item, bound) for item in value.values())
    if isinstance(value, list):
        return any(_holds(item, bound) for item in value)
    return isinstance(value, (int, float)) and abs(value) >= bound


def _is_told(exchange: Exchange) -> bool:
    """Whether a rule is told about what is stored, or about several fields: no schema states it.

    Where a value may have one of several shapes, the rule of one stands beside what is told
    of the others: those whose `type` it is not.
    """
    listed = errors(exchange)
    if listed is None:
        return exchange.status in (400, 403, 404, 409)
    elsewhere = {
        tuple(error["loc"][:-1])
        for error in listed
        if error.get("type") == "literal_error" and error["loc"][-1] == "type"
    }
    others = [error for error in listed if error.get("type") != "value_error"]
    return len(others) < len(listed) and all(
        tuple(error["loc"][:-1]) in elsewhere for error in others
    )


@dataclass(frozen=True)
class Disagreement:
    """A body that the server takes otherwise than the schema says."""

    operation: str
    kind: str
    case: Case
    status: int
    answer: str

    def __str__(self) -> str:
        place, keyword = dotted(self.case.path), self.case.keyword
        return f"{self.operation} {self.kind} {place}: {keyword} -> {self.status} {self.answer}"


class Truth:
    """Asks one server, with objects made for it."""

    def __init__(self, base_url: str, version: str | None = "3.8.8") -> None:
        # No connection is kept: a real server closes it after a 500.
        self._client = httpx.Client(
            base_url=base_url,
            timeout=PATIENCE,
            trust_env=False,
            headers={"content-type": "application/json"},
        )
        self._base = base_url
        self._known = Known.load(version)
        self._mark = uuid.uuid4().hex
        self.asked = 0
        flow = self._made("/flows/", {"name": self._mark})
        pool = self._made("/work_pools/", {"name": self._mark, "type": "process"})
        block = self._made("/block_types/", {"name": self._mark, "slug": self._mark})
        of = {"block_type_id": block["id"], "fields": {"title": self._mark}}
        schema = self._made("/block_schemas/", of)
        self._shared = {
            "flow": flow["id"],
            "pool": pool["name"],
            "block_type": block["id"],
            "block_schema": schema["id"],
        }

    def close(self) -> None:
        self._client.close()

    def _made(self, path: str, body: Any) -> Any:
        answer = self._client.post(path, json=body)
        while answer.status_code == BUSY:
            answer = self._client.post(path, json=body)
        return answer.raise_for_status().json()

    def _deployment(self) -> dict[str, Any]:
        body = {
            "name": uuid.uuid4().hex,
            "flow_id": self._shared["flow"],
            "work_pool_name": self._shared["pool"],
            "paused": True,
            "enforce_parameter_schema": False,
            "schedules": [{"schedule": HOURLY, "active": False}],
        }
        made: dict[str, Any] = self._made("/deployments/", body)
        return made

    def _object(self, family: list[str]) -> dict[str, Any]:
        """An object that the paths of a family lead to."""
        name = uuid.uuid4().hex
        kind = "queues" if "queues" in family or family[0] == "work_queues" else family[0]
        if kind == "deployments":
            return self._deployment()
        queues = f"/work_pools/{self._shared['pool']}/queues"
        kinds: dict[str, tuple[str, dict[str, Any]]] = {
            "queues": (queues, {"name": name}),
            "flows": ("/flows/", {"name": name}),
            "flow_runs": ("/flow_runs/", {"flow_id": self._shared["flow"]}),
            "work_pools": ("/work_pools/", {"name": name, "type": "process"}),
            "variables": ("/variables/", {"name": name, "value": 1}),
            "v2": ("/v2/concurrency_limits/", {"name": name, "limit": 1}),
            "block_types": ("/block_types/", {"name": name, "slug": name}),
        }
        if kind == "block_documents":
            of = self._made("/block_types/", {"name": name, "slug": name})["id"]
            schema = self._made("/block_schemas/", {"block_type_id": of, "fields": {"title": name}})
            body = {"name": name, "block_type_id": of, "block_schema_id": schema["id"]}
            kinds[kind] = ("/block_documents/", body)
        # A family without an entry has no operation with a body on one of its objects.
        path, body = kinds[kind]
        made: dict[str, Any] = self._made(path, body)
        return made

    def path(self, contract: Contract) -> str:
        """The path of an operation, to an object of its own."""
        path = contract.operation.path
        if "{" not in path:
            return path
        family = path.split("/")[1:]
        made = self._object(family)
        schedule = (made.get("schedules") or [{}])[0]
        names = {
            "{id}": made.get("id"),
            "{id_or_name}": made.get("id"),
            "{name}": made.get("name"),
            "{work_pool_name}": self._shared["pool"] if "queues" in family else made.get("name"),
            "{schedule_id}": schedule.get("id"),
        }
        if contract.operation.id.endswith("work_pool_queues") or path.endswith("/queues"):
            names["{work_pool_name}"] = self._shared["pool"]
        for parameter, value in names.items():
            path = path.replace(parameter, str(value))
        return path

    def hints(self) -> dict[str, Any]:
        """Values for required fields, so that bodies are about objects made for it."""
        return {
            "flow_id": self._shared["flow"],
            "schedule": HOURLY,
            "name": self._mark,
            "deployment_ids": [NOBODY],
            "block_type_id": self._shared["block_type"],
            "block_schema_id": self._shared["block_schema"],
        }

    def _named_anew(self, body: Any) -> Any:
        """The body with a name that nothing has yet, where it has the one that was hinted."""
        if isinstance(body, dict) and body.get("name") == self._mark:
            return {**body, "name": uuid.uuid4().hex}
        return body

    def send(self, contract: Contract, path: str, body: Any) -> Exchange:
        """The exchange of one body."""
        properties = (contract.body_schema or {}).get("properties", {})
        # A page of nothing: rows are what a server's time goes to.
        if isinstance(body, dict) and "limit" in properties and path.endswith(("filter", "nate")):
            body = {"limit": 0, **body}
        if not contract.operation.core:
            body = self._named_anew(body)
        method = contract.operation.method
        data = None if contract.body_pointer is None else json.dumps(body).encode()
        try:
            answer = self._client.request(method, path, content=data)
        except httpx.TransportError:  # closed after a 500
            answer = self._client.request(method, path, content=data)
        self.asked += 1
        return Exchange(
            method=method,
            url=str(answer.request.url),
            request_headers=dict(answer.request.headers),
            request_body=data,
            status=answer.status_code,
            headers=dict(answer.headers),
            body=answer.content,
            base_url=self._base,
        )

    def _is_listed(self, contract: Contract, kind: str, case: Case, exchange: Exchange) -> bool:
        """Whether it is known that the server answers so."""
        operation, status = contract.operation.id, exchange.status
        seen = view(exchange)
        if any(
            entry.status in (None, status) and entry.triggered_by(operation, seen)
            for entry in self._known.entries
        ):
            return True
        if kind == "breach" and status == 500:
            return (operation, dotted(case.path)) in FAILS or _holds(case.body, TOO_LARGE)
        if kind == "edge":
            fields = [part for part in case.path if isinstance(part, str)]
            rules = [OTHER_RULES.get((operation, field)) for field in fields]
            if any(rule is not None and status == rule[0] for rule in rules):
                return True
            if not contract.operation.core:
                return _is_told(exchange)
            return bool(fields) and status in NOT_THERE.get(fields[-1], ())
        # Counted by the server itself, and told by a sentence.
        return status == 400 and not case.path and case.keyword == "maxItems"

    def disagreements(
        self, contract: Contract, *, every: bool, without: frozenset[str] = frozenset()
    ) -> Iterator[Disagreement]:
        """Send the bodies of one operation.

        Args:
            contract: The operation.
            every: All bodies, instead of one of each kind for each constraint.
            without: Fields of the body whose inside is left out.
        """
        assert contract.body_pointer is not None
        schema = lookup(SPEC.view, contract.body_pointer)
        breaker = Breaker(SPEC.readings, self.hints())
        path = self.path(contract)
        for kind, cases in (("breach", breaker.breaches(schema)), ("edge", breaker.edges(schema))):
            seen: set[Any] = set()
            for case in cases:
                key = (case.path, case.keyword)
                if (key in seen and not every) or not without.isdisjoint(case.path):
                    continue
                seen.add(key)
                exchange = self.send(contract, path, case.body)
                right = exchange.status in GOOD if kind == "edge" else exchange.status == 422
                if not right and not self._is_listed(contract, kind, case, exchange):
                    text = exchange.body.decode(errors="replace")[:300]
                    yield Disagreement(contract.operation.id, kind, case, exchange.status, text)
