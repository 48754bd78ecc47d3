"""Objects as Jupyter shows them: small pages of HTML that need no kernel, no script and no style sheet.

They are kept in notebooks, so they are bounded in size. They read well in nbconvert and on GitHub, which
keeps tables, pictures and `details`, and drops most styles.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import TypeVar
from urllib.parse import quote

from imageproc.core.record import PhotoRecord
from imageproc.errors import ImageprocError, ImageRejectedError
from imageproc.presentation.facts import facts, first_tags, problem, said_by, tag_confidences
from imageproc.presentation.listings import listing as listing
from imageproc.presentation.markup import Markup
from imageproc.presentation.rendition import make_rendition
from imageproc.presentation.text import photos_text, printable

T = TypeVar("T")
H = TypeVar("H")

MAX_PICTURES = 24
"""The most thumbnails of a contact sheet."""

_PICTURE = (240, 180)
"""The box, width x height in pixels, of a picture that is kept inside the page: some 6 KB."""

_FIGURE = "display:inline-block;vertical-align:top;width:{width}px;margin:0 8px 8px 0"
_IMAGE = "max-width:100%;max-height:150px"
_SMALL = "font-size:85%;overflow-wrap:anywhere"


@dataclass(frozen=True)
class SheetPhoto:
    """A photo on a contact sheet: its record, and the thumbnail's file if there is one."""

    record: PhotoRecord
    thumbnail: bytes | None
    asked: Sequence[str] = ()
    """Labels that were asked for; they are named first."""


def embedded(drawn: object) -> Markup:
    """Return what `static` of a widget draws as HTML: Markup, data by MIME type, or several of these.

    Pictures are put into the page; drawings, too, as pictures, because many readers drop SVG's own elements.
    """
    if isinstance(drawn, Markup):
        return drawn
    if isinstance(drawn, Mapping):
        return Markup("").join(_embedded_picture(kind, data) for kind, data in drawn.items())
    assert isinstance(drawn, Iterable)  # noqa: S101 - by the contract
    return Markup("").join(map(embedded, drawn))


def _embedded_picture(kind: str, data: str) -> Markup:
    """Return a picture of a MIME type, whose data is SVG's text, or base64 as in a notebook."""
    # The numbers of a drawing stay as they are: base64 would be longer by a third.
    encoded = f",{quote(data, safe='/:=,')}" if kind == "image/svg+xml" else f";base64,{data}"
    return Markup('<p><img src="data:{}{}" alt="" style="max-width:100%"></p>').format(kind, encoded)


def tables(each: Iterable[tuple[str, Sequence[str], Iterable[Sequence[object]]]]) -> Markup:
    """Return several tables, each of a caption, columns and rows, below each other."""
    return Markup("").join(listing(columns, rows, caption) for caption, columns, rows in each)


def notes(texts: Iterable[str]) -> Markup:
    """Return each text as a paragraph."""
    return Markup("").join(Markup("<p>{}</p>").format(printable(text)) for text in texts)


def or_why_not(make: Callable[[T], H]) -> Callable[[T], H | Markup]:
    """Have a method that makes HTML say why it cannot: IPython would show a hundred lines of traceback."""

    @wraps(make)
    def told(self: T) -> H | Markup:
        try:
            return make(self)
        except ImageprocError as error:
            return notes([str(error)])

    return told


def pairs(title: str, values: Iterable[tuple[str, object]]) -> Markup:
    """Return names and values below a title; values that are None or empty are left out."""
    rows = [(name, value) for name, value in values if value not in (None, "")]
    return listing((title, ""), rows)


def photo(record: PhotoRecord, thumbnail: bytes | None) -> Markup:
    """Return a photo: its thumbnail, name, what went wrong, tags, and all facts in a fold."""
    said, first = said_by(record), [printable(name) for name in first_tags(record, len(record.tags))]
    tags = ", ".join(
        name + (f" (by {said[name]})" if name in said else f" {sure:.0f} %" if sure is not None else "")
        for name, sure in sorted(tag_confidences(record), key=lambda one: first.index(one[0]) if first else 0)
    )
    known = [(fact.name, fact.value) for fact in facts(record) if fact.name != "Status"]
    fold = Markup("<details><summary>{} facts</summary>{}</details>").format(
        len(known), listing(("Fact", "Value"), known)
    )
    lines = [f"{record.status.capitalize()}", problem(record), tags]
    told = Markup("").join(Markup("<div>{}</div>").format(printable(line)) for line in lines if line)
    return Markup("<div>{}<div><strong>{}</strong></div>{}{}</div>").format(
        _picture(thumbnail, record.name), printable(record.name), told, fold
    )


def contact_sheet(title: str, cards: Sequence[SheetPhoto], total: int) -> Markup:
    """Return at most `MAX_PICTURES` photos as thumbnails with their names, and how many there are in all."""
    shown = cards[:MAX_PICTURES]
    count = photos_text(total)
    if len(shown) < total:
        count += f", {len(shown)} shown"
    head = Markup("<div><strong>{}</strong> {}</div>").format(printable(title), count)
    return head + Markup("<div>{}</div>").format(Markup("").join(map(_figure, shown)))


def _figure(card: SheetPhoto) -> Markup:
    name = printable(card.record.name, 60)
    tags = printable(", ".join(first_tags(card.record, 3, card.asked)) or card.record.status.capitalize(), 60)
    return Markup('<figure style="{}">{}<figcaption style="{}">{}<br>{}</figcaption></figure>').format(
        _FIGURE.format(width=160), _picture(card.thumbnail, card.record.name), _SMALL, name, tags
    )


def _picture(data: bytes | None, name: str) -> Markup:
    """Return a thumbnail inside the page; a text where there is none."""
    try:
        small = make_rendition(data or b"", _PICTURE)
    except ImageRejectedError:
        return Markup("<div><em>no thumbnail</em></div>")
    source = f"data:{small.content_type};base64,{base64.b64encode(small.data).decode()}"
    return Markup('<img src="{}" alt="{}" style="{}">').format(source, printable(name), _IMAGE)
