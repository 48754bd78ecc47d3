"""Values that do not change any more: in a file, where MiniStack keeps them in memory.

What stays in memory is their keys. MiniStack copies and encodes all that it keeps with each checkpoint, so a
thousand photos made each of them slow, too; what lies in the file is written once.
"""

from __future__ import annotations

import copy
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from imageproc.local.ministack_adapter.sqlite_files import connected, leave_nothing_deleted

_FILE = "settled.sqlite"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS settled (
    shelf TEXT, key TEXT, at INTEGER, value BLOB, PRIMARY KEY (shelf, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS settled_at ON settled (shelf, at);
"""
_AT_A_TIME = 500
_ON_FILE: Any = object()
"""In memory, in the place of a value."""

_Row = tuple[Any, int, bytes]
"""A key, when it was (in milliseconds), and the value as compressed JSON."""


class SettledFile:
    """The file, with a row for each value."""

    def __init__(self, path: Path) -> None:
        """Use this file, which is made when it is needed."""
        self._lock = threading.Lock()
        self._file = connected(path, _SCHEMA)

    def write(self, shelf: str, rows: Iterable[_Row]) -> None:
        """Write rows, all of them or none."""
        encoded = [(shelf, _encoded(key), at, value) for key, at, value in rows]
        with self._lock, self._file:
            self._file.executemany("INSERT OR REPLACE INTO settled VALUES (?, ?, ?, ?)", encoded)

    def remove(self, shelf: str, key: Any) -> None:
        """Remove a row."""
        with self._lock, self._file:
            self._file.execute("DELETE FROM settled WHERE shelf = ? AND key = ?", (shelf, _encoded(key)))

    def remove_shelf(self, shelf: str) -> None:
        """Remove all rows of a shelf."""
        with self._lock, self._file:
            self._file.execute("DELETE FROM settled WHERE shelf = ?", (shelf,))
        with self._lock:
            leave_nothing_deleted(self._file)

    def keep_only(self, shelves: Iterable[str]) -> None:
        """Remove the rows of all other shelves."""
        names = orjson.dumps(list(shelves)).decode()
        with self._lock, self._file:
            kept = "SELECT value FROM json_each(?)"
            self._file.execute(f"DELETE FROM settled WHERE shelf NOT IN ({kept})", (names,))  # noqa: S608

    def read(self, shelf: str, key: Any) -> bytes | None:
        """Return a value; None if it is not there."""
        found = self._asked("SELECT value FROM settled WHERE shelf = ? AND key = ?", shelf, _encoded(key))
        return found[0][0] if found else None

    def keys(self, shelf: str) -> list[Any]:
        """Return the keys of a shelf, in order."""
        return [_decoded(key) for (key,) in self._asked("SELECT key FROM settled WHERE shelf = ?", shelf)]

    def keys_between(self, shelf: str, first: int, last: int) -> list[Any]:
        """Return the keys of what was between these moments, in milliseconds, both included."""
        asked = "SELECT key FROM settled WHERE shelf = ? AND at BETWEEN ? AND ?"
        return [_decoded(key) for (key,) in self._asked(asked, shelf, first, last)]

    def rows(self, shelf: str) -> Iterator[tuple[Any, bytes]]:
        """Yield the keys and values of a shelf, in order of their keys."""
        asked, last = "SELECT key, value FROM settled WHERE shelf = ? AND key > ? ORDER BY key LIMIT ?", ""
        while found := self._asked(asked, shelf, last, _AT_A_TIME):
            yield from ((_decoded(key), value) for key, value in found)
            last = found[-1][0]

    def _asked(self, question: str, *values: Any) -> list[Any]:
        with self._lock:
            return self._file.execute(question, values).fetchall()


@cache
def settled_file() -> SettledFile:
    """Return the file of this local AWS's state."""
    from ministack.core import persistence

    return SettledFile(Path(persistence.STATE_DIR) / _FILE)


class Shelf(MutableMapping[Any, Any]):
    """A dictionary whose settled values move to the file at the next checkpoint."""

    def __init__(
        self,
        name: str,
        values: MutableMapping[Any, Any],
        *,
        settled: Callable[[Any, Any], bool],
        packed: Callable[[Any], Any] = lambda value: value,
        unpacked: Callable[[Any], Any] = lambda value: value,
        at: Callable[[Any], int] = lambda _value: 0,
    ) -> None:
        """Take values over; those of the file under this name are newer.

        `settled` says whether the value of a key changes no more, `packed` and `unpacked` turn one into
        JSON's types and back, and `at` says when it was, in milliseconds.
        """
        self.name, self._settled = name, settled
        self._packed, self._unpacked, self._at = packed, unpacked, at
        self._file, self._lock = settled_file(), threading.RLock()
        self._values = dict(values) | dict.fromkeys(self._file.keys(name), _ON_FILE)

    def store(self) -> None:
        """Move what has settled to the file, all of it or nothing."""
        moved = {key: value for key, value in self._in_memory().items() if self._settled(key, value)}
        if not moved:
            return
        rows = [(key, self._at(value), _compressed(self._packed(value))) for key, value in moved.items()]
        self._file.write(self.name, rows)
        with self._lock:
            for key, value in moved.items():
                if self._values.get(key) is value:
                    self._values[key] = _ON_FILE

    def keys_between(self, first: int, last: int) -> list[Any]:
        """Return the keys of what was between these moments, in milliseconds, and all not yet settled."""
        return [*self._in_memory(), *self._file.keys_between(self.name, first, last)]

    def take_back(self, key: Any) -> None:
        """Have a value in memory again, because it changes after all."""
        with self._lock:
            if self._values.get(key) is _ON_FILE:
                self[key] = self[key]

    def _in_memory(self) -> dict[Any, Any]:
        return {key: value for key, value in list(self._values.items()) if value is not _ON_FILE}

    def __getitem__(self, key: Any) -> Any:
        """Return a value, from the file if it is there."""
        value = self._values[key]
        if value is not _ON_FILE:
            return value
        found = self._file.read(self.name, key)
        if found is None:
            raise KeyError(key)
        return self._unpacked(_decompressed(found))

    def __setitem__(self, key: Any, value: Any) -> None:
        """Set a value, in memory."""
        with self._lock:
            if self._values.get(key) is _ON_FILE:
                self._file.remove(self.name, key)
            self._values[key] = value

    def __delitem__(self, key: Any) -> None:
        """Remove a value, also from the file."""
        with self._lock:
            if self._values.pop(key) is _ON_FILE:
                self._file.remove(self.name, key)

    def __contains__(self, key: object) -> bool:
        """Say whether there is such a key, without reading its value."""
        return key in self._values

    def __iter__(self) -> Iterator[Any]:
        """Yield the keys."""
        return iter(list(self._values))

    def __len__(self) -> int:
        """Return the number of values."""
        return len(self._values)

    def items(self) -> Any:
        """Yield keys and values: those in memory, and those of the file one after the other."""
        unsettled = self._in_memory()
        yield from unsettled.items()
        for key, value in self._file.rows(self.name):
            if key not in unsettled and key in self._values:
                yield key, self._unpacked(_decompressed(value))

    def values(self) -> Any:
        """Yield the values."""
        return (value for _, value in self.items())

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[Any, Any]:
        """Return what the saved state has: the values that are not in the file."""
        return copy.deepcopy(self._in_memory(), memo)


def _compressed(value: Any) -> bytes:
    return zlib.compress(orjson.dumps(value), 1)


def _decompressed(data: bytes) -> Any:
    return orjson.loads(zlib.decompress(data))


def _encoded(key: Any) -> str:
    return orjson.dumps(key).decode()


def _decoded(text: str) -> Any:
    key = orjson.loads(text)
    return tuple(key) if isinstance(key, list) else key
