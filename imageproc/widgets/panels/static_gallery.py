"""A gallery for pages without a kernel: a contact sheet, the map, and a table."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from imageproc import Photo
from imageproc.presentation.markup import Markup, table
from imageproc.widgets.panels import photo_views
from imageproc.widgets.panels.contact_sheet import Frame, contact_sheet


def static_gallery(
    photos: Sequence[Photo], frame: Callable[[Photo], Frame], summary: str, total: int, world: Any
) -> list[Any]:
    """Return what a gallery of so many photos shows, of the first ones. Reads their thumbnails."""
    with ThreadPoolExecutor(8) as pool:
        frames = list(pool.map(frame, photos))
    sheet = {"image/jpeg": base64.b64encode(contact_sheet(frames)).decode()}
    rest = f" The first {len(photos)} are shown here." if total > len(photos) else ""
    said = Markup("<p>{}</p>").format(f"{summary}.{rest}")
    return [said, sheet, world, table(["Photo", "Status", "Tags"], photo_views.summary(photos))]
