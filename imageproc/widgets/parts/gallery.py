"""Photos in justified rows, however many: the browser lays them out, and asks for those in view.

The layout (a shape for each photo, and headings) goes to the browser in one message; what is shown of a photo
follows when it comes into view, that of the first photos unasked: a kernel that waits in a cell answers
nothing until the cell ends. Addresses of thumbnails travel in messages alone: a presigned address in a
trait would be saved with the notebook, and anyone who has the notebook could use it.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

import anywidget
import traitlets

from imageproc.widgets.assets import script, style
from imageproc.widgets.parts.downloads import Download, Downloads
from imageproc.widgets.tones import Tone
from imageproc.widgets.updates import update

MOST_AT_ONCE = 200
"""Cards that a view may ask for in one message."""

_AHEAD = 60
"""Cards that follow a layout unasked: BLOCK in static/gallery.js."""

_SCREEN = (0, 12, 32)
"""Where the first messages of them begin, which go first, as many as are seen: addresses take the kernel half
a millisecond each, and the browser fetches some while others are made."""

_PARALLEL = 4

Ranges = Sequence[tuple[int, int]]
"""Numbers of photos, as the first and the last of each run."""


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
    said: tuple[str, ...] = ()
    """Those of the tags that a person said are there."""


@dataclass(frozen=True)
class Layout:
    """Photos as they are to be laid out."""

    aspects: array[float] = field(default_factory=lambda: array("f"))
    """Width by height of each picture."""
    headings: tuple[tuple[int, str], ...] = ()
    """The number of the first photo below each heading, and its text."""
    note: str = ""
    """What is said below the last photo."""


@dataclass(frozen=True)
class Action:
    """What can be done with the photos that are selected."""

    name: str
    label: str
    hint: str = ""


@dataclass(frozen=True)
class GallerySource:
    """Where a gallery gets what it shows, by the photos' numbers from 0. Called in threads of its own."""

    cards: Callable[[int, int], Sequence[Card]]
    """Those from one number to before another."""
    address: Callable[[int], str | None] = lambda _: None
    """A thumbnail's address."""
    thumbnail: Callable[[int], bytes | None] = lambda _: None
    """A thumbnail's bytes, where the address does not work."""


