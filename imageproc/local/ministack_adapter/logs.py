"""Log lines of functions: in a file, where MiniStack keeps them in memory, some of them twice."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

from imageproc.local.ministack_adapter.histories import EXECUTIONS
from imageproc.local.ministack_adapter.shelves import Shelf, settled_file

_OF_AN_INVOCATION = re.compile(r"\d{4}/\d\d/\d\d/\[[^]]*\][0-9a-f]{32}")
"""The name of a log stream that MiniStack makes for an invocation, and writes to once."""
_EVER = 1 << 60


def keep_logs_on_disk() -> None:
    """Move the log streams of invocations to the file, and look there only for those of a time."""
    from ministack.core.responses import AccountRegionScopedDict
    from ministack.services import cloudwatch_logs as logs

    class LogGroups(AccountRegionScopedDict):  # type: ignore[misc]  # MiniStack has no types
        """Log groups, the streams of each on a shelf."""

        __slots__ = ()

        def __setitem__(self, name: str, group: dict[str, Any]) -> None:
            super().__setitem__(name, _shelved(group))

        def __delitem__(self, name: str) -> None:
            _forget(self[name])
            super().__delitem__(name)

        def pop(self, name: str, *default: Any) -> Any:
            if name in self:
                _forget(self[name])
            return super().pop(name, *default)

    logs._log_groups.__class__ = LogGroups  # noqa: SLF001 - this package's purpose
    _write_and_read(logs)
    _save_and_load(logs)


def _write_and_read(logs: Any) -> None:
    groups, put, filter_events = logs._log_groups, logs._put_log_events, logs._filter_log_events  # noqa: SLF001

    def _put_log_events(data: dict[str, Any]) -> Any:
        with suppress(KeyError):
            groups[data.get("logGroupName")]["streams"].take_back(data.get("logStreamName"))
        return put(data)

    def _filter_log_events(data: dict[str, Any]) -> Any:
        group = groups.get(logs._resolve_log_group_name(data))  # noqa: SLF001
        if group and not data.get("logStreamNames"):
            span = (data.get("startTime") or 0, data.get("endTime") or _EVER)
            # None of that name: MiniStack would take an empty list for all of them.
            data = {**data, "logStreamNames": group["streams"].keys_between(*span) or [""]}
        return filter_events(data)

    logs._put_log_events, logs._filter_log_events = _put_log_events, _filter_log_events  # noqa: SLF001


def _save_and_load(logs: Any) -> None:
    groups, get, restore = logs._log_groups, logs.get_state, logs.load_persisted_state  # noqa: SLF001

    def get_state() -> dict[str, Any]:
        for group in groups.all_values():
            group["streams"].store()
        state: dict[str, Any] = get()
        return state

    def load_persisted_state(data: Any) -> None:
        restore(data)
        shelves = [_shelved(group)["streams"].name for group in groups.all_values()]
        settled_file().keep_only([EXECUTIONS, *shelves])

    logs.get_state, logs.load_persisted_state = get_state, load_persisted_state


def _shelved(group: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(group["streams"], Shelf):
        # One of the same name that is made later has another time.
        name = f"log {group['arn']} {group['creationTime']}"
        group["streams"] = Shelf(name, group["streams"], settled=_is_written, at=_last)
    return group


def _forget(group: dict[str, Any]) -> None:
    """Remove a group's lines from the file."""
    settled_file().remove_shelf(_shelved(group)["streams"].name)


def _is_written(name: Any, stream: dict[str, Any]) -> bool:
    return bool(stream["events"]) and _OF_AN_INVOCATION.fullmatch(name) is not None


def _last(stream: dict[str, Any]) -> int:
    return int(stream["lastEventTimestamp"])


def forget_log_records() -> None:
    """Keep log events once: MiniStack keeps each a second time for GetLogRecord, of Logs Insights."""
    from ministack.core.responses import AccountRegionScopedDict
    from ministack.services import cloudwatch_logs

    class Forgotten(AccountRegionScopedDict):  # type: ignore[misc]
        """Takes everything, and holds nothing."""

        def __setitem__(self, _key: object, _value: object) -> None:
            pass

    cloudwatch_logs._log_records = Forgotten()  # noqa: SLF001


def forget_events() -> None:
    """Let events go that were delivered: MiniStack notes all of EventBridge's, and nothing reads them."""
    from ministack.services import eventbridge

    eventbridge._events_log_list = list  # noqa: SLF001
