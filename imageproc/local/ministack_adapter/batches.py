"""A Distributed Map in batches, which MiniStack does not know: `ItemBatcher`, and `MaxConcurrencyPath`.

A child gets `Items` and `BatchInput`. A Map Run's `itemCounts` are of items, all of a batch alike, and so are
the failures that it tolerates.
https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html
"""

from __future__ import annotations

import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    State = dict[str, Any]

_NAMES: Final = (
    *("pending", "running", "succeeded", "failed", "timedOut", "aborted", "total", "resultsWritten"),
    *("failuresNotRedrivable", "pendingRedrive"),
)


class ItemCounts(dict[str, int]):
    """The counts of a Map Run's items, which MiniStack's own counting, child by child, does not change."""

    def __init__(self, total: int) -> None:
        """Begin with all of them pending."""
        super().__init__(dict.fromkeys(_NAMES, 0) | {"total": total, "pending": total})
        self._lock = threading.Lock()

    def __setitem__(self, name: str, count: int) -> None:
        """Leave the counts as they are."""

    def move(self, many: int, before: str, after: str) -> None:
        """Count so many items as something else."""
        with self._lock:
            self.update({before: self[before] - many, after: self[after] + many})


_COUNTS: ContextVar[ItemCounts | None] = ContextVar("item_counts", default=None)
"""Those of the Map Run that this thread works for, if it has batches."""


def run_maps_in_batches() -> None:
    """Let a Distributed Map hand each child a batch of items, and be told by a path how many at a time."""
    from ministack.services import stepfunctions as sf

    map_items, run = sf._run_distributed_map, sf._run_sub_machine  # noqa: SLF001 - this package's purpose

    def _run_distributed_map(
        state_def: State, raw_input: Any, effective: Any, iterator: State, execution: State, ctx: State
    ) -> Any:
        if path := state_def.get("MaxConcurrencyPath"):
            state_def = {**state_def, "MaxConcurrency": sf._resolve_path_or_ctx(path, effective, ctx)}  # noqa: SLF001
        if "ItemBatcher" not in state_def:
            return map_items(state_def, raw_input, effective, iterator, execution, ctx)
        batches = list(_batches(sf, state_def, effective, ctx))
        counts = ItemCounts(sum(len(batch["Items"]) for batch in batches))
        token = _COUNTS.set(counts)
        try:
            result = map_items(_of_batches(state_def), raw_input, batches, iterator, execution, ctx)
        finally:
            _COUNTS.reset(token)
        _judge(sf, counts, float(state_def.get("ToleratedFailurePercentage") or 0))
        return result

    def _run_sub_machine(states: State, start_at: str, input_data: Any, execution: State, ctx: State) -> Any:
        counts = _COUNTS.get()
        if not (counts and isinstance(input_data, dict) and "BatchInput" in input_data):
            return run(states, start_at, input_data, execution, ctx)
        sf._map_runs[execution["mapRunArn"]]["itemCounts"] = counts  # noqa: SLF001
        items, outcome = len(input_data["Items"]), "failed"
        counts.move(items, "pending", "running")
        try:
            result = run(states, start_at, input_data, execution, ctx)
            outcome = "succeeded"
            return result
        finally:
            counts.move(items, "running", outcome)

    sf._run_distributed_map, sf._run_sub_machine = _run_distributed_map, _run_sub_machine  # noqa: SLF001


def _batches(sf: Any, state_def: State, effective: Any, ctx: State) -> Iterator[State]:
    """Yield the inputs of the children."""
    batcher, selector = state_def["ItemBatcher"], state_def["ItemSelector"]
    found = sf._read_map_items(state_def["ItemReader"], effective, ctx)  # noqa: SLF001
    contexts = ({**ctx, "Map": {"Item": {"Index": at, "Value": item}}} for at, item in enumerate(found))
    items = [sf._resolve_params_obj(selector, effective, context) for context in contexts]  # noqa: SLF001
    shared = sf._resolve_params_obj(batcher.get("BatchInput", {}), effective, ctx)  # noqa: SLF001
    size = batcher["MaxItemsPerBatch"]
    return ({"BatchInput": shared, "Items": items[at : at + size]} for at in range(0, len(items), size))


def _of_batches(state_def: State) -> State:
    """Return a Map over batches for MiniStack, which tolerates what is judged by items afterwards."""
    dropped = ("ItemReader", "ItemSelector", "ItemBatcher", "ToleratedFailureCount")
    kept = {name: value for name, value in state_def.items() if name not in dropped}
    return kept | {"ItemsPath": "$", "ToleratedFailurePercentage": 100}


def _judge(sf: Any, counts: ItemCounts, tolerated: float) -> None:
    """Fail the Map Run and its state if too many of its items failed."""
    if counts["failed"] * 100 <= tolerated * counts["total"]:
        return
    for run in sf._map_runs.values():  # noqa: SLF001
        if run["itemCounts"] is counts:
            run["status"] = "FAILED"
    raise sf._ExecutionError(  # noqa: SLF001
        "States.ExceedToleratedFailureThreshold", "The specified tolerated failure threshold was exceeded"
    )
