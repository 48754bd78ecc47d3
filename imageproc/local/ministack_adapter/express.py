"""Express workflows as Step Functions runs them, where MiniStack runs every state machine as Standard.

An Express execution has an ARN that nobody knows before, may share its name with others, ends after five
minutes, and can be neither described nor listed nor stopped. What it did is in its log and nowhere else.
https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html
"""

from __future__ import annotations

import json
import threading
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from imageproc.core.express import LIMIT_MS
from imageproc.core.keys import express_prefix, is_express

if TYPE_CHECKING:
    from collections.abc import Callable

    State = dict[str, Any]
    Answer = tuple[int, dict[str, str], Any]

LIMIT_S = LIMIT_MS / 1000
_EXPRESS: ContextVar[bool] = ContextVar("express_children", default=False)
"""Whether the Distributed Map that this thread works for has Express children."""

_STREAM = "states/local"
_LEVELS = {
    "ALL": ("",),
    "ERROR": ("Failed", "TimedOut", "Aborted"),
    "FATAL": ("ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted"),
}
"""How the types of events end that a level logs:
https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html"""
_NOT_FOR_EXPRESS = (
    "_describe_execution",
    "_get_execution_history",
    "_stop_execution",
    "_describe_state_machine_for_execution",
)


def run_express_workflows() -> None:
    """Start, end, log and forget executions of Express state machines, and refuse what AWS refuses."""
    from ministack.services import stepfunctions as sf

    _start_as_express(sf)
    _end_as_express(sf)
    _refuse_as_express(sf)
    _log_events(sf)
    _run_children_as_express(sf)


def _start_as_express(sf: Any) -> None:
    from ministack.core.responses import json_response, now_iso

    start = sf._start_execution  # noqa: SLF001 - this package's purpose

    def _start_execution(data: State) -> Any:
        machine = sf._state_machines.get(data.get("stateMachineArn", ""))  # noqa: SLF001
        if not machine or machine["type"] != "EXPRESS":
            return start(data)
        execution = _execution(machine, data, now_iso())
        arn = execution["executionArn"]
        sf._executions[arn] = execution  # noqa: SLF001
        started = {"input": execution["input"], "roleArn": machine["roleArn"]}
        sf._add_event(execution, "ExecutionStarted", {"executionStartedEventDetails": started})  # noqa: SLF001
        context = copy_context()
        run = lambda: sf._run_execution(arn)  # noqa: E731, SLF001
        threading.Thread(target=context.run, args=(run,), daemon=True).start()
        return json_response({"executionArn": arn, "startDate": execution["startDate"]})

    sf._start_execution = _start_execution  # noqa: SLF001


def _execution(machine: State, data: State, now: str) -> State:
    """Return what MiniStack keeps of an execution that begins."""
    name = data.get("name") or str(uuid4())
    return {
        "executionArn": f"{express_prefix(machine['stateMachineArn'])}{name}:{uuid4()}",
        "stateMachineArn": machine["stateMachineArn"],
        "name": name,
        "status": "RUNNING",
        "startDate": now,
        "stopDate": None,
        "input": data.get("input", "{}"),
        "output": None,
        "testCase": "",
        "mockAttempts": {},
        "events": [],
        "sync": True,  # MiniStack's word for: tells EventBridge nothing
    }


def _end_as_express(sf: Any) -> None:
    """End an execution when its time is over, and forget it at its end."""
    run, restore = sf._run_execution, sf.load_persisted_state  # noqa: SLF001

    def _run_execution(arn: str) -> None:
        if not is_express(arn):
            run(arn)
            return
        context = copy_context()
        timer = threading.Timer(LIMIT_S, context.run, args=(_time_out, sf, arn))
        timer.daemon = True
        timer.start()
        try:
            run(arn)
        finally:
            timer.cancel()
            sf._executions.pop(arn, None)  # noqa: SLF001

    def load_persisted_state(data: Any) -> None:
        restore(data)
        for scoped in [key for key in sf._executions._data if is_express(str(key[-1]))]:  # noqa: SLF001
            sf._executions._data.pop(scoped)  # noqa: SLF001

    sf._run_execution, sf.load_persisted_state = _run_execution, load_persisted_state  # noqa: SLF001


def _time_out(sf: Any, arn: str) -> None:
    execution = sf._executions.get(arn)  # noqa: SLF001
    if execution and execution["status"] == "RUNNING":
        sf._add_event(execution, "ExecutionTimedOut", {"executionTimedOutEventDetails": {}})  # noqa: SLF001
        execution.update(status="TIMED_OUT", timed_out=True)


