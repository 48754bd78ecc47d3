"""Turns: when each photo asks for its labels, so that DetectLabels' requests a second are never exceeded.

Photos take numbers like people at a counter. One item of a table holds when the next turn is free; each photo
takes it and moves it on, by one atomic write (`imageproc.functions.turns`). A turn that comes soon is waited
for in the function; a later one in the state machine, which waits without a running function.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from imageproc.core.parts import error_message

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

SHARE = 0.9
"""How much of the quota is used. The rest is for the SDK's second tries, and for calls that come late."""

PATIENCE_MS = 5_000
"""How long a function waits for a turn: in 256 MB at a third of what the state machine's wait costs."""

MOST_TURNS = 10
"""How often a photo takes a turn: again only when it was throttled although it was its turn."""

QUEUED = "queued"
"""Where the state machine keeps what it caught when a photo was to wait: `Error` and `Cause`."""

_EARLY_MS = 1_000
"""How long before its turn a photo is back from the state machine's wait, at least: it is not exact."""

_TEXT = re.compile(r"Turn (\d+) .* at (\S+Z)")


@dataclass(frozen=True)
class Turn:
    """When a photo asks for labels, in milliseconds since the epoch, and how many turns it has taken."""

    at_ms: int
    number: int = 1

    def __str__(self) -> str:
        """Say it to people, and to the state machine, which waits until the time that stands last."""
        return (
            f"Turn {self.number} to ask Rekognition is at {_iso(self.at_ms)}; "
            f"the state machine waits until {_iso(self.until_ms)}"
        )

    @property
    def until_ms(self) -> int:
        """Until when the state machine waits: one to two seconds before the turn, to a whole second."""
        return (self.at_ms - _EARLY_MS) // 1000 * 1000

    def is_far(self, now_ms: int) -> bool:
        """Say whether the turn is too far away to be waited for in a function."""
        return self.at_ms - now_ms > PATIENCE_MS


def turn_of(state: Mapping[str, Any]) -> Turn | None:
    """Return the turn that an execution has waited for, None if it has not taken one."""
    caught = state.get(QUEUED)
    found = _TEXT.search(error_message(caught["Cause"])) if caught else None
    if not found:
        return None
    at = datetime.fromisoformat(found[2].replace("Z", "+00:00"))
    return Turn(round(at.timestamp() * 1000), int(found[1]))


def interval_ms(per_second: float) -> int:
    """Return how far turns are apart where so many requests a second are allowed."""
    return math.ceil(1000 / (SHARE * per_second))


def _iso(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
