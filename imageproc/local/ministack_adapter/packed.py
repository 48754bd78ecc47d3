"""DynamoDB's items in memory: each as the bytes of its JSON, where MiniStack keeps nested dictionaries.

A photo's record takes some 4 KB so, and took 15 to 40 KB. Who reads an item gets one of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

import orjson


class Partition(MutableMapping[Any, Any]):
    """The items of a partition by their sort keys."""

    __slots__ = ("_packed",)

    def __init__(self, items: Mapping[Any, Any] | None = None) -> None:
        """Pack items."""
        self._packed = {key: _pack(item) for key, item in (items or {}).items()}

    def add_packed(self, key: Any, packed: str) -> None:
        """Take in an item as `packed` returned it."""
        self._packed[key] = packed.encode()

    def packed(self, key: Any) -> str | None:
        """Return an item as JSON; None if it is not there."""
        found = self._packed.get(key)
        return None if found is None else found.decode()

    def __getitem__(self, key: Any) -> Any:
        """Return an item, made anew."""
        return _unpack(self._packed[key])

    def __setitem__(self, key: Any, item: Any) -> None:
        """Pack an item."""
        self._packed[key] = _pack(item)

    def __delitem__(self, key: Any) -> None:
        """Remove an item."""
        del self._packed[key]

    def __contains__(self, key: object) -> bool:
        """Say whether there is an item, without unpacking it."""
        return key in self._packed

    def __iter__(self) -> Iterator[Any]:
        """Yield the sort keys."""
        return iter(self._packed)

    def __len__(self) -> int:
        """Return the number of items."""
        return len(self._packed)

    def __deepcopy__(self, _memo: object) -> dict[Any, Any]:
        """Return the items as MiniStack has them, for a backup or another table."""
        return dict(self)


def pack_items(items: dict[Any, Any]) -> None:
    """Pack a table's items that are not, by partition key."""
    for key, partition in list(items.items()):
        if not isinstance(partition, Partition):
            items[key] = Partition(partition)


def _pack(item: Any) -> bytes:
    try:
        # A copy: the bytes that orjson returns keep the 16 KB that they were written into.
        return memoryview(orjson.dumps(item)).tobytes()
    except orjson.JSONEncodeError:  # half of a surrogate pair, which MiniStack lets in
        return json.dumps(item).encode()


def _unpack(packed: bytes) -> Any:
    try:
        return orjson.loads(packed)
    except orjson.JSONDecodeError:
        return json.loads(packed)
