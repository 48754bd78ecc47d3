"""Faults injected into the local AWS for the next photos, and what the functions asked it for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from imageproc.client.executions import Executions
from imageproc.client.resource import StackResource
from imageproc.client.stack import Stack
from imageproc.errors import InvalidArgumentError, TargetError
from imageproc.local import LocalAws
from imageproc.local.faults import EVENT, EVENT_KINDS, REQUEST_KINDS, TIMES, Fault, read, write
from imageproc.local.state import StateDir

_START = "ImageProcStartExecution"


@dataclass(frozen=True)
class FunctionCall:
    """A request that a function sent to AWS: one try, as it came over the wire."""

    time: datetime
    step: str
    """The function, without the stack's name."""
    photo: str
    """The photo's ID; empty if nothing tells."""
    operation: str
    """Service and API name: `s3.GetObject`."""
    asked: str
    """S3's path, or the other services' JSON."""
    status: int
    """HTTP's, 0 if there was no answer."""
    fault: str
    """What was injected; empty if nothing was."""


class Faults(StackResource):
    """Faults for a stack on the local AWS. None are on AWS, and none unless it was started with them."""

    def __init__(self, stack: Stack, executions: Executions) -> None:
        """Inject into this stack. Raises TargetError if its target takes no faults."""
        super().__init__(stack)
        target = stack.target
        if not target.is_local or target.state_dir is None:
            raise TargetError(f"Faults are never injected into {target}.", "Use the local AWS.")
        if not LocalAws(target.state_dir).status().faults:
            raise TargetError(
                "This local AWS was started without faults.",
                "Stop it (imageproc local stop), then start it with them (imageproc local start --faults): "
                "photos and stacks stay.",
            )
        self._executions, self._state = executions, StateDir(target.state_dir)

    def steps(self) -> list[str]:
        """Return where faults can be injected: S3's event, and the functions in alphabetical order."""
        prefix = f"{self._stack.name}-"
        return [EVENT, _START, *(name.removeprefix(prefix) for name in self._executions.functions())]

    def kinds(self, step: str) -> Mapping[str, str]:
        """Return what can happen at a step: the kinds of faults, each in words."""
        return EVENT_KINDS if step == EVENT else REQUEST_KINDS

    def inject(self, step: str, kind: str, times: str = "once", photos: int = 1) -> Fault:
        """Let the next photos that come to a step have a fault there, beside those that are injected already.

        `kind` is one of `kinds`. `times` says how many requests of each photo get it: `once`, which the SDK's
        second try mends; `thrice`, which a retry of the state machine mends; or `ever`, until `clear`.
        Raises InvalidArgumentError.
        """
        _require("step", step, self.steps())
        _require(f"kind of fault at {step}", kind, self.kinds(step))
        _require("number of times", times, TIMES)
        if photos < 1:
            raise InvalidArgumentError(f"{photos} photos get no fault.", "Give 1 or more.")
        fault = Fault(self._stack.name, step, kind, "once" if step == EVENT else times, photos)
        write(self._state.faults, [*read(self._state.faults), fault])
        return fault

    def injected(self) -> list[Fault]:
        """Return what is injected into this stack."""
        return [one for one in read(self._state.faults) if one.stack == self._stack.name]

    def clear(self) -> None:
        """Inject nothing any more into this stack."""
        others = [one for one in read(self._state.faults) if one.stack != self._stack.name]
        write(self._state.faults, others)

    def calls(self, photo_id: str = "") -> list[FunctionCall]:
        """Return what the stack's functions asked for since the local AWS started, of one photo or all."""
        if not self._state.requests.exists():
            return []
        lines = map(json.loads, self._state.requests.read_text().splitlines())
        return [
            FunctionCall(
                datetime.fromtimestamp(one["time"], UTC),
                *(one[name] for name in ("step", "photo", "operation", "asked", "status", "fault")),
            )
            for one in lines
            if one["stack"] == self._stack.name and photo_id in ("", one["photo"])
        ]


def _require(what: str, given: str, known: Iterable[str]) -> None:
    if given not in known:
        raise InvalidArgumentError(f"{given!r} is no {what}.", f"Give one of: {', '.join(known)}.")