def _refuse_as_express(sf: Any) -> None:
    from ministack.core.responses import error_response_json

    def refusing(operation: Callable[[State], Any]) -> Callable[[State], Any]:
        def answer(data: State) -> Any:
            arn = str(data.get("executionArn", ""))
            of_map_run = "/" in arn and operation.__name__ == "_describe_execution"
            if not is_express(arn) or of_map_run:
                return operation(data)
            wrong = "Invalid Arn: 'Resource type not valid in this context: express'"
            return error_response_json("InvalidArn", wrong, 400)

        return answer

    for name in _NOT_FOR_EXPRESS:
        setattr(sf, name, refusing(getattr(sf, name)))
    listed = sf._list_executions  # noqa: SLF001

    def _list_executions(data: State) -> Any:
        machine = sf._state_machines.get(data.get("stateMachineArn", ""))  # noqa: SLF001
        if machine and machine["type"] == "EXPRESS":
            wrong = "This operation is not supported by this type of state machine"
            return error_response_json("StateMachineTypeNotSupported", wrong, 400)
        return listed(data)

    sf._list_executions = _list_executions  # noqa: SLF001


def _run_children_as_express(sf: Any) -> None:
    """Let a Distributed Map's children be Express where its processor says so, and know their own ARN."""
    map_items, run = sf._run_distributed_map, sf._run_sub_machine  # noqa: SLF001

    def _run_distributed_map(
        state_def: State, raw_input: Any, effective: Any, iterator: State, execution: State, ctx: State
    ) -> Any:
        token = _EXPRESS.set(iterator["ProcessorConfig"].get("ExecutionType") == "EXPRESS")
        try:
            return map_items(state_def, raw_input, effective, iterator, execution, ctx)
        finally:
            _EXPRESS.reset(token)

    def _run_sub_machine(states: State, start_at: str, input_data: Any, execution: State, ctx: State) -> Any:
        if not _EXPRESS.get() or "mapRunArn" not in execution or is_express(execution["executionArn"]):
            return run(states, start_at, input_data, execution, ctx)
        sf._executions.pop(execution["executionArn"])  # noqa: SLF001
        arn = f"{express_prefix(execution['stateMachineArn'])}{execution['name']}:{uuid4()}"
        execution["executionArn"] = arn
        sf._executions[arn] = execution  # noqa: SLF001
        ctx["Execution"] = {"Id": arn, "Name": execution["name"], "StartTime": execution["startDate"]}
        try:
            return run(states, start_at, input_data, execution, ctx)
        finally:
            execution["events"] = []

    sf._run_distributed_map, sf._run_sub_machine = _run_distributed_map, _run_sub_machine  # noqa: SLF001


def _log_events(sf: Any) -> None:
    """Write an Express execution's events to its machine's log group, one JSON object each, as they come."""
    add = sf._add_event  # noqa: SLF001

    def _add_event(execution: State, event_type: str, details: State | None = None) -> Any:
        event = add(execution, event_type, details)
        if is_express(execution["executionArn"]) and not execution.get("timed_out"):
            machine = sf._state_machines.get(execution["stateMachineArn"]) or {}  # noqa: SLF001
            _log(machine.get("loggingConfiguration") or {}, execution["executionArn"], event)
        return event

    sf._add_event = _add_event  # noqa: SLF001


def _log(configuration: State, arn: str, event: State) -> None:
    from ministack.services import cloudwatch_logs as logs
    from ministack.services.stepfunctions import _iso_to_epoch_ms

    wanted = _LEVELS.get(configuration.get("Level", "OFF"), ())
    if not event["type"].endswith(wanted):
        return
    at = _iso_to_epoch_ms(event["timestamp"])
    told = _details(event, data=bool(configuration.get("IncludeExecutionData")))
    line = {
        "id": str(event["id"]),
        "type": event["type"],
        "details": told,
        "previous_event_id": "0",  # MiniStack does not know it
        "event_timestamp": str(at),
        "execution_arn": arn,
        "redrive_count": "0",
    }
    for destination in configuration.get("Destinations") or ():
        group = destination["CloudWatchLogsLogGroup"]["LogGroupArn"].split(":")[6]
        place = {"logGroupName": group, "logStreamName": _STREAM}
        logs._create_log_stream(place)  # noqa: SLF001 - refused where it exists
        message = json.dumps(line, separators=(",", ":"))
        logs._put_log_events({**place, "logEvents": [{"timestamp": at, "message": message}]})  # noqa: SLF001


def _details(event: State, *, data: bool) -> State:
    found: State = next((value for name, value in event.items() if name.endswith("EventDetails")), {})
    return {name: value for name, value in found.items() if data or name not in ("input", "output")}
