"""What can be injected, and the file that says what is."""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

SWITCH = "IMAGEPROC_FAULTS"

REQUEST_KINDS = {
    "throttled": "AWS says that it is asked too often",
    "failed": "AWS fails: an error 500",
    "denied": "the function's role may not do this",
    "silent": "no answer, until the function gives up",
    "reset": "the connection is cut before AWS gets the request",
    "lost": "AWS does it, and the answer is lost",
    "killed": "the function's process is killed",
}
"""What can happen to a function's request, in words."""

EVENT_KINDS = {
    "duplicate": "the event comes twice",
    "late": "the event comes three seconds late, after those of later uploads",
}
"""What can happen to S3's event of an upload."""

EVENT = "S3 event"
"""In the place of a step."""

TIMES = {"once": 1, "thrice": 3, "ever": 10**9}
"""How many requests fail. The SDK makes three of one call, and the state machine repeats the function."""

QUICKLY = {"SFN_WAIT_SCALE": "0.05", "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.2"}
"""With faults, an execution waits a twentieth of the time, so that all retries are seen in half a minute, and
Lambda delivers an event again at once."""


@dataclass(frozen=True)
class Fault:
    """A fault for the next photos."""

    stack: str
    step: str
    """The name of a function without the stack's, `Rekognition` for example, or `EVENT`."""
    kind: str
    times: str = "once"
    photos: int = 1
    """So many photos get it: the next ones that come to the step."""
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:8])

    def __str__(self) -> str:
        """Return the fault in words."""
        how = f" ({self.times})" if self.step != EVENT else ""
        return f"{self.step}: {self.kind}{how}, {self.photos} photo{'s' if self.photos > 1 else ''}"


def is_on(environment: Mapping[str, str] = os.environ) -> bool:
    """Say whether a local AWS that is started in this environment takes faults."""
    return environment.get(SWITCH) == "on"


def read(path: Path) -> list[Fault]:
    """Return the faults that a file says are injected and that are not used up; none if there is no file."""
    try:
        faults = [Fault(**one) for one in json.loads(path.read_text())]
        used = set(used_up(path).read_text().split()) if used_up(path).exists() else set()
    except FileNotFoundError:
        return []
    return [one for one in faults if one.id not in used]


def used_up(path: Path) -> Path:
    """Return the file beside it to which the server adds the IDs of faults that nothing can get any more."""
    return path.with_suffix(".used")


def write(path: Path, faults: Iterable[Fault]) -> None:
    """Write the file, whole or not at all."""
    unfinished = path.with_suffix(".tmp")
    unfinished.write_text(json.dumps([asdict(one) for one in faults], indent=2))
    unfinished.replace(path)
