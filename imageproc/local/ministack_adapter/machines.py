"""State machines act by their roles while they are there, and hand on no more than 256 KiB, as on AWS."""

from __future__ import annotations

import json
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NoReturn
from uuid import uuid4

from imageproc.local.ministack_adapter.roles import refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    State = dict[str, Any]

MAX_DATA_BYTES = 262_144
"""Most bytes of JSON that a task, a state or an execution takes or gives.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""

_ROLE: ContextVar[str] = ContextVar("role_of_machine", default="")
"""The ARN of the role of the state machine that this thread executes."""

_MACHINE: ContextVar[tuple[str, str]] = ContextVar("machine_of_execution", default=("", ""))
"""The ARN of the state machine that this thread executes, and when that was made."""

_NOT_CAUGHT_BY_ALL = {"States.DataLimitExceeded", "States.Runtime"}


def enforce_roles_of_machines() -> None:
    """Let an execution do what its machine's role may, where MiniStack lets it do everything.

    Functions, executions within executions, items of DynamoDB, and what a Distributed Map starts, reads and
    writes are asked about; other integrations are not. A Distributed Map's error for children that it may
    not start is assumed to be that of a task's: AWS's pages do not name it.
    """
    from ministack.services import stepfunctions

    _give_executions_their_roles(stepfunctions)
    _guard_tasks(stepfunctions)
    _guard_distributed_maps(stepfunctions)


def _give_executions_their_roles(sf: Any) -> None:
    run = sf._run_execution  # noqa: SLF001

    def _run_execution(exec_arn: str) -> None:
        execution = sf._executions.get(exec_arn) or {}  # noqa: SLF001
        machine = sf._state_machines.get(execution.get("stateMachineArn")) or {}  # noqa: SLF001
        made = (machine.get("stateMachineArn", ""), machine.get("creationDate", ""))
        role, known = _ROLE.set(machine.get("roleArn", "")), _MACHINE.set(made)
        try:
            run(exec_arn)
        finally:
            _ROLE.reset(role)
            _MACHINE.reset(known)

    sf._run_execution = _run_execution  # noqa: SLF001


def _guard_tasks(sf: Any) -> None:
    from ministack.core.responses import get_account_id, get_region

    call, nested = sf._call_lambda, sf._nested_start_execution_request  # noqa: SLF001
    call_dynamodb = sf._invoke_dynamodb  # noqa: SLF001

    def _call_lambda(func_ref: str, event: Any) -> Any:
        named = f"arn:aws:lambda:{get_region()}:{get_account_id()}:function:{func_ref}"
        _require("lambda:InvokeFunction", func_ref if func_ref.startswith("arn:") else named, *_LAMBDA)
        try:
            return call(func_ref, event)
        except sf._ExecutionError as error:  # noqa: SLF001 - MiniStack gives a throttle no name
            if error.error == "Lambda.Unknown" and "TooManyRequestsException" in error.cause:
                _fail("Lambda.TooManyRequestsException", _THROTTLED)
            raise

    def _nested_start_execution_request(input_data: State) -> State:
        request: State = nested(input_data)
        _require("states:StartExecution", request["stateMachineArn"], *_STATES)
        return request

    def _invoke_dynamodb(operation: str, request: State) -> Any:
        action, (key, *_) = f"dynamodb:{operation[0].upper()}{operation[1:]}", request["Key"].values()
        table = f"arn:aws:dynamodb:{get_region()}:{get_account_id()}:table/{request['TableName']}"
        context = {"dynamodb:leadingkeys": next(iter(key.values()))}
        _require(action, table, *_DYNAMODB, context)
        return call_dynamodb(operation, request)

    sf._call_lambda, sf._invoke_dynamodb = _call_lambda, _invoke_dynamodb  # noqa: SLF001
    sf._nested_start_execution_request = _nested_start_execution_request  # noqa: SLF001


def _guard_distributed_maps(sf: Any) -> None:
    map_items, read_items = sf._run_distributed_map, sf._read_map_items  # noqa: SLF001

    def _read_map_items(reader: State, effective: Any, ctx: State) -> Any:
        params = _parameters(reader, effective, ctx)
        bucket = f"arn:aws:s3:::{params.get('Bucket')}"
        if reader.get("Resource", "").endswith(":listObjectsV2"):
            context = {"s3:prefix": params.get("Prefix", "")}
            _require("s3:ListBucket", bucket, "States.ItemReaderFailed", *_S3, context)
        else:
            _require("s3:GetObject", f"{bucket}/{params.get('Key')}", "States.ItemReaderFailed", *_S3)
        return read_items(reader, effective, ctx)

    def _run_distributed_map(
        state_def: State, raw_input: Any, effective: Any, iterator: State, execution: State, ctx: State
    ) -> Any:
        _require("states:StartExecution", execution["stateMachineArn"], *_STATES)
        result = map_items(state_def, raw_input, effective, iterator, execution, ctx)
        if writer := state_def.get("ResultWriter"):
            params = _parameters(writer, effective, ctx)
            manifest = f"{params.get('Bucket')}/{params.get('Prefix', '')}/{uuid4()}/manifest.json"
            _require("s3:PutObject", f"arn:aws:s3:::{manifest}", "States.ResultWriterFailed", *_S3)
        return result

    sf._run_distributed_map, sf._read_map_items = _run_distributed_map, _read_map_items  # noqa: SLF001


_LAMBDA = ("Lambda.AWSLambdaException", "AWSLambda", 403, "AccessDeniedException")
_THROTTLED = "Rate Exceeded. (Service: AWSLambda; Status Code: 429; Error Code: TooManyRequestsException)"
_STATES = ("StepFunctions.AWSStepFunctionsException", "AWSStepFunctions", 400, "AccessDeniedException")
_DYNAMODB = ("DynamoDB.AmazonDynamoDBException", "AmazonDynamoDBv2", 400, "AccessDeniedException")
_S3 = ("Amazon S3", 403, "AccessDenied")
"""How an execution's error says whose refusal it is: name, service, HTTP status, the service's own code."""


def _parameters(of: State, effective: Any, ctx: State) -> State:
    from ministack.services import stepfunctions as sf

    found: State = sf._resolve_params_obj(of.get("Parameters") or of.get("Arguments") or {}, effective, ctx)  # noqa: SLF001
    return found


def _require(
    action: str,
    resource: str,
    error: str,
    service: str,
    status: int,
    code: str,
    context: Mapping[str, str] | None = None,
) -> None:
    """Fail the state unless its machine is there and the role may do this; only executions have these.

    What executes a deleted machine would otherwise go on, into the tables of the next stack of its name. On
    AWS it ends with its next transition: DeleteStateMachine in the API's reference.
    """
    if _is_deleted():
        _fail("States.Runtime", "The state machine was deleted.")
    if (role := _ROLE.get()) and (refused := refusal(role, action, resource, context)):
        _fail(error, f"{refused} (Service: {service}; Status Code: {status}; Error Code: {code})")


def _is_deleted() -> bool:
    from ministack.services import stepfunctions

    arn, made = _MACHINE.get()
    machine = stepfunctions._state_machines.get(arn) or {}  # noqa: SLF001
    return bool(arn) and machine.get("creationDate") != made


def limit_data() -> None:
    """Fail what takes or gives more than `MAX_DATA_BYTES`, and let `States.ALL` not catch that.

    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    """
    from ministack.core.responses import error_response_json
    from ministack.services import stepfunctions as sf

    invoke, start, matches = sf._invoke_resource, sf._start_execution, sf._error_matches  # noqa: SLF001

    def _invoke_resource(resource: str, input_data: Any) -> Any:
        return _limited(invoke(resource, input_data), resource, "returned a result")

    def _start_execution(data: State) -> Any:
        if len(data.get("input", "").encode()) > MAX_DATA_BYTES:
            message = (
                "1 validation error detected: Value at 'input' failed to satisfy constraint: "
                f"Member must have length less than or equal to {MAX_DATA_BYTES}"
            )
            return error_response_json("ValidationException", message, 400)
        return start(data)

    def _error_matches(error_equals: list[str], error: str) -> bool:
        if error in _NOT_CAUGHT_BY_ALL:
            error_equals = [name for name in error_equals if name != "States.ALL"]
        return bool(matches(error_equals, error))

    sf._invoke_resource, sf._start_execution = _invoke_resource, _start_execution  # noqa: SLF001
    sf._error_matches = _error_matches  # noqa: SLF001
    sf._apply_output_path = _of_state(sf._apply_output_path, "returned a result")  # noqa: SLF001
    sf._apply_parameters = _of_state(sf._apply_parameters, "was given an input")  # noqa: SLF001


def _of_state(apply: Callable[..., Any], did: str) -> Callable[..., Any]:
    """Return what makes a state's input or output, and fails if that is too large."""

    def limited(state_def: State, data: Any, ctx: State | None = None) -> Any:
        name = ((ctx or {}).get("State") or {}).get("Name", "")
        return _limited(apply(state_def, data, ctx), name, did)

    return limited


def _limited(data: Any, what: str, did: str) -> Any:
    if len(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()) > MAX_DATA_BYTES:
        size = "with a size exceeding the maximum number of bytes service limit."
        _fail("States.DataLimitExceeded", f"The state/task '{what}' {did} {size}")
    return data


def _fail(error: str, cause: str) -> NoReturn:
    from ministack.services import stepfunctions

    raise stepfunctions._ExecutionError(error, cause)  # noqa: SLF001
