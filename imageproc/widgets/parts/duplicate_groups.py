"""Groups of photos that are the same or look the same, side by side, and which of them are selected."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import anywidget
import traitlets

from imageproc.presentation.listings import listing
from imageproc.presentation.markup import Markup
from imageproc.widgets.assets import script, style
from imageproc.widgets.updates import update


@dataclass(frozen=True)
class GroupedPhoto:
    """What is shown of a photo in its group."""

    id: str
    name: str
    facts: tuple[str, ...] = ()
    """What tells it from the others: its size, its time, its album."""
    kept: bool = False
    """Whether it is the one that is suggested to be kept."""
    thumbnail: bool = True


class DuplicateGroups(anywidget.AnyWidget):
    """Groups of photos with a check box for each. `selected` are the IDs of those that are checked.

    `address` returns a thumbnail's address by the photo's ID, `thumbnail` its bytes, where the address does
    not work; both are called in threads of their own.
    """

    _esm = script("duplicate_groups.js")
    _css = style("duplicate_groups.css")

    groups: Any = traitlets.List().tag(sync=True)
    selected: Any = traitlets.List().tag(sync=True)

    def __init__(
        self,
        address: Callable[[str], str | None] = lambda _: None,
        thumbnail: Callable[[str], bytes | None] = lambda _: None,
    ) -> None:
        """Show no groups before `show`."""
        super().__init__()
        self._address, self._thumbnail = address, thumbnail
        self._pool = ThreadPoolExecutor(4, "thumbnails")
        self.on_msg(self._receive)

    def show(self, groups: Iterable[Sequence[GroupedPhoto]], selected: Iterable[str] = ()) -> None:
        """Show these groups soon, from any thread; these photos of them are selected."""
        shown = [[asdict(photo) for photo in group] for group in groups]
        update(self, groups=shown, selected=list(selected))

    def close(self) -> None:
        """Close the widget, and fetch no more thumbnails."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        super().close()

    def static(self) -> Markup:
        """Return the groups as a table."""
        rows = [
            (number, photo["name"], "keep" if photo["kept"] else "", " · ".join(photo["facts"]))
            for number, group in enumerate(self.groups, 1)
            for photo in group
        ]
        return listing(["Group", "Photo", "", "About it"], rows, "Duplicates", "No photo is there twice.")

    def _receive(self, _widget: Any, message: Any, _buffers: Any) -> None:
        """Answer a view, only about photos that are shown: anyone can send messages."""
        if not isinstance(message, dict):
            return
        kind, photo_id = message.get("type"), message.get("id")
        if photo_id not in {photo["id"] for group in self.groups for photo in group}:
            return
        if kind == "select":
            others = [one for one in self.selected if one != photo_id]
            self.selected = [*others, photo_id] if message.get("on") is True else others
        elif kind in ("address", "bytes"):
            self._pool.submit(self._send_thumbnail, str(photo_id), kind)

    def _send_thumbnail(self, photo_id: str, kind: str) -> None:
        answer: dict[str, Any] = {"type": kind, "id": photo_id}
        try:
            if kind == "bytes":
                self.send(answer, [self._thumbnail(photo_id) or b""])
            else:
                self.send({**answer, "address": self._address(photo_id) or ""})
        except Exception:  # noqa: BLE001 - a photo without a thumbnail is shown all the same
            self.send({**answer, "address": ""})
