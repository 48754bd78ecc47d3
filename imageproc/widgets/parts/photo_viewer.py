"""One photo: the picture with what was recognised in it, and its record."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

import anywidget
import traitlets

from imageproc.widgets.assets import script, style
from imageproc.widgets.parts.downloads import Download, Downloads
from imageproc.widgets.parts.photo_map import outlines
from imageproc.widgets.updates import update

_LONGEST = 200
"""Characters of a label that are looked at; how many it may have is not decided here."""


@dataclass(frozen=True)
class FactGroup:
    """Facts of one kind: each its name, its value, and an address or nothing."""

    title: str
    rows: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class ViewedPhoto:
    """What the viewer shows of a photo, beside its picture."""

    id: str
    name: str
    position: str = ""
    """Its place among the others, such as `3 of 60`."""
    previous: bool = False
    next: bool = False
    tags: tuple[tuple[str, float | None], ...] = ()
    """Names with confidences in percent."""
    boxes: tuple[tuple[str, float, float, float, float], ...] = ()
    """Name, left, top, width, height: fractions of the upright picture."""
    album: str = ""
    """The name of the album that it is in."""
    place: tuple[float, float] | None = None
    """Latitude and longitude: decimal degrees, WGS 84."""
    groups: tuple[FactGroup, ...] = ()
    said: Mapping[str, str] = field(default_factory=dict)
    """The labels that a person said are there, each with the person's name."""
    corrections: tuple[str, ...] = ()
    """What people said of the labels, in words, the earliest first."""


@dataclass(frozen=True)
class LabelEdit:
    """What a person does with a label: `add`, `remove` or `rename`; or `undo`, whatever was done last."""

    action: str
    label: str = ""
    to: str = ""
    """The other name."""


@dataclass(frozen=True)
class LabelHandlers:
    """What a viewer calls in which labels can be corrected, in a thread of its own."""

    correct: Callable[[str, LabelEdit], str]
    """With a photo's ID; returns what came of it, in words."""
    names: Callable[[], Sequence[str]] = lambda: ()
    """Returns known labels, which are offered."""


@dataclass(frozen=True)
class EncodedImage:
    """An image as bytes of a content type, such as `image/jpeg`."""

    data: bytes
    content_type: str
    reduced: bool = False
    """Whether it has fewer pixels than the photo."""


@dataclass(frozen=True)
class SimilarPicture:
    """A photo that looks like the one that is open."""

    id: str
    name: str
    note: str
    """How alike they are."""
    picture: bytes | None
    """Its thumbnail's bytes."""


