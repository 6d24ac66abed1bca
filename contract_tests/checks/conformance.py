"""Sends what Schemathesis makes of an operation, aimed at our own data, and judges the answers."""

from __future__ import annotations

import copy
from itertools import islice
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from contract_tests.cases.constraint_breaking import Case
from contract_tests.checks.fence import BULK_DELETION, fenced
from contract_tests.rules.refusal import accepted
from contract_tests.rules.shape import finding, summary
from contract_tests.transport.target import UNSET, encode, may_change

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from random import Random

    from contract_tests.asking.actor import Actor
    from contract_tests.cases.schemathesis_bridge import Generated
    from contract_tests.data.ground import Ground
    from contract_tests.spec.contract import Contract

_ERROR: Final = 400
# Of a list of values, so many are replaced by ones that the target has.
_KNOWN_SHARE: Final = 0.7
_FUZZED_SHARE: Final = 0.4
_FRESH_AFTER: Final = 20
_LARGEST_STORED: Final = 2**63 - 1
_LARGEST_FLOAT: Final = float(2**63 - 2**10)  # the last one before 2**63
_OPERATORS: Final = frozenset({"any_", "all_", "not_any_", "startswith_"})
_FILTERS: Final = {
    "flows": "flows",
    "flow_runs": "flow_runs",
    "task_runs": "task_runs",
    "deployments": "deployments",
    "work_pools": "work_pools",
    "work_pool_queues": "work_queues",
    "work_queues": "work_queues",
}


class Words:
    """Values that the target's data has, by filter and criterion.

    Args:
        records: the data set's rows by kind.
        random: for choosing.
    """

    def __init__(self, records: Mapping[str, Sequence[Mapping[str, Any]]], random: Random) -> None:
        self._records = records
        self._random = random

    def known(self, filter_name: str, criterion: str) -> list[Any]:
        """The distinct values, in a stable order."""
        kind, field = _FILTERS[filter_name], criterion
        if criterion.endswith("_id") and criterion != "id":
            kind, field = criterion.removesuffix("_id") + "s", "id"
        found: list[Any] = []
        for row in self._records.get(kind, ()):
            value = row.get(field)
            found += value if isinstance(value, list) else [value]
        return [v for v in dict.fromkeys(map(_hashable, found)) if isinstance(v, str)]

    def put(self, body: Any) -> Any:
        """A copy of a body in which values of filters are ones that the target has, mostly."""
        if not isinstance(body, dict):
            return body
        copied = copy.deepcopy(body)
        for name in [name for name in _FILTERS if name in copied]:
            if isinstance(copied[name], dict):
                for criterion, value in copied[name].items():
                    self._fill(name, criterion, value)
        return copied

    def _fill(self, name: str, criterion: str, value: Any) -> None:
        if not isinstance(value, dict):
            return
        known: list[Any] | None = None
        for operator, wanted in value.items():
            if isinstance(wanted, dict):
                self._fill(name, operator, wanted)
            elif operator in _OPERATORS and isinstance(wanted, list):
                known = self.known(name, criterion) if known is None else known
                value[operator] = [self._one(item, known) for item in wanted]

    def _one(self, item: Any, known: list[Any]) -> Any:
        if known and isinstance(item, str) and self._random.random() < _KNOWN_SHARE:
            return self._random.choice(known)
        return item


def _hashable(value: Any) -> Any:
    return value if isinstance(value, str) else None


