"""Labels: what is in a photo, as the machine recognised it or as a person corrected it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True)
class BoundingBox:
    """Where a labelled thing is: fractions of the upright picture's sides; confidence in percent."""

    left: float
    top: float
    width: float
    height: float
    confidence: float = 0.0


@dataclass(frozen=True)
class Label:
    """What is in a photo: its name, the confidence in percent, and the more general names.

    What a person said has 100 %.
    """

    name: str
    confidence: float
    parents: tuple[str, ...] = ()
    boxes: tuple[BoundingBox, ...] = ()
    by: str | None = None
    """The person who added or renamed it; None if the machine recognised it."""


class CorrectionAction(StrEnum):
    """What a person did with a label."""

    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"


@dataclass(frozen=True)
class Correction:
    """A person's last word on one label of a photo."""

    label: str
    action: CorrectionAction
    by: str
    """The person, by the name that they gave: it authenticates nobody."""
    at: datetime
    """When, in UTC, to the millisecond."""
    to: str | None = None
    """The other name, of a label that was renamed."""
    content_hash: str | None = None
    """The photo's at that time: a correction is about that picture, not about a later one of the same key."""
    before: tuple[Correction, ...] = ()
    """What was said of the label earlier, the latest first."""

    def __str__(self) -> str:
        """Return it in words."""
        renamed = f" to {self.to}" if self.to else ""
        return f"{self.label} {self.action}{renamed} by {self.by}, {self.at:%Y-%m-%d %H:%M} UTC"
