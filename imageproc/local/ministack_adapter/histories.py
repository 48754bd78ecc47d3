"""Executions that have ended, and their histories: in files, where MiniStack keeps them in memory.

Each event of a history has all of its state's input or output: some 25 KB a photo in the saved state
(measured) and more in memory, all of it saved again with each checkpoint. What an execution began and ended
with is in its history, too, and is read from there.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from imageproc.local.ministack_adapter.shelves import Shelf

_FILE = "histories.jsonl"
EXECUTIONS = "executions"
"""The name of their shelf."""
_INTERRUPTED = "States.ServiceRestart"
"""MiniStack's error of executions that ran when the state was saved last."""
_INTERRUPTION = (
    "The local AWS was killed while this execution ran, or before its end was saved. What became of the "
    "photo is in its record; photos that were not finished are processed again."
)
_MARK = "__history__"
"""In the saved state: where in the file a history is."""


class History:
    """An execution's events, read from the file whenever somebody looks. It does not change any more."""

    def __init__(self, path: Path, offset: int, size: int, count: int) -> None:
        """Take the place in the file, in bytes, and the number of events."""
        self._path, self._offset, self._size, self._count = path, offset, size, count

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield the events, the first first."""
        with self._path.open("rb") as file:
            file.seek(self._offset)
            yield from json.loads(file.read(self._size))

    def __len__(self) -> int:
        """Return the number of events."""
        return self._count

    def __deepcopy__(self, _memo: object) -> History:
        """Return this one: what a checkpoint copies is the place."""
        return self

    def erase(self) -> None:
        """Overwrite it in the file, where the others stay where they are."""
        with self._path.open("r+b") as file:
            file.seek(self._offset)
            file.write(b" " * (self._size - 1) + b"\n")

    def place(self) -> dict[str, list[int]]:
        """Return what the saved state has of it."""
        return {_MARK: [self._offset, self._size, self._count]}


class Histories:
    """A file to which histories are appended, one a line."""

    def __init__(self, folder: Path) -> None:
        """Use the file in this folder, which is made when it is needed."""
        self._path = folder / _FILE
        self._lock = threading.Lock()

    def keep(self, events: list[dict[str, Any]]) -> History:
        """Write a history, and return it."""
        line = json.dumps(events).encode() + b"\n"
        with self._lock:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                offset = file.tell()
                file.write(line)
        return History(self._path, offset, len(line), len(events))

    def clear(self) -> None:
        """Empty the file, when there are no executions."""
        with self._lock, suppress(FileNotFoundError):
            os.truncate(self._path, 0)

    def restored(self, events: Any) -> Any:
        """Return the history that the saved state tells of; events that it holds itself as they are."""
        if isinstance(events, dict) and _MARK in events:
            return History(self._path, *events[_MARK])
        return events


class Ended(dict[str, Any]):
    """An execution that has ended, as MiniStack has it; its input and output are read from its history."""

    def __missing__(self, name: str) -> Any:
        """Return the input or the output."""
        if name == "input":
            return next(iter(self["events"]))["executionStartedEventDetails"]["input"]
        if name == "output":
            *_, last = self["events"]
            return last["executionSucceededEventDetails"]["output"]
        raise KeyError(name)

    def get(self, name: str, default: Any = None) -> Any:
        """Return a value, or the default."""
        try:
            return self[name]
        except KeyError:
            return default


def keep_executions_on_disk() -> None:
    """Move an execution to the files when it has ended, and find it there after a restart."""
    from ministack.core import persistence

    histories = Histories(Path(persistence.STATE_DIR))
    encode = persistence._json_default  # noqa: SLF001 - this package's purpose

    def _json_default(obj: Any) -> Any:
        return obj.place() if isinstance(obj, History) else encode(obj)

    persistence._json_default = _json_default  # noqa: SLF001
    _keep_histories(histories)
    _shelve_executions(histories)
    _forget_with_the_machine(histories)


def _keep_histories(histories: Histories) -> None:
    from ministack.services import stepfunctions

    run, restore = stepfunctions._run_execution, stepfunctions.load_persisted_state  # noqa: SLF001
    executions = stepfunctions._executions  # noqa: SLF001

    def _run_execution(exec_arn: str) -> None:
        run(exec_arn)
        execution = executions.get(exec_arn)
        if execution and isinstance(execution["events"], list):
            execution["events"] = histories.keep(execution["events"])

    def load_persisted_state(data: Any) -> None:
        restore(data)
        for execution in executions.all_values():
            execution["events"] = events = histories.restored(execution["events"])
            if isinstance(events, list):
                _tell_of_interruption(execution)
                execution["events"] = histories.keep(events)

    stepfunctions._run_execution = _run_execution  # noqa: SLF001
    stepfunctions.load_persisted_state = load_persisted_state


def _tell_of_interruption(execution: dict[str, Any]) -> None:
    """Have the history of an execution that MiniStack ends with its restart say so, as the status does."""
    from ministack.services import stepfunctions

    if execution.get("error") == _INTERRUPTED:
        execution["cause"] = _INTERRUPTION
        told = {"error": _INTERRUPTED, "cause": _INTERRUPTION}
        stepfunctions._add_event(execution, "ExecutionFailed", {"executionFailedEventDetails": told})  # noqa: SLF001


def _shelve_executions(histories: Histories) -> None:
    from ministack.services import stepfunctions

    get, restore = stepfunctions.get_state, stepfunctions.load_persisted_state
    executions = stepfunctions._executions  # noqa: SLF001

    def unpacked(execution: dict[str, Any]) -> Ended:
        return Ended(execution | {"events": histories.restored(execution["events"])})

    def shelve() -> None:
        values = executions._data  # noqa: SLF001
        shelf = Shelf(EXECUTIONS, values, settled=_has_ended, packed=_packed, unpacked=unpacked)
        executions._data = shelf  # noqa: SLF001

    def load_persisted_state(data: Any) -> None:
        executions._data = {}  # noqa: SLF001
        restore(data)
        shelve()

    def get_state() -> dict[str, Any]:
        executions._data.store()  # noqa: SLF001
        state: dict[str, Any] = get()
        return state

    shelve()
    stepfunctions.load_persisted_state, stepfunctions.get_state = load_persisted_state, get_state


def _forget_with_the_machine(histories: Histories) -> None:
    """Remove a state machine's executions with it, those of its map runs as well.

    MiniStack does so for DeleteStateMachine, but not when a stack is deleted, and the next one had them.
    """
    from ministack.services import stepfunctions
    from ministack.services.cloudformation import provisioners

    delete = stepfunctions._delete_state_machine  # noqa: SLF001

    def _delete_state_machine(data: dict[str, Any]) -> Any:
        _forget_executions(data.get("stateMachineArn"))
        if not stepfunctions._executions.has_any():  # noqa: SLF001
            histories.clear()
        return delete(data)

    def delete_of_stack(physical_id: str, _props: Any) -> None:
        _delete_state_machine({"stateMachineArn": physical_id})

    stepfunctions._delete_state_machine = _delete_state_machine  # noqa: SLF001
    handlers = provisioners._RESOURCE_HANDLERS  # noqa: SLF001
    handlers["AWS::StepFunctions::StateMachine"]["delete"] = delete_of_stack


def _forget_executions(machine: str | None) -> None:
    from ministack.services import stepfunctions

    executions, map_runs = stepfunctions._executions, stepfunctions._map_runs  # noqa: SLF001
    for arn, execution in list(executions.items()):
        if _is_of(execution["stateMachineArn"], machine):
            executions.pop(arn, None)
            if isinstance(execution["events"], History):
                execution["events"].erase()
    for arn, run in list(map_runs.items()):
        if _is_of(run["_stateMachineArn"], machine):
            map_runs.pop(arn, None)


def _is_of(machine: str, arn: str | None) -> bool:
    return machine == arn or machine.startswith(f"{arn}/")


def _has_ended(_arn: Any, execution: dict[str, Any]) -> bool:
    of_map_run = "mapRunArn" in execution  # its events end with it
    return bool(execution["stopDate"]) and (of_map_run or isinstance(execution["events"], History))


def _packed(execution: dict[str, Any]) -> dict[str, Any]:
    events = execution["events"]
    if not isinstance(events, History):
        return execution
    told = list(events)
    first, last = (told[0], told[-1]) if told else ({}, {})
    known = {
        "input": first.get("executionStartedEventDetails", {}).get("input"),
        "output": last.get("executionSucceededEventDetails", {}).get("output"),
    }
    kept = {name: value for name, value in execution.items() if value is None or known.get(name) != value}
    return kept | {"events": events.place()}
