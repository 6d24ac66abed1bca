"""A file that keeps what a store holds: SQLite, one row per record, written as the store is.

What was answered is in the file before the answer goes out, so nothing of it is lost when the
process dies, however it dies. (`synchronous=NORMAL`: when the machine loses its power, the last
answers may be.) Only records that have changed are written.
"""

from __future__ import annotations

import random
import sqlite3
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mock_server.persistence.record_bytes import packed, unpacked
from mock_server.store.tables import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mock_server.store import Store
    from mock_server.store.tables import Table

MAGIC: Final = b"SQLite format 3\x00"
APPLICATION_ID: Final = 0x50444D53
"""In the header of the file: that it is ours."""

VERSION: Final = 1
"""Of what stands in the file; to be raised with every change that older code cannot read."""

HEADER: Final = 100
SCHEMA: Final = (
    """
    CREATE TABLE records (
        kind TEXT NOT NULL,
        id TEXT NOT NULL,
        place INTEGER NOT NULL,
        content BLOB NOT NULL,
        PRIMARY KEY (kind, id)
    )
    """,
    "CREATE TABLE starts (number INTEGER NOT NULL)",
    "INSERT INTO starts VALUES (0)",
)
PUT: Final = "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?)"
DROP: Final = "DELETE FROM records WHERE kind = ? AND id = ?"

ADVICE: Final = {
    sqlite3.SQLITE_CANTOPEN: " Its folder must exist and be yours to write to.",
    sqlite3.SQLITE_READONLY: " It must be yours to write to.",
    sqlite3.SQLITE_IOERR: " It and its folder must be yours to write to.",
    sqlite3.SQLITE_FULL: " Make room on the disk.",
}

_OPEN: Final[set[tuple[int, int]]] = set()
"""The files that this process has open, by device and number."""


class StateFileError(Exception):
    """A state file that cannot be used, with what to do about it."""


