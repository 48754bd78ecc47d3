"""Users are names. A user name says whose photos they are; it authenticates nobody."""

from __future__ import annotations

import getpass
import os

from imageproc.errors import UploadError

_VARIABLE = "IMAGEPROC_USER"


def default_user() -> str:
    """Return the user that is meant where none is named: `$IMAGEPROC_USER`, else the login name."""
    if chosen := os.environ.get(_VARIABLE):
        return chosen
    try:
        name = getpass.getuser()
    except (KeyError, OSError, ImportError):
        name = ""
    return "".join(character for character in name if character.isascii() and character.isprintable()) or "me"


def check_user(name: str) -> str:
    """Return a user's name or an album's ID. Raises UploadError if S3 cannot carry it in HTTP headers."""
    if not isinstance(name, str) or not name or not name.isascii() or not name.isprintable():
        raise UploadError(
            f"{name!r} cannot be used as a name of a user or an ID of an album.",
            "Use one or more printable ASCII characters.",
        )
    return name
