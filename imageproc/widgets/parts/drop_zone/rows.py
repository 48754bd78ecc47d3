"""The files of a drop zone and how each fares, whoever sends them: a few hundred bytes each."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Any

from imageproc.widgets.markup import Markup, table
from imageproc.widgets.parts.drop_zone.courier import State

_TEXT = 500
"""Most characters of a name or a cause that are kept."""

_STATE_TEXTS = {
    State.WAITING: "waiting",
    State.SENDING: "uploading",
    State.SENT: "uploaded",
    State.THERE: "already there",
    State.REJECTED: "rejected",
    State.FAILED: "failed",
    State.CANCELLED: "cancelled",
}


@dataclass(frozen=True)
class Row:
    """One file."""

    id: str
    name: str
    size: int
    """Bytes."""
    state: State = State.WAITING
    text: str = ""
    """Why, if it was rejected or failed."""
    sent: int = 0
    """Bytes sent, known only of files that the kernel sends."""


class Rows:
    """All files in the order in which they came. Any thread may change it."""

    def __init__(self) -> None:
        """Begin with none."""
        self._rows: dict[str, Row] = {}
        self._lock = threading.Lock()

    def add(self, identifier: str, name: object, size: object) -> None:
        """Add a file, or begin anew with it."""
        shown = name if isinstance(name, str) else "(no name)"
        count = size if isinstance(size, int) else 0
        with self._lock:
            self._rows[identifier] = Row(identifier, shown[-_TEXT:], count)

    def change(self, identifier: str, state: State, text: str = "", sent: int = 0) -> None:
        """Say how a file fares; one that is not known is left alone."""
        with self._lock:
            if row := self._rows.get(identifier):
                self._rows[identifier] = replace(row, state=state, text=text[:_TEXT], sent=sent)

    def all(self) -> list[Row]:
        """Return all files, the first first."""
        with self._lock:
            return list(self._rows.values())

    def state(self, identifier: str) -> State | None:
        """Return how a file fares, None if it is not known."""
        with self._lock:
            row = self._rows.get(identifier)
        return row.state if row else None

    def static(self) -> Markup:
        """Return files and how each ended as an HTML table."""
        rows = [(row.name, f"{row.size:,}", _STATE_TEXTS[row.state], row.text) for row in self.all()]
        empty = [("No files yet.", "", "", "")]
        return table(["file", "bytes", "state", "cause"], rows or empty, "Uploads")


def plain(row: Row) -> dict[str, Any]:
    """Return a row as the browser gets it."""
    return {
        "id": row.id,
        "name": row.name,
        "size": row.size,
        "state": row.state.value,
        "text": row.text,
        "sent": row.sent,
    }
