"""What albums are called, and the IDs that come from it."""

from __future__ import annotations

import base64
import hashlib

from imageproc.errors import InvalidArgumentError

_LENGTH = 16
"""Characters of an album ID, five bits each: short enough to read, too long for two to be the same."""
_LONGEST = 200
"""Characters of an album's name: what a list, a menu and a window's title can show."""


def checked_name(name: str) -> str:
    """Return an album's name without the spaces round it.

    Raises InvalidArgumentError if there is none, or if it is too long.
    """
    checked = checked_text("An album's name", name).strip()
    if not checked:
        raise InvalidArgumentError("An album needs a name.", "Give it one: Trip, say.")
    if len(checked) > _LONGEST:
        cause = f"An album's name may have {_LONGEST} characters, this one has {len(checked):,}."
        raise InvalidArgumentError(cause, "Give it a shorter one; a description may be longer.")
    return checked


def checked_text(what: str, text: str) -> str:
    """Return a text that was given. Raises InvalidArgumentError for anything else."""
    if not isinstance(text, str):
        raise InvalidArgumentError(f"{what} cannot be {text!r}.", "Give a text.")
    return text


def id_of(user: str, name: str, number: int = 0) -> str:
    """Return the ID for a user's album of this name, or another one with each number."""
    digest = hashlib.sha256("\0".join((user, name, *([str(number)] if number else ()))).encode()).digest()
    return base64.b32encode(digest).decode().lower()[:_LENGTH]
