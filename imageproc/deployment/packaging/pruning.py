"""What of Pillow the functions never load: left out of the layer, which so starts faster.

The functions read JPEG and PNG alone (`imageproc.core.formats` names every other format from its first
bytes), draw no text and open no window.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNUSED_EXTENSIONS = re.compile(r"PIL/(_avif|_webp|_imagingft|_imagingtk)\.[^/]*(?:so|pyd)$")
_SHARED_LIBRARY = re.compile(r"(?:^|/)(?:pillow\.libs|\.dylibs)/[^/]+$")
_NOISE = re.compile(
    r"(?:^|/)__pycache__/|\.pyc$|\.pyi$"
    r"|\.dist-info/(?:RECORD|INSTALLER|REQUESTED|direct_url\.json|uv_cache\.json|sboms/.*)$"
)


def prune(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files without the extensions that are never loaded, and without the libraries that only they
    need.

    Licences stay. What installers add (`RECORD`, byte code) goes, as it would differ between machines.
    """
    kept = {name: data for name, data in without_noise(files).items() if not _UNUSED_EXTENSIONS.search(name)}
    needed = _needed_libraries(kept)
    return {name: data for name, data in kept.items() if name in needed or not _SHARED_LIBRARY.search(name)}


def without_noise(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files without what installers add and what only type checkers read."""
    return {name: data for name, data in files.items() if not _NOISE.search(name)}


def _needed_libraries(files: Mapping[str, bytes]) -> set[str]:
    """Return the bundled libraries that extensions need, directly or through another library.

    A binary names the libraries that it loads in its dynamic section, in plain bytes, whatever the platform;
    and their bundled names carry a hash, so that no other text is taken for one.
    """
    libraries = {name for name in files if _SHARED_LIBRARY.search(name)}
    waiting = [name for name in files if name.endswith((".so", ".pyd")) and name not in libraries]
    needed: set[str] = set()
    while waiting:
        data = files[waiting.pop()]
        found = {name for name in libraries - needed if PurePosixPath(name).name.encode() in data}
        needed |= found
        waiting.extend(found)
    return needed
