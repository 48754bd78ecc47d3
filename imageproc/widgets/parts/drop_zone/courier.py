"""What a drop zone needs of whoever takes the files: forms for the browser, or a way through the kernel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, BinaryIO, Protocol


class State(StrEnum):
    """Where a file stands."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    THERE = "there"
    """It had been sent before."""
    REJECTED = "rejected"
    """Sending it again does not help."""
    FAILED = "failed"
    """Sending it again may help."""
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing more happens to the file."""
        return self not in (State.WAITING, State.SENDING)


@dataclass(frozen=True)
class Dropped:
    """A file as the browser tells of it. Nothing of it has been checked but the ID, which is a string."""

    id: str
    name: object
    size: object
    content_type: object
    digest: object
    """SHA-256 in hexadecimal digits, None if the browser has none."""
    head: bytes
    """The first bytes, at most 64."""


@dataclass(frozen=True)
class Form:
    """A form that the browser may POST with the file as its last field, `file`, within so many seconds."""

    url: str
    fields: Mapping[str, str]
    seconds: float


@dataclass(frozen=True)
class Ended:
    """How a file ended, and why."""

    state: State
    text: str = ""


class Courier(Protocol):
    """Takes files. Its methods are called from several threads, and may take their time."""

    def admit(self, file: Dropped) -> Form | Ended:
        """Return the form for a file, or how it ended without one."""

    def confirm(self, identifier: str) -> Ended:
        """Return how a file ended whose form the browser has sent."""

    def carry(self, identifier: str, body: BinaryIO) -> Ended:
        """Send a file whose bytes came through the kernel, and return how it ended."""

    def forget(self, identifier: str) -> None:
        """Forget an admitted file: the browser does not send it."""


def dropped(identifier: str, told: Mapping[str, Any]) -> Dropped:
    """Return what a browser tells of a file, whatever that is."""
    head = told.get("head")
    try:
        beginning = bytes.fromhex(head[:128]) if isinstance(head, str) else b""
    except ValueError:
        beginning = b""
    return Dropped(
        identifier, told.get("name"), told.get("size"), told.get("type"), told.get("digest"), beginning
    )
