"""Where this user's files are, outside of the project. Imports nothing: the shells' completion asks here.

On Linux and macOS alike: https://specifications.freedesktop.org/basedir-spec/latest/
"""

from __future__ import annotations

import os
from pathlib import Path


def state_folder() -> Path:
    """Return the local AWS's: `$IMAGEPROC_STATE_DIR`, else `imageproc/local-aws` in the user's state."""
    if chosen := os.environ.get("IMAGEPROC_STATE_DIR"):
        return Path(chosen).expanduser().absolute()
    return user_folder("XDG_STATE_HOME", "~/.local/state") / "local-aws"


def cache_folder() -> Path:
    """Return the one of what can be made again."""
    return user_folder("XDG_CACHE_HOME", "~/.cache")


def data_folder() -> Path:
    """Return the one of what was installed for the user."""
    return user_folder("XDG_DATA_HOME", "~/.local/share")


def user_folder(variable: str, default: str) -> Path:
    """Return the project's folder in one of the user's: where a variable says, or by default."""
    return Path(os.environ.get(variable) or default).expanduser().absolute() / "imageproc"
