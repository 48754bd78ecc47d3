"""A contact sheet to give away: one HTML file that needs nothing else, and runs nothing.

Its pictures are inside. It is light or dark as the system is, and can be printed.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from datetime import date

from imageproc.core.formats import CONTENT_TYPES, SNIFF_BYTES, sniff
from imageproc.core.record import PhotoRecord
from imageproc.errors import ImageRejectedError
from imageproc.presentation.facts import first_tags
from imageproc.presentation.markup import Markup
from imageproc.presentation.text import coordinates, photos_text, printable

_LONGEST_NOTE = 5000

_STYLE = Markup("""
:root { color-scheme: light dark; }
body { margin: 0 auto; padding: 24px; max-width: 1400px; font: 14px/1.45 system-ui, sans-serif;
  color: light-dark(#212121, #e8e8e8); background: light-dark(#fff, #111); overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 26px; line-height: 1.2; }
header p { margin: 4px 0 0; max-width: 70ch; white-space: pre-line; }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(200px, 1fr)); gap: 24px 16px;
  margin-top: 24px; }
figure { margin: 0; break-inside: avoid; }
figure > div { height: 190px; display: flex; align-items: center; justify-content: center; border-radius: 6px;
  background: light-dark(#f2f2f2, #212121); }
img { max-width: 100%; max-height: 100%; border-radius: 4px; }
figcaption { margin-top: 6px; font-size: 13px; }
small, header p:last-child { font-size: 12px; color: light-dark(#595959, #b4b4b4); }
small { display: block; }
@media print {
  :root { color-scheme: light; }
  body { padding: 0; max-width: none; }
  main { grid-template-columns: repeat(4, 1fr); gap: 12px 10px; }
  figure > div { height: 40mm; background: none; }
}
""")

_HEAD = Markup("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<header>
<h1>{title}</h1>
{note}<p>{summary}</p>
</header>
<main>
""")

_FIGURE = Markup("<figure><div>{}</div><figcaption><strong>{}</strong>{}</figcaption></figure>\n")


def begin(title: str, note: str, records: Sequence[PhotoRecord]) -> Markup:
    """Return the page up to the first photo: a title, a text that may be empty, and what there is."""
    text = note.strip()[:_LONGEST_NOTE]
    lines = "\n".join(printable(line, _LONGEST_NOTE) for line in text.splitlines())
    told = Markup("<p>{}</p>\n").format(lines) if lines else ""
    summary = " · ".join(_summary(records))
    return _HEAD.format(title=printable(title), style=_STYLE, note=told, summary=summary)


def figure(record: PhotoRecord, thumbnail: bytes | None, *, place: bool) -> Markup:
    """Return a photo: its thumbnail, name, time, camera and tags, and with `place` where it was taken."""
    name = printable(record.name, 100)
    lines = Markup("").join(
        Markup("<small>{}</small>").format(printable(one)) for one in _lines(record, place)
    )
    return _FIGURE.format(_picture(thumbnail, name), name, lines)


def end() -> Markup:
    """Return what follows the last photo."""
    return Markup("</main>\n</body>\n</html>\n")


def _summary(records: Sequence[PhotoRecord]) -> Iterator[str]:
    yield photos_text(len(records))
    days = sorted(record.taken.date() for record in records if record.taken)
    if days:
        yield _day(days[0]) if days[0] == days[-1] else f"{_day(days[0])} to {_day(days[-1])}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _lines(record: PhotoRecord, place: bool) -> Iterator[str]:
    if record.taken:
        yield f"{_day(record.taken.date())}, {record.taken:%H:%M}"
    if record.camera.name:
        yield record.camera.name
    if record.tags:
        yield ", ".join(first_tags(record, 6))
    if place and record.place:
        yield coordinates(record.place.latitude, record.place.longitude)


def _picture(data: bytes | None, name: str) -> Markup:
    """Return a thumbnail inside the page; a text where there is none."""
    try:
        kind = CONTENT_TYPES[sniff((data or b"")[:SNIFF_BYTES])]
    except ImageRejectedError:
        return Markup("<small>no thumbnail</small>")
    source = f"data:{kind};base64,{base64.b64encode(data or b'').decode()}"
    return Markup('<img src="{}" alt="{}" loading="lazy">').format(source, name)
