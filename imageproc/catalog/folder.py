"""A catalog's folder: readable by its owner only, with the time at which the changes were read last."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from imageproc.errors import CatalogError

_WRITING_S = 600.0
"""How long a base may take that another process is writing."""

_CAUGHT_UP = "caught-up"
"""An empty file whose time is when the changes were read last."""


def make_folder(folder: Path) -> None:
    """Make a catalog's folder if need be, for its owner alone. Raises CatalogError."""
    try:
        folder.parent.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for one in (folder.parent, folder):  # mkdir's mode is not that of the parents
            one.mkdir(mode=0o700, exist_ok=True)
            one.chmod(0o700)
    except OSError as error:
        raise CatalogError(
            f"The catalog's folder {folder} cannot be made: {error.strerror or error}.",
            "Set XDG_CACHE_HOME (for the local AWS IMAGEPROC_STATE_DIR) to a folder of yours.",
        ) from error


def age(folder: Path, clock: Callable[[], float]) -> float:
    """Return how many seconds ago the changes were read, by any process; infinity if they never were."""
    try:
        found = clock() - (folder / _CAUGHT_UP).stat().st_mtime
    except FileNotFoundError:
        return float("inf")
    return found if found >= 0 else float("inf")


def note_age(folder: Path, time: float) -> None:
    """Note that the changes up to this time, in epoch seconds, have been read."""
    path = folder / _CAUGHT_UP
    path.touch(mode=0o600)
    os.utime(path, (time, time))


def remove_other_bases(folder: Path, used: str, clock: Callable[[], float]) -> None:
    """Remove the bases that nobody is going to use; a process that has one open keeps reading it."""
    for path in folder.glob("base-*.duckdb"):
        if path.name != used and clock() - path.stat().st_mtime > _WRITING_S:
            path.unlink(missing_ok=True)
