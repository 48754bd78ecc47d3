"""The steps of a photo as the simulation sees them: their retries, durations, state transitions and writes.

Retries are read from the definitions, durations and writes from what was counted for the bill
(`imageproc/costs/usage.json`).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.cohorts import Pause, pauses
from imageproc.costs import AVERAGE_MEGABYTES, ours
from imageproc.costs.batches import children
from imageproc.costs.designs import TRANSITION_MS, WAITING_MS
from imageproc.deployment.template import read_sources

START, EXTRACT, STORE, THUMBNAIL, TURN, LABEL, TAGS, OUTCOME, FAILURE = range(9)
"""The steps. A photo whose turn is far enters the state Rekognition twice: to take it, and to ask at it."""

_STATES = (
    *("BeginPhoto", "ExtractImageMetadata", "StoreImageMetadata", "GenerateThumbnail", "Rekognition"),
    *("Rekognition", "StoreRekognizedTags", "RecordOutcome", "RecordFailure"),
)
_FUNCTIONS = ("ImageProcStartExecution", *_STATES[1:8], "RecordOutcome")
ENTERED = (0, 1, 2, 1, 2, 2, 1, 1, 2)
"""States that are entered on the way into each, ImageTypeCheck, ParallelProcessing and WaitForTurn too."""
BULK_ENTERED = children("STANDARD").states + 1
"""Of a Standard child around them, with its start, as the cost model has it."""

THROTTLED = "Lambda.TooManyRequestsException"
SDK_PAUSES = (Pause(1), Pause(2))
"""Before the second and the third try of a call: any time up to a second, then up to two.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""
EVENT_PAUSES = (Pause(60, jitter=False), Pause(120, jitter=False))
"""Before Lambda delivers an event again whose function failed (`invocation-async-error-handling.html`)."""


@dataclass(frozen=True)
class Step:
    """One step of a photo."""

    state: str
    seconds: float
    """How long its function runs."""
    entered: float
    pauses: tuple[Pause, ...]
    table: float = 0
    """Write units in the table, and as many in the album index."""
    changes: float = 0
    """Write units in the change index."""


def steps(*, bulk: bool) -> list[Step]:
    """Return the steps of a photo that is uploaded, or processed again in bulk."""
    use, writes, changes = ours().photo, _writes(bulk), _changes(bulk)
    made = []
    for index, (state, name) in enumerate(zip(_STATES, _FUNCTIONS, strict=True)):
        seconds = use.functions[name].billed_ms(AVERAGE_MEGABYTES) / 1000
        retries = _of_the_state(state) if index or bulk else _of_the_event()
        made.append(Step(state, seconds, ENTERED[index], retries, writes[index], changes[index]))
    return made


def own_seconds(photo: list[Step]) -> float:
    """Return how long a photo takes that nothing keeps waiting: its branches run side by side."""
    one = [step.seconds for step in photo]
    branches = max(one[TURN] + one[TAGS], one[THUMBNAIL])
    entered = sum(ENTERED) - ENTERED[LABEL] - ENTERED[FAILURE]
    return one[START] + one[EXTRACT] + one[STORE] + branches + one[OUTCOME] + entered * TRANSITION_MS / 1000


def asking_seconds() -> float:
    """Return for how long Rekognition is waited for."""
    return WAITING_MS["rekognition"] / 1000


def default_of(parameter: str) -> float:
    """Return the default of a number among the template's parameters."""
    found = re.search(
        rf"^  {parameter}:\n    Type: Number\n    Default: (\S+)$", read_sources().template, re.M
    )
    if not found:
        raise ValueError(f"The template has no parameter {parameter} that is a number.")
    return float(found[1])


def _writes(bulk: bool) -> list[float]:
    """Write units of each step in the table, of what was counted for a photo in all."""
    if bulk:
        each = float(math.ceil(ours().photo.record_bytes / 1024))
        return [
            each if index in (START, STORE, THUMBNAIL, TAGS, OUTCOME, FAILURE) else 0 for index in range(9)
        ]
    counted = ours().photo.write_units - sum(_changes(bulk)[:FAILURE]) - 1  # that one is for the turn
    later = (
        counted / 2 - 2
    ) / 4  # the claim and the execution's ARN make two units, four more writes the rest
    return [2, 0, later, later, 0, 0, later, later, later]


def _changes(bulk: bool) -> list[float]:
    return [2 if bulk else 1, 0, 2, 0, 0, 0, 0, 2, 2]


def _of_the_event() -> tuple[Pause, ...]:
    tries = SDK_PAUSES
    return (*tries, EVENT_PAUSES[0], *tries, EVENT_PAUSES[1], *tries)


def _of_the_state(name: str) -> tuple[Pause, ...]:
    """Return the pauses of the rule by which a throttled state is tried again."""
    sources = read_sources()
    machine = sources.bulk if name == "BeginPhoto" else sources.definition
    state = next(state for found, state in _all(json.loads(machine)) if found == name)
    rule = next(rule for rule in state["Retry"] if THROTTLED in rule["ErrorEquals"])
    return tuple(pauses(rule))


def _all(machine: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, state in machine["States"].items():
        yield name, state
        for inner in (*state.get("Branches", ()), *filter(None, [state.get("ItemProcessor")])):
            yield from _all(inner)
