"""What a photo makes AWS do, in this design and in the original's: counted calls, read from data files.

`usage.json` was counted on the local AWS (`benchmarks/record_usage.py`), and a test counts again.
`original.json` was counted by reading the original's files, each number with its place there.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

MEGABYTES_OF_A_CPU: Final = 1769
"""The memory setting at which a function has one CPU, and less in proportion below.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
"""

WAITING_MS: Final = {"dynamodb": 10.0, "s3": 30.0, "states": 30.0, "rekognition": 800.0}
"""How long a call of a service is waited for: assumed, the same for both designs, and not measured."""

COLD_STARTS: Final = 1.0
"""How often each function of a photo starts cold: the most, of photos that come one by one with long pauses.

What is running already is shared by photos that come together, and so is the key of a table, which DynamoDB
asks KMS for once in five minutes for each role.
"""

EXPRESS_MEMORY_MB: Final = 64
"""What an Express workflow takes of memory, which is billed in steps of 64 MB: its data are some KB."""

TRANSITION_MS: Final = 25.0
"""How long an Express workflow takes from state to state beside its functions: assumed."""

EVENTS_A_STATE: Final = 5
"""What an Express workflow logs of a state at most: entered, scheduled, started, succeeded, exited."""

EVENT_BYTES: Final = 450
"""An event in an Express workflow's log without the photo's data, and what CloudWatch adds to each.

Counted on the local AWS: 321 to 425.
"""

DOWNLOAD_MS_A_MEGABYTE: Final = 20.0
"""How long a function waits for a MB of a photo that it downloads whole: assumed, too."""


@dataclass(frozen=True)
class FunctionUse:
    """What one function does for a photo, on average."""

    invocations: float
    memory_mb: int
    cpu_ms: float
    """CPU of a warm invocation, measured on another machine than AWS's: a proxy."""
    init_ms: float
    """CPU of a cold start, measured likewise. It has a whole CPU, and is paid for like the invocation."""
    downloads: float
    """Photos that it downloads whole."""
    calls: Mapping[str, float]
    """Requests by IAM action, such as `s3:PutObject`."""

    def billed_ms(self, megabytes: float) -> float:
        """Return how long it runs for a photo of so many MB: CPU by its share of one, and waiting."""
        share = min(1.0, self.memory_mb / MEGABYTES_OF_A_CPU)
        waiting = sum(WAITING_MS[action.partition(":")[0]] * many for action, many in self.calls.items())
        downloading = self.downloads * DOWNLOAD_MS_A_MEGABYTE * megabytes
        return self.cpu_ms / share + waiting + downloading

    def gb_seconds(self, megabytes: float, cold: float = COLD_STARTS) -> float:
        """Return the memory that is paid for, in GB of 1,024 MB, times the seconds."""
        milliseconds = self.billed_ms(megabytes) + cold * self.init_ms
        return self.invocations * self.memory_mb / 1024 * milliseconds / 1000


@dataclass(frozen=True)
class PhotoUse:
    """What one photo makes AWS do, on average."""

    transitions: Mapping[str, float]
    """Entered states by name."""
    functions: Mapping[str, FunctionUse]
    write_units: float
    read_units: float
    log_bytes: float
    record_bytes: float
    """In the table and once more in its index."""
    thumbnail_bytes: float

    @property
    def key_requests(self) -> float:
        """Return how many functions' roles use the table, and so its key."""
        return COLD_STARTS * sum(
            use.invocations
            for use in self.functions.values()
            if any(action.startswith("dynamodb:") for action in use.calls)
        )

    def express_seconds(self, megabytes: float) -> float:
        """Return how long an Express workflow is billed for.

        https://aws.amazon.com/step-functions/pricing/ rounds up to 100 ms.
        """
        return math.ceil(self.seconds(megabytes) * 10) / 10

    def seconds(self, megabytes: float, cold: float = COLD_STARTS) -> float:
        """Return how long the photo's workflow takes: the most, as if nothing ran side by side."""
        waited = (
            use.invocations * (use.billed_ms(megabytes) + cold * use.init_ms)
            for name, use in self.functions.items()
            if name != _STARTER
        )
        return (sum(waited) + TRANSITION_MS * self.entered) / 1000

    @property
    def express_log_bytes(self) -> float:
        """Return what an Express workflow logs: of each state, and that it was started and how it ended."""
        return EVENT_BYTES * (EVENTS_A_STATE * self.entered + 2)

    @property
    def entered(self) -> float:
        """Return how many states are entered."""
        return sum(self.transitions.values())

    def again(self) -> PhotoUse:
        """Return what it takes to process a photo again in a bulk run: all of it, begun by another function.

        Of that the calls were counted (`tests/flow/test_usage.py`); its CPU is the other's. The thumbnail
        turns out to be the one that is there. All writes (five, and one of an embedding) are of the whole
        record, and three of them replace its entry in the change index.
        """
        begin = replace(self.functions[_STARTER], calls=_BEGIN_CALLS)
        others = {name: use for name, use in self.functions.items() if name != _STARTER}
        others[_THUMBNAIL] = replace(others[_THUMBNAIL], calls=_THUMBNAIL_CALLS)
        written = 5 + (_EMBEDDER in others)
        writes = 1 + written * 2 * math.ceil(self.record_bytes / 1024) + 3 * 2
        return replace(self, functions={"BeginPhoto": begin, **others}, write_units=writes, read_units=1)

    def in_place(self) -> PhotoUse:
        """Return what it takes to process a photo in place, begun by a bulk run.

        The pointer's event is looked at and left; the function that reads the headers reads the pointer
        before; the record is claimed and its execution named by one write, not two.
        """
        starter = self.functions[_STARTER]
        functions = {
            "BeginPhoto": replace(starter, calls=_BEGIN_CALLS),
            **{name: replace(use, calls=_elsewhere(use.calls)) for name, use in self.functions.items()},
            _STARTER: replace(starter, calls=_LEAVE_CALLS),
        }
        extractor = functions[_EXTRACTOR]
        functions[_EXTRACTOR] = replace(extractor, calls={**extractor.calls, **_LEAVE_CALLS})
        return replace(self, functions=functions, write_units=self.write_units - 2, read_units=1)

    def plus(self, other: PhotoUse) -> PhotoUse:
        """Return what both are together."""
        sums = {name: getattr(self, name) + getattr(other, name) for name in _SUMS}
        transitions = {**self.transitions, **other.transitions}
        return PhotoUse(transitions, {**self.functions, **other.functions}, **sums)

    def calls(self, *actions: str) -> float:
        """Return how many requests of these IAM actions the functions make."""
        return sum(
            use.invocations * many
            for use in self.functions.values()
            for action, many in use.calls.items()
            if action in actions
        )


