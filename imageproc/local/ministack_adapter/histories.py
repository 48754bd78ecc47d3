"""Histories of executions that have ended: in a file, where MiniStack keeps them in memory.

Each event of a history has all of its state's input or output: some 25 KB a photo in the saved state
(measured) and more in memory, all of it saved again with each checkpoint.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_FILE = "histories.jsonl"
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

    def place(self) -> dict[str, list[int]]:
        """Return what the saved state has of it."""
        return {_MARK: [self._offset, self._size, self._count]}


class Histories:
    """A file to which histories are appended, one a line. Those of deleted executions stay in it."""

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

    def restored(self, events: Any) -> Any:
        """Return the history that the saved state tells of; events that it holds itself as they are."""
        if isinstance(events, dict) and _MARK in events:
            return History(self._path, *events[_MARK])
        return events


def keep_histories_on_disk() -> None:
    """Move an execution's events to the file when it has ended, and find them there after a restart."""
    from ministack.core import persistence
    from ministack.services import stepfunctions

    histories = Histories(Path(persistence.STATE_DIR))
    run, restore, encode = (
        stepfunctions._run_execution,  # noqa: SLF001 - this package's purpose
        stepfunctions.load_persisted_state,
        persistence._json_default,  # noqa: SLF001
    )

    def _run_execution(exec_arn: str) -> None:
        run(exec_arn)
        execution = stepfunctions._executions.get(exec_arn)  # noqa: SLF001
        if execution and isinstance(execution["events"], list):
            execution["events"] = histories.keep(execution["events"])

    def load_persisted_state(data: Any) -> None:
        restore(data)
        for execution in stepfunctions._executions.all_values():  # noqa: SLF001
            execution["events"] = histories.restored(execution["events"])

    def _json_default(obj: Any) -> Any:
        return obj.place() if isinstance(obj, History) else encode(obj)

    stepfunctions._run_execution = _run_execution  # noqa: SLF001
    stepfunctions.load_persisted_state = load_persisted_state
    persistence._json_default = _json_default  # noqa: SLF001


def forget_log_records() -> None:
    """Keep log events once: MiniStack keeps each a second time for GetLogRecord, of Logs Insights."""
    from ministack.core.responses import AccountRegionScopedDict
    from ministack.services import cloudwatch_logs

    class Forgotten(AccountRegionScopedDict):  # type: ignore[misc]
        """Takes everything, and holds nothing."""

        def __setitem__(self, _key: object, _value: object) -> None:
            pass

    cloudwatch_logs._log_records = Forgotten()  # noqa: SLF001
