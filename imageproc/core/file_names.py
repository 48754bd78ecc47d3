"""Names for files that are made of photos: a photo ID is any text, and must never choose a path."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable

from imageproc.core.record import without_digest

_DIGEST_CHARACTERS, _ALL_CHARACTERS = 8, 64
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
"""Names of devices on Windows, whatever their suffix is."""
_MAX_STEM_BYTES = 150
_MAX_NAME = 100
_NO_FILE_HAS = re.compile(r'[<>:"/\\|?*]+')
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}\Z")


def saved_name(name: str) -> str:
    """Return a name for a file that a browser saves: one path component, readable, of any language."""
    return _readable(name)[-_MAX_NAME:].strip(" .") or "photos"


def file_name(photo_id: str) -> str:
    """Return the name of the file for a photo: one path component, safe on Linux, macOS and Windows.

    It is the end of the photo ID, readable, and a digest of all of it: different photos have different
    names also where the file system ignores case, and the same photo always has the same one.
    """
    return _name(photo_id, _DIGEST_CHARACTERS)


class FileNames:
    """Names for files side by side, in a folder or a zip: a photo's own, unless another file has it."""

    def __init__(self, *taken: str) -> None:
        """Begin with names that no photo may have."""
        self._taken = {name.casefold() for name in taken}

    def of(self, photo_id: str, is_anothers: Callable[[str], bool] = lambda _: False) -> str:
        """Return the name for a photo: its own, with a digest as in `file_name` if another photo has it here.

        So it is if `is_anothers` says so, or Windows keeps the name for a device. Names that differ only in
        upper and lower case are the same.
        """
        for digits in (0, _DIGEST_CHARACTERS, _ALL_CHARACTERS):
            name = _name(photo_id, digits)
            if name.casefold() in self._taken:
                continue
            # With its digest a file that is there is an earlier one of the same photo.
            if digits or not (_is_device(name) or is_anothers(name)):
                break
        self._taken.add(name.casefold())
        return name


def _readable(name: str) -> str:
    """Return a name without what no file may have on Windows, what does not print, and what hides a file."""
    shown = "".join(one if one.isprintable() else "|" for one in unicodedata.normalize("NFC", name))
    return _NO_FILE_HAS.sub("_", shown).lstrip(" .-~").rstrip(" .")


def _is_device(name: str) -> bool:
    return name.partition(".")[0].strip().casefold() in _DEVICES


def _name(photo_id: str, digits: int) -> str:
    last = without_digest(re.split(r"[/\\]", photo_id)[-1])
    suffix = found[0] if (found := _SUFFIX.search(last)) else ""
    readable = _readable(last.removesuffix(found[0]) if found else last)
    if digits and _is_device(readable):
        readable = readable.replace(".", "_")  # Windows looks at what is before the first dot
    cut = readable.encode("utf-8", "replace")[:_MAX_STEM_BYTES].decode("utf-8", "ignore").strip(" .")
    digest = hashlib.sha256(photo_id.encode("utf-8", "surrogatepass")).hexdigest()[:digits]
    return f"{cut or 'photo'}{'-' if digest else ''}{digest}{suffix}"