class Gallery(anywidget.AnyWidget):
    """Photos that can be looked through, opened and selected.

    `invitation` is on a button below `empty`, which has the same web app's drop zone ask for files.
    `on_open` is called with the number of the photo to open, `on_select` when `selection` has changed, and
    `on_action` with the name of what is to be done with the selected photos: nothing while `asking`.
    `on_painted` is called when a view has the pictures of its first screen: then there is time for more.
    """

    _esm = script("spoken.js", "copying.js", "downloads.js", "justified.js", "gallery.js")
    _css = style("downloads.css", "gallery.css")

    version = traitlets.Int(0).tag(sync=True)
    count = traitlets.Int(0).tag(sync=True)
    selection: Any = traitlets.List().tag(sync=True)
    size = traitlets.Int(200, min=80, max=480).tag(sync=True)
    loading = traitlets.Bool(False).tag(sync=True)
    actions: Any = traitlets.List().tag(sync=True)
    asking = traitlets.Bool(False).tag(sync=True)
    empty = traitlets.Unicode("No photos here yet.").tag(sync=True)
    invitation = traitlets.Unicode("").tag(sync=True)
    label = traitlets.Unicode("Photos").tag(sync=True)

    def __init__(
        self,
        source: GallerySource,
        *,
        actions: Iterable[Action] = (),
        on_open: Callable[[int], object] = lambda _: None,
        on_select: Callable[[], object] = lambda: None,
        on_action: Callable[[str], object] = lambda _: None,
        on_painted: Callable[[], object] = lambda: None,
        **traits: Any,
    ) -> None:
        """Show nothing before `show`."""
        super().__init__(actions=[asdict(action) for action in actions], **traits)
        self._source, self._layout = source, Layout()
        self._version, self._selected = 0, list[list[int]]()
        self._pool = ThreadPoolExecutor(_PARALLEL, "thumbnails")
        self._downloads = Downloads(self)
        self._on_open, self._on_select, self._on_action = on_open, on_select, on_action
        self._on_painted = on_painted
        self._on_cancel: Callable[[], object] = lambda: None
        self.on_msg(self._receive)

    def on_cancel(self, cancel: Callable[[], object]) -> None:
        """Call this when somebody presses Escape in a form beside the photos, in the same panel."""
        self._on_cancel = cancel

    def show(self, layout: Layout, selection: Ranges = ()) -> None:
        """Show other photos soon, from any thread; those of `selection` are selected."""
        self._layout = layout
        self._version += 1
        count, selected = len(layout.aspects), [list(pair) for pair in selection]
        self._selected = selected
        self._send_layout(ahead=True)  # to views that are there, at once
        if count:
            self._send_ahead(count, self._version)
        update(self, count=count, selection=selected, version=self._version, loading=False)

    def select(self, selection: Iterable[Sequence[int]]) -> None:
        """Select photos, as runs of numbers."""
        self._selected = [list(pair) for pair in selection]
        self.selection = self._selected

    def reveal(self, number: int) -> None:
        """Scroll to a photo."""
        self.send({"type": "reveal", "version": self._version, "number": number})

    def focus(self) -> None:
        """Put the focus on the current photo, unless it is on something else that can be seen."""
        self.send({"type": "focus"})

    def copy(self, text: str, said: str) -> None:
        """Put a text into the clipboard of who looks, and say so."""
        self.send({"type": "copy", "text": text, "said": said})

    def save(self, download: Download) -> None:
        """Have the browser of who looks save a file."""
        self.send({"type": "save", **self._downloads.offer(download)})

    def close(self) -> None:
        """Close the widget, and fetch no more thumbnails."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._downloads.close()
        super().close()

    def _receive(self, _widget: Any, message: Any, _buffers: Any) -> None:
        """Answer a view, only about photos that are shown: anyone can send messages."""
        if not isinstance(message, dict):
            return
        kind = message.get("type")
        if kind == "layout":
            self._send_layout()
        elif kind == "cancel":
            self._on_cancel()
        elif message.get("version") == self._version:  # not about photos that were shown before
            self._about_shown(kind, message)

    def _about_shown(self, kind: Any, message: dict[str, Any]) -> None:
        """Do what a view asks about the photos that are shown."""
        if kind == "action" and self.selection:
            if message.get("name") in {action["name"] for action in self.actions}:
                self._on_action(message["name"])
        elif kind == "select":
            self._select(message.get("ranges"))
        elif kind == "painted":
            self._on_painted()
        else:
            self._about_some(kind, message.get("number"), message.get("count"))

    def _about_some(self, kind: Any, number: Any, count: Any) -> None:
        """Do what is asked for a photo, or for so many from it on."""
        if not isinstance(number, int) or not 0 <= number < len(self._layout.aspects):
            return
        if kind == "open":
            self._on_open(number)
        elif kind == "bytes":
            self._pool.submit(self._send_bytes, number, self._version)
        elif kind == "window" and isinstance(count, int) and 0 < count <= MOST_AT_ONCE:
            self._pool.submit(self._send_window, number, count, self._version)

    def _select(self, ranges: Any) -> None:
        try:
            found = [[int(first), int(last)] for first, last in ranges]
        except (TypeError, ValueError):
            return
        end = len(self._layout.aspects)
        if all(0 <= first <= last < end for first, last in found):
            self.select(found)
            self._on_select()

    def _send_layout(self, *, ahead: bool = False) -> None:
        """Send what is laid out; `ahead` if the first cards follow unasked."""
        layout = self._layout
        answer: dict[str, Any] = {"version": self._version, "headings": layout.headings, "note": layout.note}
        answer |= {"selection": self._selected, "ahead": ahead}
        self.send({"type": "layout", **answer}, [layout.aspects.tobytes()])

    def _send_ahead(self, count: int, version: int) -> None:
        for first, end in pairwise(_SCREEN):  # before anything else is made ready
            if first < count:
                self._send_window(first, end - first, version)
        if count > _SCREEN[-1]:
            self._pool.submit(self._send_window, _SCREEN[-1], _AHEAD - _SCREEN[-1], version)

    def _send_window(self, first: int, count: int, version: int) -> None:
        answer = {"type": "window", "version": version, "number": first}
        try:
            cards = self._source.cards(first, first + count)
        except Exception as error:  # noqa: BLE001 - shown in the photos' place
            self.send({**answer, "cards": [], "cause": str(error) or repr(error)})
            return
        shown = [self._plain(card, first + number) for number, card in enumerate(cards)]
        self.send({**answer, "cards": shown, "cause": ""})

    def _plain(self, card: Card, number: int) -> dict[str, Any]:
        try:
            address = self._source.address(number) if card.thumbnail else None
        except Exception:  # noqa: BLE001 - the view asks for the bytes next, which report the error
            address = None
        return asdict(card) | {"tone": card.tone.value, "address": address}

    def _send_bytes(self, number: int, version: int) -> None:
        answer = {"type": "bytes", "version": version, "number": number}
        try:
            data = self._source.thumbnail(number)
        except Exception as error:  # noqa: BLE001 - shown in the thumbnail's place
            self.send({**answer, "cause": str(error) or repr(error)})
            return
        self.send({**answer, "cause": ""}, [data or b""])
