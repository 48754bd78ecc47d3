"""Faults: which call of which function fails for a photo, how and how often, written in the photo's key."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from imageproc.local.faults import REQUEST_KINDS

KINDS = tuple(kind for kind in REQUEST_KINDS if kind != "killed")
"""What is injected into requests; `tests/reliability/test_crashes.py` kills processes."""

ANY = "any"
"""In the place of function and operation: each request that differs from the others, once or more."""

_IN_KEY = re.compile(r"fault/(\w+)/([\w.]+)/(\d)/(\w+)/(\w+)")


@dataclass(frozen=True)
class Call:
    """A call that a function makes. `number` counts those of one operation for one photo."""

    function: str
    operation: str
    """Service and API name: `s3.GetObject`."""
    number: int = 1


@dataclass(frozen=True)
class Fault:
    """What happens to a call."""

    call: Call
    kind: str
    times: str

    @property
    def path(self) -> str:
        """The part of a key that says so."""
        call = self.call
        return f"fault/{call.function}/{call.operation}/{call.number}/{self.kind}/{self.times}"

    @property
    def passes(self) -> bool:
        """Whether it is over before the SDK's or the state machine's tries are."""
        return self.times != "ever" and self.kind != "denied"


def of_key(text: str) -> list[Fault]:
    """Return the faults in a key, or in any text with one key."""
    return [
        Fault(Call(function, operation, int(number)), kind, times)
        for function, operation, number, kind, times in _IN_KEY.findall(text)
    ]


def photo_of(text: str) -> str:
    """Return the object ID in a request; empty if it is about no faulty photo."""
    found = re.search(r"fault/[\w./]+?\.jpg", text)
    return found[0] if found else ""


def object_id(*faults: Fault) -> str:
    """Return the object ID of a photo that these faults happen to."""
    return str(PurePosixPath(*(fault.path for fault in faults), "x.jpg"))


LASTING = ("throttled", "failed", "reset", "silent")
"""What another try may pass, here for ever: answers and none take turns."""


def of_call(call: Call, lasting: Iterable[str]) -> list[Fault]:
    """Return what is to happen to a call alone; what else passes happens `EVERYWHERE` at once."""
    once = [Fault(call, kind, "once") for kind in ("silent", "denied")]
    return once + [Fault(call, kind, "ever") for kind in ("denied", *lasting)]


EVERYWHERE = [Fault(Call(ANY, ANY), kind, "once") for kind in ("throttled", "failed", "reset", "lost")]