class StateFile:
    """An open state file; no other process can open it meanwhile.

    Args:
        path: of the file. It is made if it does not exist; its folder must.

    Attributes:
        path: of the file.
        is_new: whether it holds nothing yet, so that `begin` is due rather than `load`.
        resumed: whether `load` took a store from it.

    Raises:
        StateFileError: it is in use, broken, no state file, of another version, or out of reach.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.resumed = False
        self.is_new = _is_new(self.path)
        self._existed = self.path.exists()
        with self._told():
            self._connection = sqlite3.connect(
                self.path.absolute(), timeout=0, isolation_level=None, check_same_thread=False
            )
        try:
            self._lock()
        except StateFileError:
            self._connection.close()
            raise
        self._key = _key(self.path)
        _OPEN.add(self._key)

    def _lock(self) -> None:
        with self._told():
            self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._connection.execute("BEGIN EXCLUSIVE")
            # Without tables it is one whose making was cut short, and which SQLite has set back.
            self.is_new = self.is_new or not self._has_tables()
            if self.is_new:
                return  # `begin` ends what begins here, so that the file is never half made
            self._connection.execute("COMMIT")
            (found,) = self._connection.execute("PRAGMA quick_check(1)").fetchone()
            if found != "ok":
                raise _broken(self.path, found.splitlines()[-1])
            self._connection.execute("SELECT 1 FROM records, starts LIMIT 1")
            self._log_ahead()

    def _has_tables(self) -> bool:
        found = self._connection.execute("SELECT EXISTS (SELECT 1 FROM sqlite_master)")
        return bool(found.fetchone()[0])

    def _log_ahead(self) -> None:
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")

    # -- beginning

    def begin(self, store: Store) -> None:
        """Write everything that a store holds into the new file, all or nothing.

        Raises:
            StateFileError: the file cannot be written.
        """
        with self._told():
            self._connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            self._connection.execute(f"PRAGMA user_version = {VERSION}")
            for statement in SCHEMA:
                self._connection.execute(statement)
            for kind, table in store.tables.items():
                self._connection.executemany(PUT, _rows(kind, table, table.records))
            self._connection.execute("COMMIT")
            self._log_ahead()
        self.is_new = False
        self._watch(store)

    def load(self, store: Store) -> None:
        """Replace the state of a store by what the file holds.

        Raises:
            StateFileError: the file is broken.
        """
        store.reset()
        with self._told():
            rows = self._connection.execute(
                "SELECT kind, place, content FROM records ORDER BY kind, place"
            )
            for kind, place, content in rows:
                try:
                    store.tables[kind].put(unpacked(content), place)
                except (KeyError, TypeError, ValueError, IntegrityError) as error:
                    raise _broken(self.path, f"record {place} of {kind!r}: {error}") from error
            started = self._connection.execute("UPDATE starts SET number = number + 1 RETURNING *")
            numbers = [number for (number,) in started]
        if len(numbers) != 1:
            raise _broken(self.path, "it does not say how often it was begun with")
        # One with a seed would make the ids once more that it made before.
        store.rng = random.Random(f"{store.rng.random()} {numbers[0]}")
        store.source = str(self.path)
        self.resumed = True
        self._watch(store)

    @staticmethod
    def _watch(store: Store) -> None:
        for table in store.tables.values():
            table.touched = set()

    # -- writing

    def save(self, store: Store) -> None:
        """Write what has changed since the last time; when this returns, it is in the file.

        Raises:
            StateFileError: it could not be written; the next `save` tries again.
        """
        changed = [table for table in store.tables.values() if table.touched]
        if not changed:
            return
        with self._told():
            try:
                self._connection.execute("BEGIN")
                for table in changed:
                    self._save(table)
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
        for table in changed:
            table.touched = set()

    def _save(self, table: Table) -> None:
        touched = table.touched or ()
        gone = [(table.name, key) for key in touched if key not in table.records]
        there = [key for key in touched if key in table.records]
        self._connection.executemany(DROP, gone)
        self._connection.executemany(PUT, _rows(table.name, table, there))

    def close(self) -> None:
        """Close the file, for others to open it; one that was never begun is removed."""
        self._connection.close()
        _OPEN.discard(self._key)
        if self.is_new and not self._existed:
            self.path.unlink(missing_ok=True)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Inside, what SQLite reports is told in a sentence."""
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise _in_use(self.path) from None
            if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR):
                raise _broken(self.path, str(error)) from error
            raise StateFileError(f"{self.path}: {error}.{ADVICE.get(code, '')}") from error


def _is_new(path: Path) -> bool:
    """Whether a file holds nothing; what is there is looked at before SQLite may touch it.

    Raises:
        StateFileError: it is no state file, or of another version, or open in this process.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise StateFileError(f"{path} is no file: give a path at which one can be made.")
        # Asked first: to open and close a file would end the lock that this process has on it.
        if (found.st_dev, found.st_ino) in _OPEN:
            raise _in_use(path)
        with path.open("rb") as file:
            header = file.read(HEADER)
    except FileNotFoundError:
        return True
    except OSError as error:
        raise StateFileError(f"{path} cannot be read: {error.strerror}.") from error
    if not header:
        return True
    if not header.startswith(MAGIC) or _number(header, 68) != APPLICATION_ID:
        raise StateFileError(
            f"{path} is no state file of this mock. It is left as it is: choose another path."
        )
    version = _number(header, 60)
    if version != VERSION:
        raise StateFileError(
            f"{path} is of version {version}, and this mock reads version {VERSION}: use the"
            " release that made it, or choose another path."
        )
    return False


def _number(header: bytes, offset: int) -> int:
    return int.from_bytes(header[offset : offset + 4], "big")


def _key(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino


def _in_use(path: Path) -> StateFileError:
    return StateFileError(
        f"{path} is in use by another mock: stop that one, or choose another path."
    )


def _broken(path: Path, reason: str) -> StateFileError:
    return StateFileError(
        f"{path} is broken ({reason}). It is left as it is: restore a copy, or choose another path."
    )


def _rows(kind: str, table: Table, keys: Iterable[str]) -> Iterator[tuple[str, str, int, bytes]]:
    return ((kind, key, table.places[key], packed(table.records[key])) for key in keys)
