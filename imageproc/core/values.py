"""EXIF values made safe: text for people to read, finite numbers in range, or None."""

from __future__ import annotations

import math
import unicodedata
from typing import Any

MAX_TEXT = 256
"""Longest text that is kept, in characters."""

_LARGEST = 1e12
_SMALLEST = 1e-12


def text(value: Any) -> str | None:
    """Return a text without NULs, padding and control characters; None if nothing is left.

    EXIF says ASCII; phones write UTF-8, old cameras their own code pages, broken files anything. UTF-8 is
    tried first, Latin-1 is what remains: it reads any bytes, so a wrong guess shows wrong letters but loses
    no tag.
    """
    raw = value.encode("latin-1", "replace") if isinstance(value, str) else value
    if not isinstance(raw, bytes):
        return None
    # Text ends at the first NUL: what follows is the rest of a fixed-length field, often not cleared.
    raw = raw.lstrip(b"\0").split(b"\0", 1)[0]
    try:
        decoded = raw.decode("utf-8")
    except UnicodeDecodeError:
        decoded = raw.decode("latin-1")
    # Category C is controls, surrogates, unassigned, and formats: those can reorder the text around them.
    shown = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in decoded[: 4 * MAX_TEXT])
    return " ".join(shown.split())[:MAX_TEXT].rstrip() or None


def number(value: Any) -> float | None:
    """Return a finite number of a magnitude that DynamoDB and JSON hold, else None. Of several, the first."""
    if isinstance(value, tuple | list):
        value = value[0] if value else None
    if isinstance(value, str | bytes | bytearray | None):
        return None
    try:
        result = float(value)
    except (TypeError, ValueError, ArithmeticError):
        return None
    if not math.isfinite(result) or abs(result) > _LARGEST:
        return None
    return result if abs(result) > _SMALLEST else 0.0


def positive(value: Any) -> float | None:
    """Return a number above zero. EXIF writes 0, or a denominator of 0, for what the camera does not know."""
    result = number(value)
    return result if result is not None and result > 0 else None


def whole(value: Any) -> int | None:
    """Return a whole number, None if it has a fraction. A single byte counts as its value."""
    if isinstance(value, bytes) and len(value) == 1:
        return value[0]
    result = number(value)
    return int(result) if result is not None and result == int(result) else None


def positive_whole(value: Any) -> int | None:
    """Return a whole number above zero."""
    result = whole(value)
    return result if result is not None and result > 0 else None


def orientation(value: Any) -> int | None:
    """Return an EXIF orientation, 1 to 8."""
    result = whole(value)
    return result if result is not None and 1 <= result <= 8 else None
