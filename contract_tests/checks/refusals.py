"""Sends what a server must refuse, and what lies just within the contract."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from contract_tests.asking.actor import NOBODY, NOT_FOUND, UNPROCESSABLE, steady, value_of
from contract_tests.cases.constraint_breaking import Breaker, Case
from contract_tests.checks.fence import BULK_DELETION, fenced
from contract_tests.rules.refusal import BAD_REQUEST, accepted, errors, refused
from contract_tests.rules.shape import finding, summary
from contract_tests.spec.contract import lookup
from contract_tests.transport.exchange import NotJson
from contract_tests.transport.target import UNSET, may_change

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from random import Random

    from contract_tests.asking.actor import Actor, Record
    from contract_tests.data.ground import Ground
    from contract_tests.spec.contract import Contract
    from contract_tests.transport.exchange import Exchange

_NOT_ALLOWED: Final = 405
_LOSES_THE_BODY: Final = frozenset({301, 302, 303})
_FAR_PAGE: Final = 1_000_000
_SUPPORTING_SHARE: Final = 0.1
# Their contract says so: what they are asked about need not exist.
_NEEDS_NOTHING: Final = frozenset(
    {"schedule_deployment", "read_automations_related_to_resource"}
    | {"delete_automations_owned_by_resource"}
)
_BAD_IDS: Final = ("not-an-id", "3c90c3cc-0d44-4b50-8888", "0", "%00", "{id}", "é")
_TWO_VALUES: Final = b"{} {}"
_MALFORMED: Final = (b"{", b'{"limit": }', b'{"a": 1,}', b"nul", b"[1, 2", b"{'limit': 1}")


class Refusals:
    """One operation's refusals.

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
        self._place = ground.place(contract)
        self._schema = actor.spec.body_schema(contract)

    @property
    def _changes(self) -> bool:
        return may_change(self._operation.method, self._operation.path)

    def constraints(self) -> None:
        """Break each constraint of the body, one at a time; keep to the edges of the others."""
        if self._schema is None:
            return
        breaker = Breaker(self._actor.spec.readings, self._ground.hints(self._contract))
        before = self._state()
        taken = False
        for case in self._chosen(breaker.breaches(self._schema)):
            exchange = self._send(case.body)
            taken = taken or exchange.status < BAD_REQUEST
            sentence = self._is_told_by_a_sentence(case)
            for breach in refused(self._contract, case, exchange, sentence=sentence):
                self._actor.judge(breach)
        if not taken:  # what was taken may change things, and is told already
            self._unchanged(before)
        if self._operation.core or not self._changes:
            # What is accepted costs a server that stores it much more than what is refused.
            share = 0.4 if self._changes else 1
            for case in self._chosen(breaker.edges(self._schema), share):
                self._edge(case)

    def _edge(self, case: Case) -> None:
        exchange = self._send(self._companions(case.body))
        own_rules = self._changes and not self._is_told_by_a_sentence(case)
        for breach in accepted(self._contract, case, exchange, rules_of_its_own=own_rules):
            self._actor.judge(breach)

    def _send(self, body: Any) -> Exchange:
        return self._actor.call(self._operation.id, json=self._small(body), at=self._place)

    def _small(self, body: Any) -> Any:
        """The body with few rows asked for: each costs the server more than all the rest."""
        properties = (self._contract.body_schema or {}).get("properties", {})
        if isinstance(body, dict) and not self._changes and "limit" in properties:
            # Older servers fail on pages of no rows; a page far beyond the end has none either.
            few = {"limit": 1, "page": _FAR_PAGE} if "page" in properties else {"limit": 0}
            return {**few, **body}
        return body

    def _companions(self, body: Any) -> Any:
        """The body with a pool of ours beside a queue; without one it would go to a shared pool."""
        for item in body if isinstance(body, list) else [body]:
            if isinstance(item, dict) and isinstance(item.get("work_queue_name"), str):
                known = lookup(self._actor.spec.document, self._contract.body_pointer or "")
                if "work_pool_name" in self._contract.follow(known)[1].get("properties", {}):
                    item["work_pool_name"] = self._ground.shared("work_pools")["name"]
        return body

    def _chosen(self, cases: Iterable[Case], part: float = 1) -> Iterator[Case]:
        """As many of the cases as the profile asks for, of each constraint at most one.

        The deepest profile takes all.
        """
        profile = self._actor.session.profile
        cases = list(self._safe(cases))
        if profile.name == "deep":
            yield from cases
            return
        groups: dict[tuple[Any, str], list[Case]] = {}
        for case in cases:
            groups.setdefault((case.path, case.keyword), []).append(case)
        share = profile.refusal_share * part
        # Fields at the top are few, and what matters most.
        top = min(1, part + share)
        if not self._operation.core:
            share, top = _SUPPORTING_SHARE * share, min(1, 2 * share)
        for (path, _), group in groups.items():
            if self._random.random() < (top if len(path) <= 1 else share):
                yield self._random.choice(group)

    def _safe(self, cases: Iterable[Case]) -> Iterator[Case]:
        """The cases by which nothing of others is lost, should the server accept the body."""
        if self._operation.id != BULK_DELETION:
            yield from cases
            return
        for case in cases:
            body = fenced(self._schema, case.body, self._actor.spec.readings)
            if body is not None:
                yield replace(case, body=body)

    def _is_told_by_a_sentence(self, case: Case) -> bool:
        """Whether the contract answers this constraint with a sentence instead of a list."""
        if len(case.path) != 1 or case.keyword in ("type", "nullable"):
            return False
        properties = (self._contract.body_schema or {}).get("properties", {})
        told = properties.get(case.path[0], {}).get("x-detail-error", False)
        return told is True or told == case.keyword

    def _state(self) -> Record:
        """What refusals must not change: counts, and the deployment that they were aimed at."""
        if not self._changes or self._actor.session.read_only:
            return {}
        flow = self._ground.shared("flows")["id"]
        mine = {"flows": {"id": {"any_": [flow]}}}
        state: Record = {
            kind: self._actor.count(f"count_{kind}", mine)[0]
            for kind in ("deployments", "flow_runs")
        }
        if self._operation.path.startswith("/deployments/{id}"):
            answer = self._actor.call("read_deployment", id=self._place["id"])
            record = value_of(answer)
            state["deployment"] = steady(record) if isinstance(record, dict) else None
        return state

    def _unchanged(self, before: Record) -> None:
        after = self._state()
        for name, value in before.items():
            if after.get(name) != value:
                self._actor.judge(
                    finding(
                        "refusal.changed",
                        self._operation,
                        self._actor.call("read_flow", id=self._ground.shared("flows")["id"]),
                        f"refused requests have changed the {name}",
                        expected=str(value),
                        got=str(after.get(name)),
                        cause=name,
                    )
                )

    def headers(self) -> None:
        """Headers that break their schema are refused; the right ones are not."""
        for parameter in self._contract.parameters:
            if parameter["in"] != "header":
                continue
            name = parameter["name"]
            schema = lookup(self._actor.spec.view, self._schema_of(name))
            breaker = Breaker(self._actor.spec.readings)
            body = UNSET if self._schema is None else self._sample()
            for case in self._one_each(breaker.breaches(schema), str):
                exchange = self._actor.call(
                    self._operation.id, json=body, headers={name: case.body}, at=self._place
                )
                self._actor.status(
                    exchange,
                    BAD_REQUEST,
                    UNPROCESSABLE,
                    rule="refusal.header",
                    when=f"a header {name} that breaks its schema",
                )

    def _schema_of(self, header: str) -> str:
        """Where the schema of a header stands in the bundle."""
        document = self._actor.spec.document
        listed = (
            *(
                (f"#/paths/{self._escaped}/parameters/{n}", p)
                for n, p in enumerate(document["paths"][self._operation.path].get("parameters", ()))
            ),
            *(
                (f"{self._operation.pointer}/parameters/{n}", p)
                for n, p in enumerate(self._contract.definition.get("parameters", ()))
            ),
        )
        for place, raw in listed:
            pointer, parameter = self._contract.follow(raw, place)
            if parameter["in"] == "header" and parameter["name"] == header:
                return f"{pointer}/schema"
        raise KeyError(header)

    @property
    def _escaped(self) -> str:
        return self._operation.pointer.split("/")[2]

    def _sample(self) -> Any:
        assert self._schema is not None
        hints = self._ground.hints(self._contract)
        if self._operation.id == BULK_DELETION:
            return {"deployments": {"id": {"any_": [NOBODY]}}}
        return self._small(Breaker(self._actor.spec.readings, hints).sample(self._schema))

    def _one_each(self, cases: Iterable[Case], kind: type) -> Iterator[Case]:
        by_keyword: dict[str, list[Case]] = {}
        for case in cases:
            if isinstance(case.body, kind) and str(case.body).isascii():
                by_keyword.setdefault(case.keyword, []).append(case)
        for group in by_keyword.values():
            yield self._random.choice(group)

    def ids(self) -> None:
        """Ids that nothing has, and what is no id, are answered with 404."""
        if not self._place:
            return
        body = UNSET if self._schema is None else self._sample()
        uuids = [
            parameter["name"]
            for parameter in self._contract.parameters
            if parameter["in"] == "path" and parameter.get("schema", {}).get("format") == "uuid"
        ]
        needed = () if self._operation.id in _NEEDS_NOTHING else self._contract.path_names
        for name in needed:
            unknown = NOBODY if name in uuids else "no-such-thing-3f1d"
            answer = self._actor.call(
                self._operation.id, json=body, at={**self._place, name: unknown}
            )
            self._actor.status(
                answer, NOT_FOUND, rule="refusal.unknown-id", when=f"an unknown {name}"
            )
        for name in uuids:
            bad = self._random.choice(_BAD_IDS)
            answer = self._actor.call(self._operation.id, json=body, at={**self._place, name: bad})
            self._actor.status(
                answer, NOT_FOUND, rule="refusal.bad-id", when=f"a {name} that is no id"
            )

    def bodies(self) -> None:
        """Bodies that are no JSON, and none at all, are refused; harmless ones are not."""
        if self._schema is None:
            return
        counts = self._operation.path.endswith("/count")
        for content in (*self._random.sample(_MALFORMED, 2), *[_TWO_VALUES] * counts):
            answer = self._actor.call(
                self._operation.id,
                content=content,
                headers={"content-type": "application/json"},
                at=self._place,
            )
            if self._actor.status(
                answer, UNPROCESSABLE, rule="refusal.body", when="malformed JSON"
            ):
                self._listed(answer, "malformed JSON")
        answer = self._actor.call(
            self._operation.id,
            content=b'{"name": "\xff\xfe"}',
            headers={"content-type": "application/json"},
            at=self._place,
        )
        self._actor.status(
            answer, BAD_REQUEST, UNPROCESSABLE, rule="refusal.body", when="a body that is no UTF-8"
        )
        self._empty()

    def _empty(self) -> None:
        if self._operation.id == BULK_DELETION:
            return  # without a filter it deletes what it finds
        for text, sent in (("no body", UNSET), ("the body null", None)):
            if self._contract.separate_fields and not self._is_demanding():
                if not self._changes:
                    self._takes_nothing(text, sent)
                continue
            answer = self._actor.call(self._operation.id, json=sent, at=self._place)
            if self._actor.status(answer, UNPROCESSABLE, rule="refusal.body", when=text):
                self._listed(answer, text)

    def _is_demanding(self) -> bool:
        return bool((self._contract.body_schema or {}).get("required"))

    def _takes_nothing(self, text: str, sent: Any) -> None:
        # A whole page of rows is dear: only the counts are asked without any limit.
        if not self._operation.path.endswith("/count"):
            return
        answer = self._actor.call(self._operation.id, json=sent, at=self._place)
        self._actor.status(answer, 200, rule="shape.acceptance", when=text)
        if sent is None:
            kind = {"content-type": "application/json; charset=utf-8"}
            answer = self._actor.call(self._operation.id, json={}, headers=kind)
            when = "a content type with a parameter"
            self._actor.status(answer, 200, rule="shape.acceptance", when=when)

    def _listed(self, answer: Exchange, when: str) -> None:
        listed = errors(answer)
        self._actor.expect(
            listed is not None and any(error.get("loc", [""])[:1] == ["body"] for error in listed),
            "refusal.envelope",
            answer,
            f"{when} is refused without naming the body",
            expected="an error at the body in `exception_detail`",
            got=summary(answer),
        )

    def methods(self) -> None:
        """Methods that the path does not have are answered with 405."""
        table = self._actor.session.operations
        path = self._contract.path(**self._place)
        for method in ("PUT", "PATCH", "DELETE"):
            if table.match(method, path) is not None:
                continue
            if self._actor.session.read_only and may_change(method, path):
                continue
            answer = self._actor.session.target.send(method, path)
            self._not_allowed(answer, method)
        if self._operation.id == "create_deployment":
            self._moved(self._actor.session.target.post(path.removesuffix("/"), {}))

    def _moved(self, answer: Exchange) -> None:
        """A client that follows these asks by GET, and sends no body."""
        if answer.status in _LOSES_THE_BODY:
            self._actor.judge(
                finding(
                    "refusal.moved",
                    self._operation,
                    answer,
                    f"a path without its last slash is redirected with {answer.status}",
                    expected="307, or another status that loses no body",
                    got=summary(answer),
                    cause=str(answer.status),
                )
            )

    def _not_allowed(self, answer: Exchange, method: str) -> None:
        detail = _detail(answer)
        told = answer.headers.get("allow", "").strip()
        if answer.status == _NOT_ALLOWED and detail is not None and told:
            return
        lacks = "" if told or answer.status != _NOT_ALLOWED else ", and no word on what is allowed"
        self._actor.judge(
            finding(
                "refusal.method",
                self._operation,
                answer,
                f"{method} is answered with {answer.status}{lacks}",
                expected='405 {"detail": "..."}, with a header `allow`',
                got=summary(answer),
                cause=f"{method} {answer.status}",
            )
        )


def _detail(answer: Exchange) -> str | None:
    try:
        body: Mapping[str, Any] = answer.json()
    except NotJson:
        return None
    detail = body.get("detail") if isinstance(body, dict) else None
    return detail if isinstance(detail, str) else None
