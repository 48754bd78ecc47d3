"""DynamoDB's items: packed in memory, and on disk what changed of them, before the request is answered."""

from __future__ import annotations

import copy
import json
import logging
import sqlite3
import threading
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from imageproc.local.ministack_adapter.packed import Partition, pack_items
from imageproc.local.ministack_adapter.sqlite_files import connected, leave_nothing_deleted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_FILE = "dynamodb-items.sqlite"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS items (
    of_table TEXT, partition_key TEXT, sort_key TEXT, item TEXT,
    PRIMARY KEY (of_table, partition_key, sort_key)
) WITHOUT ROWID
"""
_STORES = (
    *("tags", "ttl_settings", "pitr_settings", "kinesis_destinations", "contributor_insights"),
    *("backups", "resource_policies", "exports", "imports"),
)
"""What else MiniStack keeps of DynamoDB, by its name in the saved state."""

_Key = tuple[Any, Any]
"""Of an item: its partition key and its sort key."""

_log = logging.getLogger("imageproc.local")


def save_changed_items() -> None:
    """Save items when they change; with the rest of the state only what else is known of their tables.

    What a request has written is there after a crash, as on AWS. MiniStack copies and encodes every item
    each time. With 20,000 records that takes 23 s (measured), and requests hardly get an answer meanwhile.
    """
    changes = _Changes()
    _note_changes(changes)
    _save_and_load(changes)
    _write_before_answering(changes)


def pack_all_items() -> None:
    """Keep items packed that are written from now on, and those of a table that is copied or restored.

    All that MiniStack writes, it writes through these functions; what it reads it does not change in place.
    """
    from ministack.services import dynamodb

    set_item, items_replaced = dynamodb._set_item, dynamodb._items_replaced  # noqa: SLF001

    def _set_item(table: dict[str, Any], pk_val: Any, sk_val: Any, item: Any) -> Any:
        items = table["items"]
        if not isinstance(partition := items.setdefault(pk_val, Partition()), Partition):
            items[pk_val] = Partition(partition)
        return set_item(table, pk_val, sk_val, item)

    def _items_replaced(table: dict[str, Any]) -> None:
        pack_items(table["items"])
        items_replaced(table)

    dynamodb._set_item, dynamodb._items_replaced = _set_item, _items_replaced  # noqa: SLF001


def _note_changes(changes: _Changes) -> None:
    from ministack.services import dynamodb

    set_item, remove_item = dynamodb._set_item, dynamodb._remove_item  # noqa: SLF001 - this package's purpose
    items_replaced = dynamodb._items_replaced  # noqa: SLF001

    def _set_item(table: dict[str, Any], pk_val: Any, sk_val: Any, item: Any) -> Any:
        replaced = set_item(table, pk_val, sk_val, item)
        changes.note(table, (pk_val, sk_val))
        return replaced

    def _remove_item(table: dict[str, Any], pk_val: Any, sk_val: Any) -> Any:
        removed = remove_item(table, pk_val, sk_val)
        changes.note(table, (pk_val, sk_val))
        return removed

    def _items_replaced(table: dict[str, Any]) -> None:
        items_replaced(table)
        changes.note_all(_identity(table))

    dynamodb._set_item, dynamodb._remove_item = _set_item, _remove_item  # noqa: SLF001
    dynamodb._items_replaced = _items_replaced  # noqa: SLF001


def _write_before_answering(changes: _Changes) -> None:
    from ministack.services import dynamodb

    handle = dynamodb.handle_request

    async def handle_request(*request: Any) -> Any:
        try:
            return await handle(*request)
        finally:
            changes.write()

    dynamodb.handle_request = handle_request


def _save_and_load(changes: _Changes) -> None:
    from ministack.services import dynamodb

    load, stores = dynamodb.load_persisted_state, dynamodb._tables  # noqa: SLF001
    left_out = ("items", dynamodb._INDEX_MEMBERS)  # noqa: SLF001

    def get_state() -> dict[str, Any]:
        tables = list(stores.all_items())
        changes.save([table for _, table in tables])
        changes.settle()
        saved = type(stores)()
        for place, table in tables:
            kept = {name: value for name, value in table.items() if name not in left_out}
            saved.set_scoped(*place, copy.deepcopy(kept))
        return {"tables": saved} | {name: copy.deepcopy(getattr(dynamodb, f"_{name}")) for name in _STORES}

    def load_persisted_state(data: Any) -> None:
        load(data)
        for table in stores.all_values():
            if "items" not in table:  # an earlier version saved them with their table
                table["items"] = changes.load(_path(), _identity(table))
                dynamodb._update_counts(table)  # noqa: SLF001
            pack_items(table["items"])

    dynamodb.get_state, dynamodb.load_persisted_state = get_state, load_persisted_state


class _Changes:
    """Which items are not in the file as they are."""

    def __init__(self) -> None:
        """Begin with no table that the file is known to have."""
        self._keys: dict[str, set[_Key]] = defaultdict(set)
        self._tables: dict[str, dict[str, Any]] = {}
        """Those of the keys."""
        self._whole: set[str] = set()
        """Tables of which the file has all items, but for those keys."""
        self._lock = threading.RLock()
        self._file: sqlite3.Connection | None = None

    def note(self, table: dict[str, Any], key: _Key) -> None:
        """Note that an item was written or removed."""
        with self._lock:
            identity = _identity(table)
            self._keys[identity].add(key)
            self._tables[identity] = table

    def note_all(self, table: str) -> None:
        """Note that a table's items are others."""
        with self._lock:
            self._whole.discard(table)

    def load(self, path: Path, table: str) -> dict[Any, Partition]:
        """Return a table's items."""
        found: dict[Any, Partition] = defaultdict(Partition)
        with closing(connected(path, _SCHEMA)) as file:
            asked = "SELECT partition_key, sort_key, item FROM items WHERE of_table = ?"
            for partition_key, sort_key, item in file.execute(asked, [table]):
                found[orjson.loads(partition_key)].add_packed(orjson.loads(sort_key), item)
        self._whole.add(table)
        return found

    def write(self) -> None:
        """Write down what changed in tables that the file has. Errors are logged; `save` tries again."""
        with self._lock:
            known = [one for one in self._keys if one in self._whole]
            if not known:
                return
            try:
                with self._opened() as file:
                    for identity in known:
                        _write(file, identity, self._tables[identity]["items"], self._keys[identity])
            except Exception:  # noqa: BLE001 - what cannot be written now may be the next time
                _log.exception("items could not be saved")
                return
            for identity in known:
                del self._keys[identity], self._tables[identity]

    def save(self, tables: list[dict[str, Any]]) -> None:
        """Write down what changed, all of it or nothing; forget the tables that are not among these."""
        identities = {_identity(table) for table in tables}
        with self._lock:
            others, new = identities != self._whole, identities - self._whole
            if not (others or any(self._keys.values())):
                return
            with self._opened() as file:
                if others:
                    kept = json.dumps(sorted(identities - new))
                    file.execute(
                        "DELETE FROM items WHERE of_table NOT IN (SELECT value FROM json_each(?))", [kept]
                    )
                for table in tables:
                    identity = _identity(table)
                    changed = _keys_of(table) if identity in new else self._keys[identity]
                    _write(file, identity, table["items"], changed)
            if others:
                leave_nothing_deleted(self._opened())
            self._whole = identities
            self._keys.clear()
            self._tables.clear()

    def settle(self) -> None:
        """Move what was written from the log of writes to the file, without keeping requests waiting.

        It waits for the disk, which takes long where large photos are on their way there, too.
        """
        with closing(connected(_path(), _SCHEMA)) as file:
            file.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def _opened(self) -> sqlite3.Connection:
        if self._file is None:
            self._file = connected(_path(), _SCHEMA)
            self._file.execute("PRAGMA wal_autocheckpoint = 0")  # `settle` does it, in another thread
        return self._file


