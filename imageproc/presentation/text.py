"""Text that is safe to show: on one line, printable, and not too long."""

from __future__ import annotations

from collections.abc import Mapping

MAX_TEXT = 300
"""Longest value, in characters."""

_KEPT = "\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"
"""What Python takes for unprintable, and names are written with: joiners make emoji, and letters words."""


def printable(text: str, longest: int = MAX_TEXT) -> str:
    """Return a text on one line, without control characters, and cut if it is longer."""
    # What prints as nothing can turn the text around it: bidirectional formats, say.
    text = text[: 2 * longest]
    clean = "".join(c if c.isprintable() or c in _KEPT else "\N{REPLACEMENT CHARACTER}" for c in text)
    return clean if len(clean) <= longest else f"{clean[: longest - 1]}…"


def cut_in_the_middle(text: str, longest: int) -> str:
    """Return a text of at most so many characters: of a longer one its beginning and its end."""
    if len(text) <= longest:
        return text
    end = longest // 2
    return f"{text[: longest - 1 - end]}…{text[-end:]}"


def in_words(status: str) -> str:
    """Return a status of AWS's or of ours, such as `TIMED_OUT`, for people: `Timed out`."""
    return status.replace("_", " ").capitalize()


def bytes_text(count: float) -> str:
    """Return bytes in powers of 1,000."""
    if count < 1000:
        return f"{count:.0f} bytes"
    for unit in ("kB", "MB"):
        count /= 1000
        if count < 1000:
            return f"{count:.1f} {unit}"
    return f"{count / 1000:.1f} GB"


def there_text(count: int) -> str:
    """Return what is added to a number of photos that came if others were there already."""
    return f", {count:,} {'was' if count == 1 else 'were'} there already" if count else ""


def photos_text(count: int) -> str:
    """Return a number of photos in words."""
    return number_text(count, "photo")


def number_text(count: int, what: str) -> str:
    """Return a number of things in words, of which the plural has an s."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def difference_text(bits: int) -> str:
    """Return in how many of 144 bits two pictures differ, in words."""
    return f"differs in {bits} of 144 bits" if bits else "looks the same"


def alike_text(similarity: float, bits: int | None) -> str:
    """Return how alike two photos are, in words: by embedding or, if bits are given, by hash."""
    return f"{similarity:.2f} alike" if bits is None else difference_text(bits)


def labels_text(labels: Mapping[str, int]) -> str:
    """Return labels, each with its number of photos."""
    return ", ".join(f"{label} ({photos:,})" for label, photos in labels.items())


def coordinates(latitude: float, longitude: float) -> str:
    """Return a place as `51.50740° N, 0.12780° W`, to about a metre."""
    north, east = "S" if latitude < 0 else "N", "W" if longitude < 0 else "E"
    return f"{abs(latitude):.5f}° {north}, {abs(longitude):.5f}° {east}"
