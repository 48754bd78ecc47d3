"""Everything that touches MiniStack's internals, and nothing else does.

It is written for one version. `check` compares the version and each name and signature that is used here,
and `tests/local/test_ministack_adapter.py` what they do; when MiniStack moves on, start there. What is
changed, and why, is in the docstrings of the functions that `install` calls.

Import this module only after the server's environment is set: MiniStack reads it when it is imported.
"""

from __future__ import annotations

import hmac
import http.server
import logging
import os
import threading
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imageproc.errors import IncompatibleMiniStackError
from imageproc.local.layers import unpack_once
from imageproc.local.ministack_adapter import door
from imageproc.local.ministack_adapter.access import record_access
from imageproc.local.ministack_adapter.batches import run_maps_in_batches
from imageproc.local.ministack_adapter.buckets import (
    keep_what_a_stack_may_not_delete,
    refuse_as_s3,
    require_permission_of_trigger,
)
from imageproc.local.ministack_adapter.checkpoints import Checkpoints, encode_at_once, save
from imageproc.local.ministack_adapter.events import INTAKE, hold_back_events
from imageproc.local.ministack_adapter.express import run_express_workflows
from imageproc.local.ministack_adapter.faults import disturb_events, name_functions
from imageproc.local.ministack_adapter.forks import fork_functions
from imageproc.local.ministack_adapter.histories import keep_executions_on_disk
from imageproc.local.ministack_adapter.internals import INTERNALS, MINISTACK_VERSION, check
from imageproc.local.ministack_adapter.items import pack_all_items, save_changed_items
from imageproc.local.ministack_adapter.logs import forget_events, forget_log_records, keep_logs_on_disk
from imageproc.local.ministack_adapter.machines import enforce_roles_of_machines, limit_data
from imageproc.local.ministack_adapter.queries import compare_keys_directly, query_page_by_page
from imageproc.local.ministack_adapter.ranges import read_ranges_from_disk, serve_versions_as_objects
from imageproc.local.ministack_adapter.rekognition import serve_rekognition
from imageproc.local.ministack_adapter.roles import parse_policies_once, require_tracing_rights
from imageproc.local.ministack_adapter.scans import scan_page_by_page
from imageproc.local.ministack_adapter.storage import keep_versions_on_disk, parse_forms_once

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from imageproc.local.worker_gate import WorkerGate

    AsgiApp = Callable[..., Any]

__all__ = [
    "INTERNALS",
    "MINISTACK_VERSION",
    "Checkpoints",
    "application",
    "check",
    "disturb_events",
    "door",
    "end_workers",
    "install",
    "is_executing",
    "name_functions",
    "record_access",
    "save",
    "serve_rekognition",
    "settled_status",
]

# What MiniStack sets for a function that Lambda sets too.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
_LAMBDA_VARIABLES = (
    "_HANDLER",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_TASK_ROOT",
)

_log = logging.getLogger("imageproc.local")


def install(gate: WorkerGate, function_environment: Mapping[str, str], layers: Path) -> None:
    """Change MiniStack in this process. Once only, before it serves.

    `layers` is the directory to unpack layers in.
    """
    fork_functions(function_environment)
    _limit_workers(gate)
    addresses = RuntimeAddresses()
    _replace_function_environment(function_environment, layers, addresses)
    _close_root_keys()
    _serve_runtimes(addresses)
    _count_loopback_as_secure()
    read_ranges_from_disk()
    serve_versions_as_objects()
    run_maps_in_batches()
    run_express_workflows()
    limit_data()
    _let_tasks_wait()
    enforce_roles_of_machines()
    hold_back_events()
    require_tracing_rights()
    parse_policies_once()
    refuse_as_s3()
    require_permission_of_trigger()
    keep_what_a_stack_may_not_delete()
    encode_at_once()
    save_changed_items()
    pack_all_items()
    keep_versions_on_disk()
    keep_executions_on_disk()
    keep_logs_on_disk()
    forget_log_records()
    forget_events()
    compare_keys_directly()
    query_page_by_page()
    scan_page_by_page()
    parse_forms_once()
    _settle_interrupted_stacks()


