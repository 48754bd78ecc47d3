"""The faults of `faults.json`, and which photos have got them; what functions asked for is written down."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter, OrderedDict
from typing import TYPE_CHECKING, Any

from imageproc.local.faults.kinds import EVENT, TIMES, Fault, read, used_up

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from imageproc.local.faults.requests import FunctionRequest

_TRACE = "x-amzn-trace-id"
_MOST_TRACES = 10_000


class FaultPlan:
    """Decides about requests of functions and events of S3. Several threads may ask."""

    def __init__(self, faults: Path, requests: Path) -> None:
        """Read the first file anew whenever it changes, and append to the second: JSON, one object a line."""
        self._path, self._requests = faults, requests
        self._changed = 0
        self._faults: list[Fault] = []
        self._hit: dict[tuple[str, str], int] = {}
        """How many requests a fault has failed, by its ID and the photo's."""
        self._photos: OrderedDict[str, str] = OrderedDict()
        """The photo of an invocation, by its trace ID: not every request names it."""
        self._lock = threading.Lock()

    def kind(self, request: FunctionRequest) -> str:
        """Return what is to happen to a request."""
        with self._lock:
            photo = self._photo_of(request)
            return self._next(request.stack, request.step, photo) if photo else ""

    def kind_of_event(self, stack: str, photo: str, event: Mapping[str, Any]) -> str:
        """Return what is to happen to the event of an upload, and write it down."""
        with self._lock:
            kind = self._next(stack, EVENT, photo)
        name = f"s3.{event['Records'][0]['eventName']}"
        self._write(stack=stack, step=EVENT, photo=photo, operation=name, asked=json.dumps(event), fault=kind)
        return kind

    def note(self, request: FunctionRequest, kind: str, status: int) -> None:
        """Write a request down. `status` is HTTP's, 0 if there was no answer."""
        self._write(
            stack=request.stack,
            step=request.step,
            photo=self._photos.get(request.headers.get(_TRACE, ""), ""),
            operation=request.operation,
            asked=request.shown,
            status=status,
            fault=kind,
        )

    def _write(self, **line: Any) -> None:
        with self._lock, self._requests.open("a") as file:
            file.write(json.dumps({"time": time.time(), "status": 0, **line}) + "\n")

    def _photo_of(self, request: FunctionRequest) -> str:
        trace, photo = request.headers.get(_TRACE, ""), request.photo
        if photo:
            self._photos[trace] = photo
            if len(self._photos) > _MOST_TRACES:
                self._photos.popitem(last=False)
        return photo or self._photos.get(trace, "")

    def _next(self, stack: str, step: str, photo: str) -> str:
        for fault in self._current():
            if (fault.stack, fault.step) != (stack, step):
                continue
            photos = Counter(fault_id for fault_id, _ in self._hit)[fault.id]
            if (fault.id, photo) not in self._hit and photos >= fault.photos:
                continue
            count = self._hit.setdefault((fault.id, photo), 0)
            if count < TIMES[fault.times]:
                self._hit[fault.id, photo] = count + 1
                self._note_if_used_up(fault)
                return fault.kind
        return ""

    def _note_if_used_up(self, fault: Fault) -> None:
        """Have a fault that all its photos have got as often as they should not be listed any more."""
        counts = [count for (fault_id, _), count in self._hit.items() if fault_id == fault.id]
        if len(counts) == fault.photos and min(counts) == TIMES[fault.times]:
            with used_up(self._path).open("a") as file:
                file.write(f"{fault.id}\n")

    def _current(self) -> list[Fault]:
        changed = self._path.stat().st_mtime_ns if self._path.exists() else 0
        if changed != self._changed:
            self._changed, self._faults = changed, read(self._path)
        return self._faults