class PhotoViewer(anywidget.AnyWidget):
    """A photo in a dialog. `picture` returns its picture by ID; `whole` the one for zooming into a reduced
    one; `original` its file to be saved.

    `run` returns how its processing stands, in words. They are called when a view asks, and nothing of them
    is saved with the notebook. `show_run` is called with the photo's ID, to show it. `on_step` is called with
    -1 for the previous photo and 1 for the next. `similar` returns the photos that look like one, and
    `open_similar` is called with the ID of one of these. With `labels` who looks can correct them.
    """

    _esm = script("spoken.js", "copying.js", "downloads.js", "photo_viewer.js")
    _css = style("downloads.css", "photo_viewer.css")

    photo: Any = traitlets.Dict().tag(sync=True)
    correctable = traitlets.Bool(False).tag(sync=True)
    _renewed: Any = traitlets.Dict()
    """A photo as it is by now, to be shown if it is still open when updates are made."""

    def __init__(
        self,
        *,
        picture: Callable[[str], EncodedImage] | None = None,
        whole: Callable[[str], EncodedImage] | None = None,
        original: Callable[[str], Download | None] = lambda _: None,
        run: Callable[[str], str] = lambda _: "",
        show_run: Callable[[str], object] = lambda _: None,
        on_step: Callable[[int], object] = lambda _: None,
        similar: Callable[[str], Sequence[SimilarPicture]] = lambda _: (),
        open_similar: Callable[[str], object] = lambda _: None,
        labels: LabelHandlers | None = None,
    ) -> None:
        """Show nothing yet."""
        super().__init__(correctable=labels is not None)
        self._labels = labels
        self._pictures = {"picture": picture, "whole": whole}
        self._original, self._run, self._on_step = original, run, on_step
        self._show_run, self._similar, self._open_similar = show_run, similar, open_similar
        self._offered = frozenset[str]()
        # One at a time: a picture takes memory while it is made.
        self._pool = ThreadPoolExecutor(1, "pictures")
        self._downloads = Downloads(self)
        self.on_msg(self._receive)

    def show(self, opened: ViewedPhoto | None) -> None:
        """Open a photo soon, from any thread, or close the viewer."""
        update(self, photo=asdict(opened) if opened else {})

    def renew(self, opened: ViewedPhoto) -> None:
        """Show a photo as it is now soon, from any thread, if it is still open then."""
        update(self, _renewed=asdict(opened))

    @traitlets.observe("_renewed")
    def _show_renewed(self, change: Any) -> None:
        if self.photo and self.photo["id"] == change["new"]["id"]:
            self.photo = change["new"]

    def close(self) -> None:
        """Close the widget, and make no more pictures."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._downloads.close()
        super().close()

    def _receive(self, _widget: Any, message: Any, _buffers: Any) -> None:
        if not isinstance(message, dict):
            return
        kind, shown = message.get("type"), self.photo.get("id")
        if kind == "close":
            self.photo = {}
        elif kind == "step" and message.get("step") in (-1, 1):
            self._on_step(message["step"])
        elif kind == "outlines":
            self.send({"type": "outlines", "land": outlines()["land"]})
        elif shown and message.get("id") == shown:
            self._about(kind, shown)
            self._act(kind, shown, message)
        if kind == "labels" and self._labels:
            self._pool.submit(self._send_names)

    def _act(self, kind: Any, shown: str, message: dict[str, Any]) -> None:
        """Do what is asked with more than the photo that is open."""
        if kind == "open-similar" and message.get("photo") in self._offered:
            self._open_similar(message["photo"])
        elif kind == "label" and (edit := _edit(message)):
            self._pool.submit(self._correct, shown, edit)

    def _about(self, kind: Any, shown: str) -> None:
        """Do what is asked for the photo that is open."""
        senders: dict[str, Callable[[str], None]] = {
            "picture": partial(self._send_picture, "picture"),
            "whole": partial(self._send_picture, "whole"),
            "original": self._send_original,
            "run": self._send_run,
            "similar": self._send_similar,
        }
        if kind == "show-run":
            self._show_run(shown)
        elif kind in senders:
            self._pool.submit(senders[kind], shown)

    def _correct(self, one: str, edit: LabelEdit) -> None:
        if self._labels is None:
            return
        try:
            answer = {"text": self._labels.correct(one, edit)}
        except Exception as error:  # noqa: BLE001 - shown below the labels
            again = edit.label if edit.action == "add" else ""  # goes back into the field
            answer = {"cause": str(error) or repr(error), "again": again}
        self.send({"type": "label", "id": one, **answer})

    def _send_names(self) -> None:
        with contextlib.suppress(Exception):  # nothing is offered then
            self.send({"type": "labels", "names": list(self._labels.names() if self._labels else ())})

    def _send_picture(self, kind: str, one: str) -> None:
        make = self._pictures[kind]
        if self.photo.get("id") != one or make is None:
            return  # another photo has been opened
        try:
            picture = make(one)
        except Exception as error:  # noqa: BLE001 - shown in the picture's place
            self.send({"type": kind, "id": one, "cause": str(error) or repr(error)})
            return
        answer = {"type": kind, "id": one, "media": picture.content_type, "reduced": picture.reduced}
        self.send(answer, [picture.data])

    def _send_original(self, one: str) -> None:
        answer: dict[str, Any] = {"type": "original", "id": one}
        try:
            found = self._original(one)
        except Exception as error:  # noqa: BLE001 - shown beside the button
            self.send({**answer, "cause": str(error) or repr(error)})
            return
        offered = self._downloads.offer(found) if found else {"cause": "There is no original."}
        self.send({"cause": "", **answer, **offered})

    def _send_similar(self, one: str) -> None:
        answer: dict[str, Any] = {"type": "similar", "id": one}
        try:
            found = self._similar(one)
        except Exception as error:  # noqa: BLE001 - shown where they would be
            self.send({**answer, "photos": [], "cause": str(error) or repr(error)})
            return
        self._offered = frozenset(photo.id for photo in found)
        shown = [{"id": photo.id, "name": photo.name, "note": photo.note} for photo in found]
        self.send({**answer, "photos": shown, "cause": ""}, [photo.picture or b"" for photo in found])

    def _send_run(self, one: str) -> None:
        try:
            text = self._run(one)
        except Exception as error:  # noqa: BLE001 - shown where the run would be
            text = str(error) or repr(error)
        self.send({"type": "run", "id": one, "text": text})


def _edit(message: dict[str, Any]) -> LabelEdit | None:
    """Return what a view asks for; None for anything else: anyone can send messages."""
    action, label, to = (message.get(name, "") for name in ("action", "label", "to"))
    if action not in ("add", "remove", "rename", "undo") or not all(
        isinstance(one, str) for one in (label, to)
    ):
        return None
    return LabelEdit(action, label[:_LONGEST], to[:_LONGEST])
