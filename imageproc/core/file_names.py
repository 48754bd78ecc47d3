"""Names for files that are made of photos: a photo ID is any text, and must never choose a path."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from imageproc.core.record import without_digest

_DIGEST_CHARACTERS = 8
_MAX_STEM_BYTES = 150
_MAX_NAME = 100
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}\Z")


def saved_name(name: str) -> str:
    """Return a name for a file that a browser saves: one path component, readable, of any language."""
    clean = re.sub(r"[^\w .()+-]+", "_", unicodedata.normalize("NFC", name)).strip(" ._-")
    return clean[-_MAX_NAME:] or "photos"


def file_name(photo_id: str) -> str:
    """Return the name of the file for a photo: one path component, safe on Linux, macOS and Windows.

    It is the end of the photo ID, readable, and a digest of all of it: different photos have different
    names also where the file system ignores case, and the same photo always has the same one.
    """
    last = without_digest(re.split(r"[/\\]", photo_id)[-1])
    suffix = found[0].lower() if (found := _SUFFIX.search(last)) else ""
    stem = unicodedata.normalize("NFC", last.removesuffix(found[0]) if found else last)
    readable = re.sub(r"[^\w ()+-]+", "_", stem).strip(" _-")
    cut = readable.encode("utf-8", "replace")[:_MAX_STEM_BYTES].decode("utf-8", "ignore").strip()
    digest = hashlib.sha256(photo_id.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_CHARACTERS]
    return f"{cut or 'photo'}-{digest}{suffix}"