@dataclass(frozen=True)
class Design:
    """A design's use of AWS."""

    architecture: str
    photo: PhotoUse
    rejected: PhotoUse | None
    """A file that is not a photo."""
    embedding: PhotoUse | None
    """What a photo makes AWS do more where it gets an embedding."""
    standing: Mapping[str, float]
    """Quantities of a month without photos, by the names of their prices; empty: the parameters' doing."""
    recovery: bool
    """Whether the tables have point-in-time recovery."""
    managed_key: bool
    """Whether the tables' key is one of KMS, whose requests are paid for; DynamoDB's own key is free."""

    def use(self, parameters: Mapping[str, str] | None = None) -> PhotoUse:
        """Return what a photo makes AWS do with these parameters of the template."""
        wanted = self.embedding if (parameters or {}).get("Similarity") == "Enabled" else None
        return self.photo.plus(wanted) if wanted else self.photo


@cache
def ours() -> Design:
    """Return this design, as it was counted."""
    return _read("usage.json")


@cache
def original() -> Design:
    """Return the original's, as it was read."""
    return _read("original.json")


def _read(file: str) -> Design:
    data = json.loads(Path(__file__).with_name(file).read_text())
    rejected, embedding = data.get("rejected"), data.get("embedding")
    return Design(
        data["architecture"],
        _photo(data["photo"]),
        _photo(rejected) if rejected else None,
        _photo(embedding) if embedding else None,
        data["standing"],
        data["recovery"],
        data["managed_key"],
    )


def _photo(data: Mapping[str, Any]) -> PhotoUse:
    functions = {name: FunctionUse(**_known(use, _FUNCTION)) for name, use in data["functions"].items()}
    return PhotoUse(**_known(data, _PHOTO) | {"functions": functions})


def _elsewhere(calls: Mapping[str, float]) -> dict[str, float]:
    """Return the calls of a function for an original in another bucket, of which it reads no version."""
    return {action.replace("s3:GetObjectVersion", "s3:GetObject"): many for action, many in calls.items()}


def _known(data: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: data[name] for name in names}


_EMBEDDER = "EmbedImage"
_STARTER = "ImageProcStartExecution"
_LEAVE_CALLS = {"s3:GetObjectVersion": 1.0}
"""A look at a pointer."""
_EXTRACTOR = "ExtractImageMetadata"
_THUMBNAIL = "GenerateThumbnail"
_THUMBNAIL_CALLS = {"s3:GetObjectVersion": 1.0, "s3:GetObject": 1.0, "dynamodb:UpdateItem": 1.0}
_BEGIN_CALLS = {"s3:GetObject": 1.0, "dynamodb:GetItem": 1.0, "dynamodb:UpdateItem": 1.0}

_FUNCTION = tuple(FunctionUse.__dataclass_fields__)
_PHOTO = tuple(PhotoUse.__dataclass_fields__)
_SUMS = tuple(name for name in _PHOTO if name not in ("transitions", "functions"))