def application() -> AsgiApp:
    """Return MiniStack's ASGI application."""
    from ministack import app
    from ministack.core import persistence

    if not app.AUTH:
        raise IncompatibleMiniStackError("MiniStack does not check permissions: AUTH=true had no effect")
    if not persistence.PERSIST_STATE:
        raise IncompatibleMiniStackError("MiniStack does not keep its state: PERSIST_STATE=1 had no effect")
    # It logs each file that it saves, which would be ten lines every two seconds.
    logging.getLogger("persistence").setLevel(logging.WARNING)
    application: AsgiApp = app.app
    return application


def is_executing() -> bool:
    """Say whether an execution of a state machine runs, or is to be started by an event."""
    from ministack.services import stepfunctions

    executions = stepfunctions._executions.all_values()  # noqa: SLF001
    return INTAKE.waiting > 0 or any(one["status"] == "RUNNING" for one in executions)


def end_workers() -> None:
    """End all function processes, and wait for them."""
    from ministack.core import lambda_runtime

    lambda_runtime.reset()


def _limit_workers(gate: WorkerGate) -> None:
    """Let callers of functions wait in the gate, where MiniStack would start ever more processes.

    A lease is taken and given back by the same thread; on some failures it is given back without saying
    whose it was, and the gate knows by the thread. MiniStack would count those who wait as well, and refuse
    more of them than its limit of concurrency, which it derives from the machine's memory.
    """
    from ministack.services import lambda_svc

    lambda_svc._ACCOUNT_CONCURRENCY_CAP = 0  # noqa: SLF001 - this package's purpose; 0: no limit
    acquire, release = lambda_svc.acquire_worker, lambda_svc.release_worker

    def acquire_worker(
        func_name: str,
        config: dict[str, Any],
        code_zip: bytes,
        qualifier: str = "$LATEST",
        max_concurrency: int | None = None,
    ) -> tuple[Any, str]:
        gate.enter(func_name)
        try:
            leased: tuple[Any, str] = acquire(func_name, config, code_zip, qualifier, max_concurrency)
        except BaseException:
            gate.leave()
            raise
        return leased

    def release_worker(worker: Any) -> None:
        try:
            release(worker)
        finally:
            gate.leave()

    lambda_svc.acquire_worker, lambda_svc.release_worker = acquire_worker, release_worker


class RuntimeAddresses:
    """Addresses of Runtime APIs that cannot be guessed: each function process is told its own.

    The Runtime API asks for no signature. On AWS nobody else can reach it; here all of the machine can, and
    who can reach it could take a function's events, and answer in its place.
    """

    def __init__(self) -> None:
        """Make the secret that they depend on."""
        self._secret = os.urandom(32)

    def address(self, port: int) -> str:
        """Return the address that listens on this port, as a function process gets it."""
        return f"127.0.0.1:{port}/{self._token(port)}"

    def reaches(self, port: int, path: str) -> bool:
        """Say whether a request for this path was meant for this address."""
        return hmac.compare_digest(path.encode()[1:].partition(b"/")[0], self._token(port).encode())

    def _token(self, port: int) -> str:
        return hmac.digest(self._secret, str(port).encode(), "sha256").hex()


def _replace_function_environment(
    extra: Mapping[str, str], layers: Path, addresses: RuntimeAddresses
) -> None:
    """Give function processes what Lambda would, and the layers, which custom runtimes lack in MiniStack.

    MiniStack hands them its own environment, which holds the administrator's key.
    """
    from ministack.services import lambda_svc

    original = lambda_svc._provided_worker_env  # noqa: SLF001 - this module's purpose
    unpack_lock = threading.Lock()

    def _provided_worker_env(config: dict[str, Any], code_dir: str, port: int) -> dict[str, str]:
        full: dict[str, str] = original(config, code_dir, port)
        own = (config.get("Environment") or {}).get("Variables") or {}
        with unpack_lock:
            path = [code_dir, *(str(p / "python") for p in _layer_dirs(config, layers))]
        return {
            **extra,
            # A function may choose its own LANG, but no other AWS to talk to.
            **{k: v for k, v in own.items() if not k.startswith("AWS_") or k not in extra},
            **{k: full[k] for k in _LAMBDA_VARIABLES if k in full},
            "AWS_LAMBDA_RUNTIME_API": addresses.address(port),
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{config['FunctionName']}",
            # The task root comes before the layers, as /var/task before /opt/python on AWS.
            "PYTHONPATH": os.pathsep.join(path),
        }

    lambda_svc._provided_worker_env = _provided_worker_env  # noqa: SLF001


