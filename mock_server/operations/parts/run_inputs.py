"""What is kept for a flow run by key, and what a paused run waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from mock_server.operations.parts.records_and_bodies import newborn
from mock_server.parameters.hydration import HydrationError, hydrate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mock_server.store import Store
    from mock_server.store.tables import Record


class InputRefusedError(Exception):
    """A run does not go on with this input; the message says why, in the server's words."""


def keep(store: Store, run: str, *, key: str, value: str, sender: str | None = None) -> None:
    """Keep a text for a run.

    Raises:
        DuplicateKey: there is one under this key.
    """
    fields: dict[str, Any] = {"flow_run_id": run, "key": key, "value": value, "sender": sender}
    store.insert("flow_run_inputs", {**newborn(store), **fields})


def checked(store: Store, run: Record, given: Mapping[str, Any]) -> dict[str, Any]:
    """The input of a paused run, with what stands for values replaced by them.

    It is held against the schema that the run keeps under the key that its pause names.

    Raises:
        InputRefusedError: it does not fit, or there is no schema.
    """
    from mock_server.parameters.validation import (  # noqa: PLC0415 - jsonschema is slow to load
        CircularSchema,
        SchemaInvalid,
        ValuesInvalid,
        validate_parameters,
    )

    variables = {record["name"]: record["value"] for record in store.all("variables")}
    try:
        values = hydrate(given, variables=variables)
    except HydrationError as error:
        raise InputRefusedError(f"Error hydrating run input: {error}") from error
    try:
        validate_parameters(values, _schema(store, run), required=True)
    except CircularSchema as error:
        raise InputRefusedError(str(error)) from error
    except (ValuesInvalid, SchemaInvalid) as error:
        raise InputRefusedError(f"Reason: {error}") from error
    return values


def _schema(store: Store, run: Record) -> dict[str, Any]:
    key = run["state"]["state_details"]["run_input_keyset"].get("schema")
    record = store.find("flow_run_inputs", flow_run_id=run["id"], key=key)
    if record is None:
        raise InputRefusedError("Run input schema not found.")
    try:
        schema = orjson.loads(record["value"])
    except orjson.JSONDecodeError:
        schema = None
    if not isinstance(schema, dict):
        raise InputRefusedError("Run input schema is not valid JSON.")
    return schema
