"""The files of a drop zone and their states, whether the browser or the kernel sends them."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from imageproc.presentation.listings import folded
from imageproc.presentation.markup import Markup
from imageproc.presentation.text import bytes_text, in_words
from imageproc.widgets.parts.drop_zone.upload_handler import UploadState

_PROBLEMS = (UploadState.FAILED, UploadState.REJECTED)

_WORDS = {UploadState.SENT: "Uploaded", UploadState.DUPLICATE: "Already uploaded"}

_MAX_TEXT = 500
"""Characters of a name or a cause that are kept."""


@dataclass(frozen=True)
class FileRow:
    """One file."""

    id: str
    name: str
    size: int
    """Bytes."""
    state: UploadState = UploadState.WAITING
    text: str = ""
    """Why it was rejected or failed."""
    sent: int = 0
    """Bytes sent; known only of files that the kernel sends."""
    album: str = ""
    """The name of the album that it goes to; empty while that is not known."""


class FileRows:
    """All files, in the order in which they came. Any thread may change them."""

    def __init__(self) -> None:
        """Begin without files."""
        self._rows: dict[str, FileRow] = {}
        self._cleared: set[str] = set()
        self._lock = threading.Lock()

    def add(self, file_id: str, name: object, size: object) -> None:
        """Add a file, or start over with it."""
        shown = name if isinstance(name, str) else "(no name)"
        count = size if isinstance(size, int) else 0
        with self._lock:
            self._cleared.discard(file_id)
            self._rows[file_id] = FileRow(file_id, shown[-_MAX_TEXT:], count)

    def change(
        self, file_id: str, state: UploadState, text: str = "", sent: int = 0, album: str = ""
    ) -> None:
        """Change the state of a file, whose album stays if none is named; an unknown file is ignored."""
        with self._lock:
            if row := self._rows.get(file_id):
                into = album or row.album
                self._rows[file_id] = replace(row, state=state, text=text[:_MAX_TEXT], sent=sent, album=into)

    def all(self) -> list[FileRow]:
        """Return all files, the oldest first."""
        with self._lock:
            return list(self._rows.values())

    def clear(self) -> None:
        """Have those that have ended listed no more; what became of them stays known."""
        with self._lock:
            self._cleared |= {row.id for row in self._rows.values() if row.state.ended}

    def listed(self) -> list[FileRow]:
        """Return those that are not cleared, the oldest first."""
        with self._lock:
            return [row for row in self._rows.values() if row.id not in self._cleared]

    def state(self, file_id: str) -> UploadState | None:
        """Return the state of a file, None if it is unknown."""
        with self._lock:
            row = self._rows.get(file_id)
        return row.state if row else None

    def static(self) -> Markup:
        """Return the files and how each ended as an HTML table."""
        ordered = sorted(
            self.all(), key=lambda row: row.state not in _PROBLEMS
        )  # which a long list may cut off
        rows = [(row.name, bytes_text(row.size), _in_words(row), row.text) for row in ordered]
        counts = Counter(_in_words(row).lower() for row in ordered)
        told = ", ".join(f"{count:,} {state}" for state, count in counts.most_common())
        caption = f"Uploads: {told}" if told else "Uploads"
        return folded(("File", "Size", "State", "Cause"), rows, caption, "No files yet.")


def _in_words(row: FileRow) -> str:
    return _WORDS.get(row.state) or in_words(row.state)


def plain(row: FileRow) -> dict[str, Any]:
    """Return a row as the browser gets it."""
    return vars(row) | {"state": row.state.value}
