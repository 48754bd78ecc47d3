"""Whether a page looks as it did: where its regions are, and a small picture of it.

Both are coarse on purpose. Other fonts and other versions of the browser move things by some pixels; a broken
style sheet moves them by hundreds, or makes them disappear.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

EXPECTED = Path(__file__).parent / "expected"
_BOXES = EXPECTED / "boxes.json"

Boxes = dict[str, list[int] | None]
"""Each region's left and upper edge, width and height, in pixels of the window; None: it is not shown."""

_CELL = 20
"""Pixels of the page for one of the small picture."""

_ACROSS, _ACROSS_SHARE = 16, 0.05
_DOWN, _DOWN_SHARE = 48, 0.2
"""How far a region may move or grow: in pixels, or as a share of the window's width and of its own height."""

_LEVELS, CELLS = 48, 0.08
"""By how many levels of 256 a cell may differ, and which share of a picture's cells may differ by more."""


def measure(page: Any, regions: Mapping[str, str]) -> Boxes:
    """Return where the regions are."""
    boxes: Boxes = {}
    for name, selector in regions.items():
        found = page.locator(selector).first
        box = found.bounding_box() if found.is_visible() else None
        boxes[name] = [round(box[key]) for key in ("x", "y", "width", "height")] if box else None
    return boxes


def moved(expected: Boxes, found: Boxes, width: int) -> Iterator[str]:
    """Say which regions are not where they were in a window of this width."""
    for name, before in expected.items():
        now = found.get(name)
        if before is None or now is None:
            if before != now:
                yield f"{name} is {'shown' if now else 'not shown'}"
            continue
        across = max(_ACROSS, _ACROSS_SHARE * width)
        down = max(_DOWN, _DOWN_SHARE * before[3])
        near = [abs(one - other) for one, other in zip(before, now, strict=True)]
        if near[0] > across or near[2] > across or near[1] > down or near[3] > down:
            yield f"{name} is at {now}, and was at {before}"


def small(screenshot: bytes) -> Image.Image:
    """Return a screenshot with one pixel for each cell."""
    with Image.open(io.BytesIO(screenshot)) as picture:
        size = max(1, picture.width // _CELL), max(1, picture.height // _CELL)
        return picture.convert("RGB").resize(size, Image.Resampling.BOX)


def changed(expected: Image.Image, found: Image.Image) -> float:
    """Return the share of cells that differ, from 0 to 1."""
    if expected.size != found.size:
        return 1.0
    before, now = (np.asarray(one.convert("RGB"), dtype=np.int16) for one in (expected, found))
    return float((np.abs(before - now).max(axis=2) > _LEVELS).mean())


def differences(name: str, width: int, boxes: Boxes, screenshot: bytes, scheme: str) -> list[str]:
    """Say how a page differs from what was recorded; nothing if it does not."""
    recorded = json.loads(_BOXES.read_text()).get(name, {})
    wrong = list(moved(recorded.get(str(width), {"the record": [0, 0, 0, 0]}), boxes, width))
    picture = _picture(name, width, scheme)
    share = changed(Image.open(picture), small(screenshot)) if picture.exists() else 1.0
    if share > CELLS:
        wrong.append(f"{share:.0%} of the picture differ")
    return [f"{name}, {width} px, {scheme}: {one}" for one in wrong]


def record(name: str, width: int, boxes: Boxes, screenshot: bytes, scheme: str) -> None:
    """Record how a page looks."""
    EXPECTED.mkdir(exist_ok=True)
    recorded = json.loads(_BOXES.read_text()) if _BOXES.exists() else {}
    recorded.setdefault(name, {})[str(width)] = boxes
    lines = [f'  "{one}": {json.dumps(all_, sort_keys=True)}' for one, all_ in sorted(recorded.items())]
    _BOXES.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    small(screenshot).quantize(64).save(_picture(name, width, scheme), optimize=True)


def _picture(name: str, width: int, scheme: str) -> Path:
    return EXPECTED / f"{name}-{width}-{scheme}.png"
