"""DynamoDB's items: packed in memory, and on disk what changed of them, not all items each time."""

from __future__ import annotations

import copy
import json
import sqlite3
import threading
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from imageproc.local.ministack_adapter.packed import Partition, pack_items

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


def save_changed_items() -> None:
    """Save those items that changed since the last time; of tables only what else is known of them.

    MiniStack copies and encodes every item each time. With 20,000 records that takes 23 s (measured), and
    requests hardly get an answer meanwhile.
    """
    changes = _Changes()
    _note_changes(changes)
    _save_and_load(changes)


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
        changes.note(_identity(table), (pk_val, sk_val))
        return replaced

    def _remove_item(table: dict[str, Any], pk_val: Any, sk_val: Any) -> Any:
        removed = remove_item(table, pk_val, sk_val)
        changes.note(_identity(table), (pk_val, sk_val))
        return removed

    def _items_replaced(table: dict[str, Any]) -> None:
        items_replaced(table)
        changes.note_all(_identity(table))

    dynamodb._set_item, dynamodb._remove_item = _set_item, _remove_item  # noqa: SLF001
    dynamodb._items_replaced = _items_replaced  # noqa: SLF001


def _save_and_load(changes: _Changes) -> None:
    from ministack.services import dynamodb

    load, stores = dynamodb.load_persisted_state, dynamodb._tables  # noqa: SLF001
    left_out = ("items", dynamodb._INDEX_MEMBERS)  # noqa: SLF001

    def get_state() -> dict[str, Any]:
        tables = list(stores.all_items())
        changes.save(_path(), [table for _, table in tables])
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
        self._whole: set[str] = set()
        """Tables of which the file has all items, but for those keys."""
        self._lock = threading.Lock()

    def note(self, table: str, key: _Key) -> None:
        """Note that an item was written or removed."""
        with self._lock:
            self._keys[table].add(key)

    def note_all(self, table: str) -> None:
        """Note that a table's items are others."""
        with self._lock:
            self._whole.discard(table)

    def load(self, path: Path, table: str) -> dict[Any, Partition]:
        """Return a table's items."""
        found: dict[Any, Partition] = defaultdict(Partition)
        with closing(_opened(path)) as file:
            asked = "SELECT partition_key, sort_key, item FROM items WHERE of_table = ?"
            for partition_key, sort_key, item in file.execute(asked, [table]):
                found[orjson.loads(partition_key)].add_packed(orjson.loads(sort_key), item)
        self._whole.add(table)
        return found

    def save(self, path: Path, tables: list[dict[str, Any]]) -> None:
        """Write down what changed, all of it or nothing; forget the tables that are not among these."""
        identities = {_identity(table) for table in tables}
        with self._lock:
            keys, self._keys = self._keys, defaultdict(set)
            others, new = identities != self._whole, identities - self._whole
            self._whole = identities
        if not (others or any(keys.values())):
            return
        try:
            with closing(_opened(path)) as file, file:
                if others:
                    kept = json.dumps(sorted(identities - new))
                    file.execute(
                        "DELETE FROM items WHERE of_table NOT IN (SELECT value FROM json_each(?))", [kept]
                    )
                for table in tables:
                    identity = _identity(table)
                    changed = _keys_of(table) if identity in new else keys[identity]
                    _write(file, identity, table["items"], changed)
        except BaseException:
            with self._lock:
                self._whole -= new
                for identity, left in keys.items():
                    self._keys[identity] |= left
            raise


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


def _opened(path: Path) -> sqlite3.Connection:
    file = sqlite3.connect(path)
    # A killed process loses nothing that was committed; a power failure may take the last saves.
    file.execute("PRAGMA journal_mode = WAL")
    file.execute("PRAGMA synchronous = NORMAL")
    file.execute(_SCHEMA)
    return file


def _path() -> Path:
    from ministack.core import persistence

    return Path(persistence.STATE_DIR) / _FILE
