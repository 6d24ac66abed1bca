"""The file that keeps the state: what is in it, who may open it, and what is refused."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from mock_server.fixtures import load_fixtures
from mock_server.persistence.record_bytes import packed, unpacked
from mock_server.persistence.state_file import APPLICATION_ID, VERSION, StateFile, StateFileError
from mock_server.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
def file(path: Path) -> Iterator[StateFile]:
    opened = StateFile(path)
    yield opened
    opened.close()


def filled() -> Store:
    store = Store(rng=random.Random(0))
    load_fixtures(store, "default")
    return store


def flow(store: Store, name: str) -> dict[str, Any]:
    now = store.now()
    record = {"id": store.new_id(), "created": now, "updated": now, "name": name, "tags": []}
    return store.insert("flows", {**record, "labels": {}})


def reopened(path: Path) -> Store:
    """What a new process would find."""
    store = Store()
    file = StateFile(path)
    assert not file.is_new
    file.load(store)
    file.close()
    return store


def rows(path: Path) -> int:
    with sqlite3.connect(path) as connection:
        return int(connection.execute("SELECT count(*) FROM records").fetchone()[0])


def test_everything_comes_back_in_its_order(file: StateFile, path: Path) -> None:
    store = filled()
    file.begin(store)
    file.close()
    again = reopened(path)
    for kind, table in store.tables.items():
        assert list(again.all(kind)) == list(table)
    assert again.group("deployments", flow_id=again.all("deployments")[0]["flow_id"])


def test_only_what_has_changed_is_written(file: StateFile, path: Path) -> None:
    store = filled()
    file.begin(store)
    written: list[str] = []
    file._connection.set_trace_callback(written.append)
    file.save(store)
    assert written == []
    made = flow(store, "new")
    store.update("flows", made["id"], name="newer")
    store.delete("variables", store.all("variables")[0]["id"])
    file.save(store)
    assert sum(statement.startswith(("INSERT", "DELETE")) for statement in written) == 2
    file.close()
    assert [list(reopened(path).all(kind)) for kind in store.tables] == [
        list(store.all(kind)) for kind in store.tables
    ]


def test_rollback_and_reset_are_written_too(file: StateFile, path: Path) -> None:
    store = filled()
    file.begin(store)
    before = store.snapshot()
    store.delete("flows", store.all("flows")[0]["id"])
    file.save(store)
    store.rollback(before)
    file.save(store)
    file.close()
    assert [list(reopened(path).all(kind)) for kind in store.tables] == [
        list(store.all(kind)) for kind in store.tables
    ]
    file = StateFile(path)
    file.load(store)
    store.reset()
    file.save(store)
    file.close()
    assert rows(path) == 0


def test_what_comes_after_a_restart_comes_last(file: StateFile, path: Path) -> None:
    store = Store()
    for name in "abc":
        flow(store, name)
    file.begin(store)
    store.delete("flows", store.all("flows")[0]["id"])
    file.save(store)
    file.close()
    for name in ("d", "e"):
        again = StateFile(path)
        store = Store()
        again.load(store)
        flow(store, name)
        again.save(store)
        again.close()
    assert [record["name"] for record in reopened(path).all("flows")] == ["b", "c", "d", "e"]


def test_a_seed_does_not_make_the_same_ids_once_more(file: StateFile, path: Path) -> None:
    store = Store(rng=random.Random(7))
    ids = [store.new_id()]
    file.begin(store)
    file.close()
    for _ in range(2):
        store = Store(rng=random.Random(7))
        again = StateFile(path)
        again.load(store)
        ids.append(store.new_id())
        again.close()
    assert len(set(ids)) == 3


@pytest.mark.parametrize(
    "value",
    [
        datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC),
        datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        {"\x00time": "2026-01-01"},
        {"\x00object": {"\x00time": datetime(2026, 1, 1, tzinfo=UTC)}, "more": 1},
        [1, 2.5, None, True, "\x00time", "é\u202e", {"": {"a": [{}]}}],
        10**30,
        {"a": [2**64, -(2**70)]},
        "1234567890123456789012345",
        1e300,
    ],
)
def test_each_value_comes_back_as_it_was(value: Any) -> None:
    assert unpacked(packed({"id": "x", "value": value})) == {"id": "x", "value": value}
    back = unpacked(packed({"value": value}))["value"]
    assert type(back) is type(value)
    if isinstance(value, datetime):
        assert back.utcoffset() == value.utcoffset()


def test_a_second_mock_is_refused_in_this_process_and_in_another(
    file: StateFile, path: Path
) -> None:
    file.begin(filled())
    with pytest.raises(StateFileError, match="in use by another mock: stop that one"):
        StateFile(path)
    module = "mock_server.persistence.state_file"
    code = f"import sys; from {module} import StateFile; StateFile(sys.argv[1])"
    told = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=False
    )
    assert "in use by another mock" in told.stderr
    file.close()
    assert reopened(path).all("flows")


def test_a_new_file_that_two_want_is_one_s(file: StateFile, path: Path) -> None:
    with pytest.raises(StateFileError, match="in use"):
        StateFile(path)
    file.begin(Store())
    assert not file.is_new


def test_what_was_never_begun_leaves_nothing(path: Path) -> None:
    StateFile(path).close()
    assert not path.exists()
    path.touch()
    StateFile(path).close()
    assert path.read_bytes() == b""


def foreign(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    connection.close()


def newer(path: Path) -> None:
    file = StateFile(path)
    file.begin(Store())
    file.close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()


def torn(path: Path) -> None:
    file = StateFile(path)
    file.begin(filled())
    file.close()
    content = bytearray(path.read_bytes())
    content[4096:12_288] = os.urandom(8192)
    path.write_bytes(content)


def cut(path: Path) -> None:
    file = StateFile(path)
    file.begin(filled())
    file.close()
    path.write_bytes(path.read_bytes()[:9000])


def without_tables(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.close()


def with_another_table(path: Path) -> None:
    without_tables(path)
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    connection.close()


def with_nonsense(path: Path) -> None:
    file = StateFile(path)
    file.begin(filled())
    file.close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE records SET content = 'x' WHERE place = 3")
    connection.close()


def without_starts(path: Path) -> None:
    file = StateFile(path)
    file.begin(filled())
    file.close()
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM starts")
    connection.close()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.write_text("deployments: []\n"), "is no state file of this mock"),
        (lambda path: path.write_bytes(b"SQLite format 3\x00"), "is no state file of this mock"),
        (foreign, "is no state file of this mock"),
        (newer, "is of version 2, and this mock reads version 1: use the release that made it"),
        (torn, "is broken .* choose another path"),
        (cut, "is broken .* choose another path"),
        (with_another_table, "is broken .*no such table"),
        (with_nonsense, "is broken .*record 3 of"),
        (without_starts, "is broken .*how often"),
    ],
)
def test_what_is_no_good_file_is_refused_and_left_alone(
    path: Path, spoil: Any, message: str
) -> None:
    spoil(path)
    before = path.read_bytes()

    def use() -> None:
        file = StateFile(path)
        try:
            file.load(Store())
        finally:
            file.close()

    with pytest.raises(StateFileError, match=message):
        use()
    assert path.read_bytes() == before


def test_a_file_whose_making_was_cut_short_is_new(path: Path) -> None:
    without_tables(path)
    file = StateFile(path)
    assert file.is_new
    file.begin(filled())
    file.close()
    assert reopened(path).all("flows")


def test_the_making_can_be_cut_short(path: Path) -> None:
    """Killed in the midst of it, the next start makes the file anew."""
    code = """
import os, sys
from mock_server.fixtures import load_fixtures
from mock_server.persistence.state_file import StateFile
from mock_server.store import Store

store, written = Store(), 0
load_fixtures(store, "default")
file = StateFile(sys.argv[1])

def progress():
    global written
    written += 1
    if written > 20:
        os._exit(9)

file._connection.set_progress_handler(progress, 100)
file.begin(store)
"""
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert done.returncode == 9
    file = StateFile(path)
    assert file.is_new
    file.begin(filled())
    file.close()
    assert reopened(path).all("flows")


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StateFileError, match="folder must exist"):
        StateFile(tmp_path / "nope" / "state.db")
    with pytest.raises(StateFileError, match="is no file"):
        StateFile(tmp_path)


def test_what_could_not_be_written_is_written_the_next_time(file: StateFile, path: Path) -> None:
    store = Store()
    file.begin(store)
    flow(store, "kept")
    file._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StateFileError, match="must be yours to write to"):
        file.save(store)
    file._connection.execute("PRAGMA query_only = OFF")
    file.save(store)
    file.close()
    assert [record["name"] for record in reopened(path).all("flows")] == ["kept"]
