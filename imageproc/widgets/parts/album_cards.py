"""Albums as cards with a cover, a name and a count, and one more to make a new album."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import anywidget
import traitlets

from imageproc.widgets.assets import script, style
from imageproc.widgets.updates import update

_LONGEST = 200
"""Characters of a new album's name."""


@dataclass(frozen=True)
class AlbumCard:
    """What is shown of an album."""

    id: str
    name: str
    count: int
    """Photos in it."""
    cover: str = ""
    """Changes when the picture may be another one; empty if there is none."""
    about: str = ""
    """Its description in one line."""


@dataclass(frozen=True)
class AlbumCardHandlers:
    """What the cards call. Those of covers are called in a thread of their own."""

    open: Callable[[str], object] = lambda _: None
    """With the ID of the album to open."""
    create: Callable[[str], object] = lambda _: None
    """With the name of the album to make."""
    address: Callable[[str], str | None] = lambda _: None
    """Returns the address of an album's cover."""
    cover: Callable[[str], bytes | None] = lambda _: None
    """Returns the cover's bytes, where the address does not work."""


class AlbumCards(anywidget.AnyWidget):
    """Cards to choose an album from.

    Addresses of covers travel in messages: traits are saved with the notebook.
    """

    _esm = script("album_cards.js")
    _css = style("album_cards.css")

    cards: Any = traitlets.List().tag(sync=True)
    loading = traitlets.Bool(True).tag(sync=True)
    known = traitlets.Bool(False).tag(sync=True)

    def __init__(self, handlers: AlbumCardHandlers) -> None:
        """Show nothing before `show`."""
        super().__init__()
        self._handlers = handlers
        self._some = False
        self._pool = ThreadPoolExecutor(4, "covers")
        self.on_msg(self._receive)

    def show(self, cards: Iterable[AlbumCard]) -> None:
        """Show these albums soon, from any thread."""
        found = [asdict(card) for card in cards]
        self._some = bool(found)
        update(self, cards=found, loading=False, known=True)

    def wait(self) -> None:
        """Show no albums until they are known."""
        self._some = False
        update(self, cards=[], loading=True, known=False)

    def give_up(self) -> None:
        """Show what was shown last, if that is albums: whether there are none is not known."""
        update(self, loading=False, known=self._some)

    def close(self) -> None:
        """Close the widget, and fetch no more covers."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        super().close()

    def _receive(self, _widget: Any, message: Any, _buffers: Any) -> None:
        """Answer a view, only about albums that are shown: anyone can send messages."""
        if not isinstance(message, dict):
            return
        kind, text = message.get("type"), str(message.get("text", ""))[:_LONGEST]
        known = text in {card["id"] for card in self.cards}
        if kind == "create" and text.strip():
            self._handlers.create(text.strip())
        elif kind == "open" and known:
            self._handlers.open(text)
        elif kind in ("address", "cover") and known:
            self._pool.submit(self._send_cover, text, kind)

    def _send_cover(self, album_id: str, kind: str) -> None:
        answer: dict[str, Any] = {"type": kind, "id": album_id}
        try:
            if kind == "cover":
                self.send(answer, [self._handlers.cover(album_id) or b""])
            else:
                self.send({**answer, "address": self._handlers.address(album_id) or ""})
        except Exception:  # noqa: BLE001 - an album without a cover is shown all the same
            self.send({**answer, "address": ""})
