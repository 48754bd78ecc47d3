"""Photos and folders are dropped here; the browser sends them where an upload handler says, four at a time.

The browser reports in messages that hold many files each (`batch`), and is answered in the same way. The
bytes of files come here only if the browser cannot reach the address of the presigned post (`chunk`).
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, TypeVar

import anywidget
import traitlets

from imageproc.presentation.markup import Markup
from imageproc.widgets.assets import script, style
from imageproc.widgets.parts.drop_zone.chunks import ChunkAssembler
from imageproc.widgets.parts.drop_zone.file_rows import FileRows, plain
from imageproc.widgets.parts.drop_zone.upload_handler import (
    DroppedFile,
    UploadHandler,
    UploadResult,
    UploadState,
)
from imageproc.widgets.updates import update

T = TypeVar("T")

_CALLS = 8
"""Calls of the upload handler at a time."""

_SHOWN = 300
"""Files of the kernel's own that a page gets: those with problems first, then the newest."""


class DropZone(anywidget.AnyWidget):
    """A place to drop files on. `enabled` says whether it takes any, `hint` why or where to.

    `signatures` are the beginnings of acceptable files (hexadecimal) by content type; other files, and those
    of more than `max_bytes`, are rejected by the browser at once. With `anywhere` files may be dropped on all
    of the element of class `ip-app` around it, and the list of files is a tray. `allow_duplicates` is a check
    box: what it means is the handler's. During an outage all files wait for at most
    `outage_timeout_s` seconds, and one after the other is tried again.
    """

    _esm = script("spoken.js", "transfers.js", "drop_zone.js")
    _css = style("drop_zone.css")

    uid = traitlets.Unicode().tag(sync=True)
    signatures = traitlets.Dict().tag(sync=True)
    max_bytes = traitlets.Int(0).tag(sync=True)
    parallel = traitlets.Int(4).tag(sync=True)
    outage_timeout_s = traitlets.Float(0).tag(sync=True)
    chunk_bytes = traitlets.Int(4 * 1024 * 1024).tag(sync=True)
    enabled = traitlets.Bool(True).tag(sync=True)
    anywhere = traitlets.Bool(False).tag(sync=True)
    allow_duplicates = traitlets.Bool(False).tag(sync=True)
    hint = traitlets.Unicode("").tag(sync=True)
    listed: Any = traitlets.List().tag(sync=True)

    def __init__(self, handler: UploadHandler, **traits: Any) -> None:
        """Give the files to this handler."""
        self.rows = FileRows()
        self._handler = handler
        self._chunks = ChunkAssembler()
        self._batches = ThreadPoolExecutor(4, "drop-zone-batch")
        self._calls = ThreadPoolExecutor(_CALLS, "drop-zone-call")
        super().__init__(uid=uuid.uuid4().hex, **traits)
        self.on_msg(self._receive)

    def publish(self) -> None:
        """Send pages the current rows. A page knows the files that it sends itself better, until they end."""
        shown = [row for row in self.rows.listed() if row.state.ended or row.id.startswith("kernel-")]
        urgent = [
            row
            for row in shown
            if row.state in (UploadState.SENDING, UploadState.FAILED, UploadState.REJECTED)
        ]
        others = [row for row in reversed(shown) if row not in urgent] if len(shown) > _SHOWN else shown
        chosen = {row.id for row in islice((*urgent, *others), _SHOWN)}
        update(self, listed=[plain(row) for row in shown if row.id in chosen])

    def fold(self) -> None:
        """Hide the list of files, until somebody shows it again."""
        self.send({"type": "fold"})

    def static(self) -> Markup:
        """Return the files and how each ended as HTML, for pages without a kernel."""
        return self.rows.static()

    def close(self) -> None:
        """Take no more files."""
        self._batches.shutdown(wait=False, cancel_futures=True)
        self._calls.shutdown(wait=False, cancel_futures=True)
        self._chunks.close()
        super().close()

    def _receive(self, _: Any, content: Any, buffers: list[Any]) -> None:
        """Take a message from a page. FollowedPhotos on any thread; the work is done on others."""
        session = content.get("session") if isinstance(content, dict) else None
        if not isinstance(session, str):
            return
        if content.get("type") == "batch":
            self._batches.submit(self._answer, session, content)
        elif content.get("type") == "chunk" and buffers:
            self._take_chunk(session, content, bytes(buffers[0]))
        elif content.get("type") == "clear":
            self.rows.clear()
            self.publish()

    def _answer(self, session: str, batch: Mapping[str, Any]) -> None:
        """Answer everything that a message asks with one message."""
        posted = [report["id"] for report in _entries(batch, "reports") if self._note(report)]
        offers = _entries(batch, "offers")
        for offer in offers:
            self.rows.add(offer["id"], offer.get("name"), offer.get("size"))
        confirmed = self._calls.map(self._confirm, posted)
        presigned = self._calls.map(self._presign, offers)
        answers = [*confirmed, *presigned]
        if answers:
            self.send({"type": "answers", "session": session, "files": answers})
        own = (row for row in self.rows.all() if row.id.startswith(session))
        if all(row.state.ended for row in own):
            self.publish()

    def _note(self, report: Mapping[str, Any]) -> bool:
        """Note the state that the browser reports; return whether the upload is to be confirmed."""
        file_id, state = report["id"], str(report.get("state"))
        if state == "posted":
            return self.rows.state(file_id) is UploadState.SENDING
        if state not in set(UploadState) or state == UploadState.SENT or not UploadState(state).ended:
            return False
        if self.rows.state(file_id) is None:
            self.rows.add(file_id, report.get("name"), report.get("size"))
        self.rows.change(file_id, UploadState(state), str(report.get("text") or ""))
        self._chunks.discard(file_id)
        self._handler.discard(file_id)
        return False

    def _presign(self, offer: Mapping[str, Any]) -> dict[str, Any]:
        file_id = offer["id"]
        found = _guarded(lambda: self._handler.presign(DroppedFile.parse(offer)))
        if isinstance(found, UploadResult):
            return self._end(file_id, found)
        self.rows.change(file_id, UploadState.SENDING, album=found.album)
        post = {"url": found.url, "fields": dict(found.fields), "seconds": found.seconds}
        return {"id": file_id, "post": post, "album": found.album}

    def _confirm(self, file_id: str) -> dict[str, Any]:
        return self._end(file_id, _guarded(lambda: self._handler.confirm(file_id)))

    def _end(self, file_id: str, result: UploadResult) -> dict[str, Any]:
        if result.outage and self.outage_timeout_s > 0:  # the page tries it again
            self.rows.change(file_id, UploadState.WAITING, result.text)
            return {"id": file_id, "text": result.text, "outage": True}
        self.rows.change(file_id, result.state, result.text, album=result.album)
        return {"id": file_id, "state": result.state.value, "text": result.text, "album": result.album}

    def _take_chunk(self, session: str, content: Mapping[str, Any], data: bytes) -> None:
        """Keep a chunk of a file, and ask for the next one; after the last one, upload the file."""
        file_id, offset = content.get("id"), content.get("offset")
        if not isinstance(file_id, str) or self.rows.state(file_id) is not UploadState.SENDING:
            return
        wrong = self._chunks.add(file_id, offset, data, self.max_bytes)
        if wrong:
            self._handler.discard(file_id)
            answer = self._end(file_id, UploadResult(UploadState.FAILED, wrong))
            self.send({"type": "answers", "session": session, "files": [answer]})
            return
        self.send({"type": "ack", "session": session, "id": file_id, "offset": offset})
        if content.get("last"):
            self._batches.submit(self._upload, session, file_id)

    def _upload(self, session: str, file_id: str) -> None:
        def upload() -> UploadResult:
            with self._chunks.take(file_id) as body:
                return self._handler.upload(file_id, body)

        answer = self._end(file_id, _guarded(upload))
        with contextlib.suppress(Exception):  # the widget was closed in the meantime
            self.send({"type": "answers", "session": session, "files": [answer]})


def _guarded(call: Callable[[], T]) -> T | UploadResult:
    """Return what a call of the handler returns. An error ends the upload of its file alone."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - shown as the file's
        return UploadResult(UploadState.FAILED, str(error) or repr(error))


def _entries(batch: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
    """Return the files in a message; entries that describe no file are left out."""
    entries = batch.get(kind)
    return [entry for entry in entries if _is_file(entry)] if isinstance(entries, list) else []


def _is_file(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("id"), str) and len(entry["id"]) <= 64
