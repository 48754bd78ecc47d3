"""A gallery for pages without a kernel: a contact sheet, the map, and a table; and its results."""

from __future__ import annotations

import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from imageproc import Album, Photo
from imageproc.presentation.markup import Markup, table
from imageproc.widgets.panels import photo_views
from imageproc.widgets.panels.contact_sheet import Frame, contact_sheet
from imageproc.widgets.panels.photo_details import place_note
from imageproc.widgets.panels.shown_photos import ShownPhotos
from imageproc.widgets.parts.photo_map import static_map

SHEET = 24
"""Photos of a static rendering."""

_NAMES = 1000
"""Names in the results at most."""


def static_gallery(
    shown: ShownPhotos | None,
    frame: Callable[[Photo], Frame],
    summary: str,
    empty: str,
    album: Album | None = None,
) -> list[Any]:
    """Return what a gallery shows, of the first photos; `empty` if there are none. Reads their thumbnails."""
    photos = [photo for photo in shown.between(0, SHEET) if photo] if shown else []
    if not photos or not shown:
        return [Markup("<p>{}</p>").format(empty)]
    with ThreadPoolExecutor(8) as pool:
        frames = list(pool.map(frame, photos))
    sheet = {"image/webp": base64.b64encode(contact_sheet(frames)).decode()}
    rest = f" The first {len(photos)} are shown here." if shown.total > len(photos) else ""
    of = f"{album.name}: " if album else ""
    said = Markup("<p>{}</p>").format(f"{of}{summary}.{rest}")
    rows = photo_views.summary(photos, shown.view.selection.labels)
    world = static_map(shown.places, place_note(shown))
    return [said, sheet, world, table(["Photo", "Status", "Tags"], rows)]


def gallery_results(album: Album | None, search: str, shown: ShownPhotos | None) -> dict[str, Any]:
    """Return what a gallery shows as plain data: names of a thousand photos at most."""
    return {
        "album": album.name if album else None,
        "search": search,
        "photos": shown.total if shown else 0,
        "statuses": dict(sorted(shown.view.facets("status").items())) if shown else {},
        "names": [photo.name for photo in shown.view.limit(_NAMES)] if shown else [],
        "located": len(shown.places) if shown else 0,
    }