def _layer_dirs(config: Mapping[str, Any], layers: Path) -> list[Path]:
    """Unpack the function's layers where needed; the last one first, because later layers win on AWS."""
    from ministack.services import lambda_svc

    found = []
    for attachment in reversed(config.get("Layers") or []):
        content = lambda_svc._resolve_layer_zip(attachment)  # noqa: SLF001
        if content:
            found.append(unpack_once(content, layers))
    return found


def _close_root_keys() -> None:
    """Let only the key of this local AWS be the administrator's, and only with a right signature.

    MiniStack takes "test", every 12-digit number and the configured key for the administrator's, and checks
    no signature of theirs. Then any process or web page that finds the port could do anything.
    The empty key stays what it is: such requests are anonymous, and refused or allowed as such elsewhere.
    """
    from ministack.core import iam_evaluator
    from ministack.services import sts

    administrator = os.environ["AWS_ACCESS_KEY_ID"]

    def is_root_access_key(access_key_id: str) -> bool:
        return not access_key_id or access_key_id == administrator

    def _is_root_key(access_key_id: str) -> bool:
        return not access_key_id

    iam_evaluator.is_root_access_key = sts.is_root_access_key = is_root_access_key
    iam_evaluator._is_root_key = _is_root_key  # noqa: SLF001


def _serve_runtimes(addresses: RuntimeAddresses) -> None:
    """Let the Runtime API answer function processes alone, and without waiting for an acknowledgement.

    MiniStack writes headers and body separately, and the second write waits up to 40 ms for the peer's
    delayed acknowledgement of the first: for each event, of each function.
    """
    handler = http.server.BaseHTTPRequestHandler
    handler.disable_nagle_algorithm = True
    parse = handler.parse_request

    def parse_request(self: http.server.BaseHTTPRequestHandler) -> bool:
        if not parse(self):
            return False
        address: Any = self.server.server_address
        if not addresses.reaches(address[1], self.path):
            self.send_error(HTTPStatus.FORBIDDEN)
            return False
        return True

    handler.parse_request = parse_request  # type: ignore[method-assign]


def _count_loopback_as_secure() -> None:
    """Let `aws:SecureTransport` hold: requests never leave this machine, and the template demands TLS.

    Whether those policies refuse plain HTTP is therefore not seen locally.
    """
    from ministack import app

    pin = app.pin_request_origin

    def pin_request_origin(source_ip: str, secure_transport: bool) -> None:  # noqa: ARG001 - MiniStack's call
        pin(source_ip, True)

    app.pin_request_origin = pin_request_origin


def _let_tasks_wait() -> None:
    """Leave the time-out of a Task that runs a function to the function's own.

    Waiting for a place counts as running here, and a batch of some hundred photos would time out in the
    queue. The function's own time-out counts from when it starts.
    """
    from ministack.services import stepfunctions

    original, invoke = stepfunctions._invoke_resource_with_timeout, stepfunctions._invoke_resource  # noqa: SLF001

    def _invoke_resource_with_timeout(resource: str, input_data: Any, timeout: float) -> Any:
        if ":lambda:" in resource:
            return invoke(resource, input_data)
        return original(resource, input_data, timeout)

    stepfunctions._invoke_resource_with_timeout = _invoke_resource_with_timeout  # noqa: SLF001


def _settle_interrupted_stacks() -> None:
    """Give stacks that were being changed when the server was killed a state that deploying can start from.

    Nothing works on them any more; MiniStack would restore them as "in progress" for ever.
    """
    from ministack.services import cloudformation

    load = cloudformation.load_persisted_state

    def load_persisted_state(data: Any) -> None:
        load(data)
        for stack in cloudformation._stacks._data.values():  # noqa: SLF001
            stack["StackStatus"] = settled_status(stack["StackStatus"])

    cloudformation.load_persisted_state = load_persisted_state


def settled_status(status: str) -> str:
    """Return the status of a stack that nothing works on any more."""
    if not status.endswith("_IN_PROGRESS") or status == "REVIEW_IN_PROGRESS":
        return status
    if status.startswith("DELETE"):
        return "DELETE_FAILED"
    return "UPDATE_ROLLBACK_COMPLETE" if status.startswith("UPDATE") else "ROLLBACK_FAILED"
