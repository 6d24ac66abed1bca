"""Behaviours as data: requests and what is answered to them, from the YAML files beside this one.

A file is a list of cases. A case has a name (`it`), at times what must be there first (`given`: the
body of a deployment to make, or of the flow, pool ... under their names), and a request with
its expectation, or several as `steps`:

    ask       METHOD /path
    json      the body; or `text`, sent as it is (with `type`, its content type; null for none),
              or `hex`, bytes
    headers   further ones of the request
    status    of the answer
    answer    its body, exactly; `has`, objects of it may have more keys; `lacks`, keys it has not
    detail    the sentence of `{"detail": ...}`, which is all of the body
    errors    of a refused request: [type, loc, msg, input, ctx], the last two may be left out
    echo      what `request_body` is besides `errors`, unless it is the JSON that was sent
    header    of the answer; null: not there
    differs   the id in `deliberate_differences.yaml` that says what each of both answers
    save      name: where it stands in the answer (`schedules.0.id`)
    eventually  true: the server does it in the background; asked again until it is so

`<name>` stands for what was saved under it or given, `<unique>` for a word that no other case has.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import mock_server
from openapi.yaml_loader import load_yaml
from tests.behaviours.matching import at, differences, filled

if TYPE_CHECKING:
    from tests.behaviours.client import Answer, Client

FOLDER: Final = Path(__file__).parent
JSON_TYPE: Final = "application/json"
REFUSED: Final = "Invalid request received."
PATIENCE: Final = 15.0
KEYS: Final = {
    *("it", "given", "steps", "ask", "json", "text", "type", "hex", "headers"),
    *("status", "answer", "has", "lacks", "detail", "errors", "echo", "header", "differs"),
    *("save", "eventually"),
}
DIFFERENCES: Final[dict[str, dict[str, Any]]] = {
    entry["id"]: entry
    for entry in load_yaml(Path(mock_server.__file__).with_name("deliberate_differences.yaml"))
}


def cases(name: str) -> list[dict[str, Any]]:
    """The cases of one file."""
    found: list[dict[str, Any]] = load_yaml(FOLDER / f"{name}.yaml")
    return found


@dataclass(slots=True)
class Play:
    """One case on one server."""

    client: Client
    known: dict[str, Any]
    is_real: bool
    _sent: Any = field(init=False, default=None)

    def case(self, case: dict[str, Any]) -> None:
        """Do what the case says and compare.

        Raises:
            AssertionError: something is answered otherwise.
        """
        steps = case.get("steps", [case])
        unknown = set().union(case, *steps) - KEYS
        assert not unknown, f"no such keys: {unknown}"
        try:
            for name, body in case.get("given", {}).items():
                self._give(name, body)
            for step in steps:
                self._step(step)
        finally:
            if any("differs" in step for step in steps):
                self._forget()

    def _forget(self) -> None:
        """A deployment that the released server cannot read back spoils every list of them."""
        mine = {"deployments": {"name": {"any_": [self.known["unique"]]}}}
        self.client.made("POST /deployments/bulk_delete", mine)

    def _give(self, name: str, body: Any) -> None:
        path, defaults = GIVEN[name.rstrip("0123456789")]
        sent = filled({**defaults, **(body or {})}, self.known)
        made = self.client.made(f"POST {path}", sent)
        self.known[name] = made["id"]
        self.known[f"{name}_name"] = made["name"]

    def _step(self, step: dict[str, Any]) -> None:
        deadline = time.monotonic() + (PATIENCE if step.get("eventually") else 0)
        while True:
            answer = self._send(step)
            wrong = list(self._wrong(step, answer))
            if not wrong or time.monotonic() >= deadline:
                break
            time.sleep(0.05)
        assert not wrong, "\n".join(
            [f"{step['ask']}: {answer.status} {answer.content[:2000]!r}", *wrong]
        )
        for name, pointer in step.get("save", {}).items():
            self.known[name] = at(answer.body, pointer)

    def _send(self, step: dict[str, Any]) -> Answer:
        method, _, path = filled(step["ask"], self.known).partition(" ")
        content: bytes | None = None
        headers = dict(step.get("headers", {}))
        self._sent = None
        if "json" in step:
            self._sent = filled(step["json"], self.known)
            content = json.dumps(self._sent).encode()
        elif "text" in step:
            content = filled(step["text"], self.known).encode()
            self._sent = step["text"]
        elif "hex" in step:
            content = bytes.fromhex(step["hex"])
        if content is not None and step.get("type", JSON_TYPE) is not None:
            headers["content-type"] = step.get("type", JSON_TYPE)
        return self.client.send(method, path, content, filled(headers, self.known))

    def _wrong(self, step: dict[str, Any], answer: Answer) -> list[str]:
        if "differs" in step and self._differs(step, answer) is not None:
            return self._differs(step, answer) or []
        expected = filled(step, self.known)
        found = []
        if answer.status != expected["status"]:
            found.append(f"status {answer.status} instead of {expected['status']}")
        if "answer" in expected:
            found += differences(expected["answer"], answer.body, part=False)
        if "has" in expected:
            found += differences(expected["has"], answer.body, part=True)
        found += [f"has {key!r}" for key in expected.get("lacks", []) if key in answer.body]
        if "detail" in expected:
            found += differences({"detail": expected["detail"]}, answer.body, part=False)
        if "errors" in expected:
            found += self._errors(expected, answer)
        for name, value in expected.get("header", {}).items():
            found += differences(value, answer.headers.get(name), part=False, where=name)
        return found

    def _differs(self, step: dict[str, Any], answer: Answer) -> list[str] | None:
        """What is wrong where both answer otherwise; None when it is to be compared in full."""
        entry = DIFFERENCES[step["differs"]]
        status = entry["real" if self.is_real else "ours"]
        if not self.is_real and "status" in step:
            assert step["status"] == status, "the step and the entry say different things"
            return None
        wrong = [] if answer.status == status else [f"status {answer.status} instead of {status}"]
        if answer.status == 500:
            said = {"exception_message": "Internal Server Error"}
            wrong += differences(said, answer.body, part=False)
        return wrong

    def _errors(self, expected: dict[str, Any], answer: Answer) -> list[str]:
        listed = []
        for error in expected["errors"]:
            named = dict(zip(("type", "loc", "msg", "input", "ctx"), error, strict=False))
            listed.append(named if "input" in named else {**named, "input": None})
        said = {
            "exception_message": REFUSED,
            "exception_detail": listed,
            "request_body": expected.get("echo", self._sent),
        }
        return list(differences(said, answer.body, part=False))


GIVEN: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "deployment": ("/deployments/", {"name": "<unique>", "flow_id": "<flow>"}),
    "own_flow": ("/flows/", {"name": "<unique>"}),
    "pool": ("/work_pools/", {"name": "<unique>", "type": "process"}),
    "limit": ("/v2/concurrency_limits/", {"name": "<unique>", "limit": 3}),
    "variable": ("/variables/", {"name": "<unique>", "value": 1}),
}
