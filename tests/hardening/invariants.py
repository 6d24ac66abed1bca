"""What holds of any state of the mock, whatever was asked of it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from mock_server.store.tables import KINDS

if TYPE_CHECKING:
    from mock_server.store import Store
    from mock_server.store.tables import Table


def broken(store: Store) -> list[str]:
    """What is wrong with a state: doubles, orphans, gaps, indexes that went astray."""
    found: list[str] = []
    for table in store.tables.values():
        found += [f"{table.name}: {fault}" for fault in _of_records(store, table)]
        found += [f"{table.name}: {fault}" for fault in _of_indexes(table)]
    return found


def _of_records(store: Store, table: Table) -> list[str]:
    kind = KINDS[table.name]
    faults = [f"{key} holds {row['id']}" for key, row in table.records.items() if row["id"] != key]
    for fields in kind.unique:
        keys = Counter(tuple(row[name] for name in fields) for row in table)
        faults += [f"{key} twice" for key, number in keys.items() if number > 1 and None not in key]
    for row in table:
        faults += [f"{row['id']} has no {name}" for name in kind.required if row[name] is None]
        for reference in kind.references:
            target = row[reference.field]
            if reference.on_delete == "keep" or target is None:
                continue
            if target not in store.tables[reference.kind].records:
                faults.append(f"{row['id']} is an orphan of {reference.kind} {target}")
    return faults


def _of_indexes(table: Table) -> list[str]:
    faults: list[str] = []
    if table.records.keys() != table.places.keys():
        faults.append("records and places differ")
    elif sorted(table.places, key=table.places.__getitem__) != list(table.records):
        faults.append("records are not in the order of their places")
    for fields in table.kind.unique:
        for row in table:
            key = tuple(row[name] for name in fields)
            if None not in key and table.find(fields, key) is not row:
                faults.append(f"{key} is not found")
    for name in table.kind.indexed:
        scanned: dict[Any, list[Any]] = {}
        for row in table:
            if row[name] is not None:
                scanned.setdefault(row[name], []).append(row)
        if {value: table.group(name, value) for value in table.values(name)} != scanned:
            faults.append(f"groups by {name} differ from a scan")
    return faults