def _write(file: sqlite3.Connection, identity: str, items: dict[Any, Any], keys: Iterable[_Key]) -> None:
    removed, written = [], []
    for partition_key, sort_key in keys:
        place = (identity, _encoded(partition_key), _encoded(sort_key))
        item = _packed(items.get(partition_key), sort_key)
        if item is None:
            removed.append(place)
        else:
            written.append((*place, item))
    file.executemany("DELETE FROM items WHERE of_table = ? AND partition_key = ? AND sort_key = ?", removed)
    file.executemany("INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?)", written)


def _packed(partition: Any, sort_key: Any) -> str | None:
    if isinstance(partition, Partition):
        return partition.packed(sort_key)
    item = (partition or {}).get(sort_key)  # of a table that is being restored
    return None if item is None else _encoded(item)


def _encoded(value: Any) -> str:
    return orjson.dumps(value).decode()


def _keys_of(table: dict[str, Any]) -> Iterator[_Key]:
    for partition_key, items in list(table["items"].items()):
        for sort_key in list(items):
            yield partition_key, sort_key


def _identity(table: dict[str, Any]) -> str:
    """Return what is this very table's: one of the same name that is made later has another."""
    return f"{table['TableArn']} {table.get('TableId', '')}"


def _path() -> Path:
    from ministack.core import persistence

    return Path(persistence.STATE_DIR) / _FILE