class Conformance:
    """One operation's conformance.

    Args:
        actor: sends and collects.
        ground: objects to aim at.
        contract: of the operation.
        random: for choosing among the cases.
    """

    def __init__(self, actor: Actor, ground: Ground, contract: Contract, random: Random) -> None:
        self._actor = actor
        self._ground = ground
        self._contract = contract
        self._random = random
        self._operation = contract.operation
        self._changes = may_change(self._operation.method, self._operation.path)
        self._words = Words(actor.session.dataset.records, random)
        self._schema = actor.spec.body_schema(contract)
        self._place: Mapping[str, str] | None = None

    def run(self) -> None:
        """Send examples, coverage and fuzzing, as many as the profile asks for."""
        for number, generated in enumerate(self._cases()):
            if self._changes and number % _FRESH_AFTER == 0:
                self._place = None  # what collects much becomes slow
            self._try(generated)

    def _cases(self) -> Iterator[Generated]:
        from contract_tests.cases.schemathesis_bridge import bridge_for  # noqa: PLC0415 - slow

        profile = self._actor.session.profile
        bridge = bridge_for(self._actor.session.target.version)
        name = self._operation.id
        core = self._operation.core
        quick = profile.name == "quick"
        if not quick:  # completing an example costs more than sending fifty cases
            yield from bridge.examples(name)
        fuzzed = profile.conformance_examples if core else profile.conformance_examples // 6
        share = 4 * profile.conformance_examples if core else 4 + profile.conformance_examples // 3
        # Making a case costs as much as sending it: of very many, the rest is left for larger runs.
        coverage = list(islice(bridge.coverage(name), share * 8))
        yield from self._random.sample(coverage, min(share, len(coverage)))
        # Drawing costs more than sending: a quick run does it for some, others by another seed.
        if not quick or (core and self._random.random() < _FUZZED_SHARE):
            for valid in (True, False):
                yield from bridge.fuzzing(
                    name,
                    valid=valid,
                    examples=fuzzed,
                    seed=self._actor.session.seed_for(f"conformance/{name}/{valid}"),
                )

    def _try(self, generated: Generated) -> None:
        body = generated.body
        if body is not UNSET:
            body = self._aimed(self._words.put(body))
            if body is UNSET:
                return
        elif self._operation.id == BULK_DELETION:
            return  # without a filter it deletes what it finds
        if self._place is None or self._operation.method == "DELETE":
            self._place = self._ground.place(self._contract)
        headers = {
            key: value for key, value in generated.headers.items() if _can_be_sent(key, value)
        }
        content = generated.content if body is UNSET else encode(body)
        if content is not None:
            headers["content-type"] = "application/json"
        exchange = self._actor.call(
            self._operation.id,
            content=content,
            headers=headers,
            at=self._place,
            query=urlencode(generated.query, doseq=True),
        )
        if generated.content is None and body is not UNSET and self._are_fine(headers):
            self._judge(body, exchange, generated.phase)

    def _judge(self, body: Any, exchange: Any, phase: str) -> None:
        verdict = self._actor.spec.readings.verdict(self._schema, body)
        case = Case((), f"{phase} data", body, phase)
        if verdict == "accept":
            breaches = accepted(self._contract, case, exchange, rules_of_its_own=self._changes)
            for breach in breaches:
                self._actor.judge(breach)
        elif verdict == "refuse" and 0 < exchange.status < _ERROR:
            self._actor.judge(
                finding(
                    "refusal.accepted",
                    self._operation,
                    exchange,
                    "a body that breaks the contract is accepted",
                    expected="422",
                    got=summary(exchange),
                    spec=self._contract.body_pointer,
                    cause=phase,
                )
            )

    def _are_fine(self, headers: Mapping[str, str]) -> bool:
        """Whether every declared header keeps its schema."""
        sent = {name.lower(): value for name, value in headers.items()}
        for parameter in self._contract.parameters:
            value = sent.get(parameter["name"].lower())
            if parameter["in"] != "header" or value is None:
                continue
            if not self._actor.spec.readings.valid(parameter["schema"], value):
                return False
        return True

    def _aimed(self, body: Any) -> Any:
        """The body made harmless: about our own objects, few rows. UNSET when it cannot be."""
        if self._operation.id == BULK_DELETION:
            safe = fenced(self._schema, body, self._actor.spec.readings)
            return UNSET if safe is None else safe
        if self._changes:
            body = within_64_bits(body)
        for item in body if isinstance(body, list) else [body]:
            if isinstance(item, dict):
                self._aim(item)
        return body

    def _aim(self, item: dict[str, Any]) -> None:
        limit = item.get("limit", 200)
        if not self._changes and isinstance(limit, int) and limit > 0 and self._takes("limit"):
            item["limit"] = min(limit, self._actor.session.profile.rows)
        if not self._changes:
            return
        if item.get("concurrency_limit") is not None:
            item.pop("global_concurrency_limit_id", None)  # the one excludes the other
        if isinstance(item.get("flow_id"), str):
            item["flow_id"] = self._ground.shared("flows")["id"]
        if isinstance(item.get("name"), str) and not self._operation.path.startswith(
            "/deployments/"
        ):
            # What has no flow around it would meet things of others by its name.
            item["name"] = self._ground.actor.variable_name("fuzz")
        if isinstance(item.get("work_queue_name"), str) and self._takes("work_pool_name"):
            item["work_pool_name"] = self._ground.shared("work_pools")["name"]
        for foreign in ("deployment_id", "deployment_ids", "flow_run_id", "work_pool_id"):
            if foreign in item:
                self._own(item, foreign)

    def _own(self, item: dict[str, Any], name: str) -> None:
        value = item[name]
        kind = {"deployment_ids": "deployments"}.get(name, name.removesuffix("_id") + "s")
        if isinstance(value, str):
            item[name] = self._ground.shared(kind)["id"]
        elif isinstance(value, list) and all(isinstance(one, str) for one in value):
            item[name] = [self._ground.shared(kind)["id"]] * min(1, len(value))

    def _takes(self, name: str) -> bool:
        schema = self._contract.body_schema or {}
        if schema.get("type") == "array":
            schema = self._contract.follow(schema["items"])[1]
        return name in schema.get("properties", {})


def within_64_bits(value: Any) -> Any:
    """A copy of a body with every number cut to what a server can read back.

    A released server stores a longer one, answers 500, and from then on answers 500 to every
    listing that the object is in; nothing tells the id by which it could be removed. A database may
    turn a float such as 1e200 into an integer of all its digits.
    """
    if isinstance(value, dict):
        return {key: within_64_bits(item) for key, item in value.items()}
    if isinstance(value, list):
        return [within_64_bits(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return max(-_LARGEST_STORED, min(value, _LARGEST_STORED))
    if isinstance(value, float):
        return max(-_LARGEST_FLOAT, min(value, _LARGEST_FLOAT))
    return value


def _can_be_sent(name: str, value: str) -> bool:
    """Whether HTTP lets a header through at all."""
    return (
        name.replace("-", "").replace("_", "").isalnum()
        and name.isascii()
        and value.isascii()
        and value.isprintable()
        and value == value.strip()
    )
