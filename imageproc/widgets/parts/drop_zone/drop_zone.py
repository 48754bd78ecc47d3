"""Photos and folders are dropped here, and go from the browser to where a courier says, four at a time.

The browser tells and asks in messages that hold many files each (`news`), and gets its answers so, too. The
bytes of files come here only if the browser cannot reach the courier's address (`chunk`).
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

import anywidget
import traitlets

from imageproc.widgets.assets import script, style
from imageproc.widgets.markup import Markup
from imageproc.widgets.painter import paint
from imageproc.widgets.parts.drop_zone.courier import Courier, Ended, Form, State, dropped
from imageproc.widgets.parts.drop_zone.rows import Row, Rows, plain
from imageproc.widgets.parts.drop_zone.spool import Spool

_CALLS = 8
"""Calls of the courier at a time."""

_SHOWN = 300
"""Files of the kernel's own that a page gets; those that need somebody first, then the newest."""


class DropZone(anywidget.AnyWidget):
    """A place to drop files on. `enabled` says whether it takes any, `hint` why or where to.

    `signatures` are the beginnings of acceptable files (hexadecimal) by content type; other files, and those
    of more than `max_bytes`, are rejected by the browser at once.
    """

    _esm = script("transfers.js", "drop_zone.js")
    _css = style("drop_zone.css")

    uid = traitlets.Unicode().tag(sync=True)
    signatures = traitlets.Dict().tag(sync=True)
    max_bytes = traitlets.Int(0).tag(sync=True)
    parallel = traitlets.Int(4).tag(sync=True)
    chunk_bytes = traitlets.Int(4 * 1024 * 1024).tag(sync=True)
    enabled = traitlets.Bool(True).tag(sync=True)
    hint = traitlets.Unicode("").tag(sync=True)
    listed: Any = traitlets.List().tag(sync=True)

    def __init__(self, courier: Courier, **traits: Any) -> None:
        """Give the files to this courier."""
        self.rows = Rows()
        self._courier = courier
        self._spool = Spool()
        self._batches = ThreadPoolExecutor(4, "drop-zone-batch")
        self._calls = ThreadPoolExecutor(_CALLS, "drop-zone-call")
        super().__init__(uid=uuid.uuid4().hex, **traits)
        self.on_msg(self._receive)

    def publish(self) -> None:
        """Have pages show the files as they are now; those that a page sends itself it knows better."""
        shown = [row for row in self.rows.all() if _belongs_here(row)]
        urgent = [row for row in shown if row.state in (State.SENDING, State.FAILED, State.REJECTED)]
        others = [row for row in reversed(shown) if row not in urgent] if len(shown) > _SHOWN else shown
        chosen = {row.id for row in islice((*urgent, *others), _SHOWN)}
        paint(self, listed=[plain(row) for row in shown if row.id in chosen])

    def static(self) -> Markup:
        """Return the files and how each ended as HTML, for pages where no kernel runs."""
        return self.rows.static()

    def close(self) -> None:
        """Take no more files."""
        self._batches.shutdown(wait=False, cancel_futures=True)
        self._calls.shutdown(wait=False, cancel_futures=True)
        self._spool.close()
        super().close()

    def _receive(self, _: Any, content: Any, buffers: list[Any]) -> None:
        """Take a message of a page. Runs on any thread; the work is done on others."""
        session = content.get("session") if isinstance(content, dict) else None
        if not isinstance(session, str):
            return
        if content.get("type") == "news":
            self._batches.submit(self._answer, session, content)
        elif content.get("type") == "chunk" and buffers:
            self._take_chunk(session, content, bytes(buffers[0]))

    def _answer(self, session: str, news: Mapping[str, Any]) -> None:
        """Answer all that a message asks with one message."""
        ended = [told for told in _told(news, "ended") if self._note(told)]
        offers = _told(news, "offers")
        for told in offers:
            self.rows.add(told["id"], told.get("name"), told.get("size"))
        confirmed = self._calls.map(self._confirm, [told["id"] for told in ended])
        admitted = self._calls.map(self._admit, offers)
        answers = [*confirmed, *admitted]
        if answers:
            self.send({"type": "answers", "session": session, "files": answers})
        own = (row for row in self.rows.all() if row.id.startswith(session))
        if all(row.state.ended for row in own):
            self.publish()

    def _note(self, told: Mapping[str, Any]) -> bool:
        """Note how the browser says that a file fared; return whether that is to be confirmed."""
        identifier, state = told["id"], str(told.get("state"))
        if state == "posted":
            return self.rows.state(identifier) is State.SENDING
        if state not in (State.FAILED, State.CANCELLED, State.THERE, State.REJECTED):
            return False
        if self.rows.state(identifier) is None:
            self.rows.add(identifier, told.get("name"), told.get("size"))
        self.rows.change(identifier, State(state), str(told.get("text") or ""))
        self._spool.discard(identifier)
        self._courier.forget(identifier)
        return False

    def _admit(self, told: Mapping[str, Any]) -> dict[str, Any]:
        identifier = told["id"]
        try:
            found = self._courier.admit(dropped(identifier, told))
        except Exception as error:  # noqa: BLE001 - the file must end somehow, and the browser hear of it
            found = Ended(State.FAILED, str(error) or repr(error))
        if isinstance(found, Form):
            self.rows.change(identifier, State.SENDING)
            form = {"url": found.url, "fields": dict(found.fields), "seconds": found.seconds}
            return {"id": identifier, "form": form}
        return self._end(identifier, found)

    def _confirm(self, identifier: str) -> dict[str, Any]:
        try:
            return self._end(identifier, self._courier.confirm(identifier))
        except Exception as error:  # noqa: BLE001 - as above
            return self._end(identifier, Ended(State.FAILED, str(error) or repr(error)))

    def _end(self, identifier: str, ended: Ended) -> dict[str, Any]:
        self.rows.change(identifier, ended.state, ended.text)
        return {"id": identifier, "state": ended.state.value, "text": ended.text}

    def _take_chunk(self, session: str, content: Mapping[str, Any], data: bytes) -> None:
        """Keep a piece of a file, and have the next one sent; the last one sends the file on its way."""
        identifier, offset = content.get("id"), content.get("offset")
        if not isinstance(identifier, str) or self.rows.state(identifier) is not State.SENDING:
            return
        wrong = self._spool.add(identifier, offset, data, self.max_bytes)
        if wrong:
            self._courier.forget(identifier)
            answer = self._end(identifier, Ended(State.FAILED, wrong))
            self.send({"type": "answers", "session": session, "files": [answer]})
            return
        self.send({"type": "ack", "session": session, "id": identifier, "offset": offset})
        if content.get("last"):
            self._batches.submit(self._carry, session, identifier)

    def _carry(self, session: str, identifier: str) -> None:
        try:
            ended = self._spool.take(identifier, lambda body: self._courier.carry(identifier, body))
        except Exception as error:  # noqa: BLE001 - as above
            ended = Ended(State.FAILED, str(error) or repr(error))
        answer = self._end(identifier, ended)
        with contextlib.suppress(Exception):  # the widget was closed meanwhile
            self.send({"type": "answers", "session": session, "files": [answer]})


def _told(news: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
    """Return the files that a message tells of; what is no file is left out."""
    files = news.get(kind)
    return list(_files(files)) if isinstance(files, list) else []


def _files(files: list[Any]) -> Iterator[dict[str, Any]]:
    for told in files:
        if isinstance(told, dict) and isinstance(told.get("id"), str) and len(told["id"]) <= 64:
            yield told


def _belongs_here(row: Row) -> bool:
    """Whether all pages show it: files of the kernel's own, and others when they have ended."""
    return row.state.ended or row.id.startswith("kernel-")
