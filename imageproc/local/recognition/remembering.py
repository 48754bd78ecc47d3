"""What was looked at is not looked at again: a file, or what of a picture a model is given."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Seen = TypeVar(
    "Seen", bound=Any
)  # bytes, or an array: what has a buffer, which types of Python 3.11 cannot say
Found = TypeVar("Found")

_REMEMBERED = 1000
"""Answers; each takes some kilobytes."""


class Remembering(Generic[Seen, Found]):
    """Looks at the same bytes once: a file comes again when it is copied, processed again, or retried.

    Files that differ in their metadata alone give a model the same pixels.
    """

    def __init__(self, look: Callable[[Seen], Found]) -> None:
        """Remember what `look` found. It may be called from several threads."""
        self._look = look
        self._found: dict[bytes, Found] = {}

    def __call__(self, seen: Seen) -> Found:
        """Return what is known of these bytes, or look."""
        key = sha256(seen).digest()
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._look(seen)
            if len(self._found) > _REMEMBERED:
                self._found.clear()
        return found
