"""What a bulk run's definition adds to each photo's own states, read from `cloudformation/`."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from imageproc import resources
from imageproc.costs.designs import TRANSITION_MS, PhotoUse

_FILES: Final = {"STANDARD": "bulk-processing.asl.json", "EXPRESS": "bulk-processing-express.asl.json"}


@dataclass(frozen=True)
class Children:
    """The executions that a Distributed Map starts, each for a batch of photos."""

    photos: int
    """Of a batch; 1 if there are no batches."""
    places: int
    """How many of them are processed side by side."""
    states: int
    """Entered by a photo beside its own."""
    states_of_batch: int
    """Entered by a batch besides."""

    def express_seconds(self, use: PhotoUse, megabytes: float) -> float:
        """Return how long an Express child is billed for, by each of its photos: in steps of 100 ms.

        As if nothing of a photo ran side by side. No function starts cold.
        """
        photo = use.seconds(megabytes, cold=0) + self.states * TRANSITION_MS / 1000
        batch = math.ceil(self.photos / self.places) * photo + self.states_of_batch * TRANSITION_MS / 1000
        return math.ceil(batch * 10) / 10 / self.photos


@cache
def children(workflow_type: str) -> Children:
    """Return the children of a bulk run where workflows are of this type, STANDARD or EXPRESS."""
    file = resources.folder("cloudformation") / _FILES[workflow_type]
    photos = json.loads(file.read_text(encoding="utf-8"))["States"]["Photos"]
    child = photos["ItemProcessor"]
    if "ItemBatcher" not in photos:
        return Children(1, 1, len(list(_path(child))), 0)
    (batch,) = (state for state in child["States"].values() if state["Type"] == "Map")
    inner = len(list(_path(batch["ItemProcessor"])))
    size = photos["ItemBatcher"]["MaxItemsPerBatch"]
    return Children(size, batch["MaxConcurrency"], inner, len(list(_path(child))))


def _path(machine: Mapping[str, Any]) -> Iterator[str]:
    """Yield the states that are entered if all goes well: of a Choice the first that it names."""
    name = machine["StartAt"]
    while name:
        yield name
        state = machine["States"][name]
        name = state["Choices"][0]["Next"] if state["Type"] == "Choice" else state.get("Next")
