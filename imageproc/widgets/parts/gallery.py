"""Thumbnails on pages. The browser fetches those in view, by addresses that are not stored anywhere.

A presigned address in a trait would be saved with the notebook, and anyone who has the notebook could use it.
So addresses and bytes travel in messages, when a view asks for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import anywidget
import traitlets

from imageproc.widgets.assets import script, style
from imageproc.widgets.tones import Tone
from imageproc.widgets.updates import update

PAGE_SIZE = 60

_PARALLEL = 4


@dataclass(frozen=True)
class Card:
    """What the gallery shows of a photo."""

    id: str
    name: str
    note: str = ""
    """Why there is no thumbnail, or what is missing beside it."""
    tone: Tone = Tone.INFO
    tags: tuple[tuple[str, float | None], ...] = ()
    """Names with confidences in percent."""
    thumbnail: bool = True


class Gallery(anywidget.AnyWidget):
    """One page of cards. `address` gives a thumbnail's address by ID, `thumbnail` its bytes.

    The view asks for the bytes where the address does not work. `on_page` is called
    with the page to show, and calls `show`; `on_open` with the photo to open.
    """

    _esm = script("gallery.js")
    _css = style("gallery.css")

    items: Any = traitlets.List().tag(sync=True)
    page = traitlets.Int(0).tag(sync=True)
    first = traitlets.Int(0).tag(sync=True)
    total = traitlets.Int(0).tag(sync=True)
    more = traitlets.Bool(False).tag(sync=True)
    loading = traitlets.Bool(False).tag(sync=True)
    marked = traitlets.List(traitlets.Unicode()).tag(sync=True)
    empty = traitlets.Unicode("No photos in this album yet.").tag(sync=True)
    label = traitlets.Unicode("Photos").tag(sync=True)

    def __init__(
        self,
        cards: Iterable[Card] = (),
        *,
        address: Callable[[str], str | None] = lambda _: None,
        thumbnail: Callable[[str], bytes | None] = lambda _: None,
        on_page: Callable[[int], object] = lambda _: None,
        on_open: Callable[[str], object] = lambda _: None,
        **traits: Any,
    ) -> None:
        """Show these cards as the first page."""
        shown = [_plain(card) for card in cards]
        super().__init__(**{"items": shown, "total": len(shown), **traits})
        self._address, self._thumbnail = address, thumbnail
        self._pool = ThreadPoolExecutor(_PARALLEL, "thumbnails")
        self._on_page, self._on_open = on_page, on_open
        self.on_msg(self._receive)

    def show(self, cards: Iterable[Card], *, page: int, first: int, total: int, more: bool) -> None:
        """Show a page soon, from any thread: its number from 0, and the number of photos before it.

        `total` is the number of all photos, -1 if it is not known; `more` says whether others follow these.
        """
        items = [_plain(card) for card in cards]
        update(self, items=items, page=page, first=first, total=total, more=more, loading=False)

    def close(self) -> None:
        """Close the widget, and fetch no more thumbnails."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        super().close()

    def _receive(self, _widget: Any, message: Any, _buffers: Any) -> None:
        """Answer a view, only about photos on the page: anyone can send messages."""
        if not isinstance(message, dict):
            return
        known = {item["id"] for item in self.items}
        kind, asked = message.get("type"), message.get("ids")
        ids = [one for one in asked if one in known] if isinstance(asked, list) else []
        if kind == "addresses":
            self._pool.submit(self._send_addresses, ids)
        elif kind == "bytes":
            for one in ids:
                self._pool.submit(self._send_bytes, one)
        elif kind == "open" and ids:
            self._on_open(ids[0])
        elif kind == "page" and isinstance(message.get("page"), int) and message["page"] >= 0:
            self._on_page(message["page"])

    def _send_addresses(self, ids: list[str]) -> None:
        found = {}
        for one in ids:
            try:
                found[one] = self._address(one)
            except Exception:  # noqa: BLE001 - the view asks for the bytes next, which report the error
                found[one] = None
        self.send({"type": "addresses", "addresses": found})

    def _send_bytes(self, one: str) -> None:
        try:
            data = self._thumbnail(one)
        except Exception as error:  # noqa: BLE001 - shown in the thumbnail's place
            self.send({"type": "bytes", "id": one, "cause": str(error) or repr(error)})
            return
        self.send({"type": "bytes", "id": one, "cause": ""}, [data or b""])


def _plain(card: Card) -> dict[str, Any]:
    return asdict(card) | {"tone": card.tone.value}
