"""S3's events wait while many photos are under way, where MiniStack delivers all of them at once."""

from __future__ import annotations

from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Any

from imageproc.local.intake import Intake

if TYPE_CHECKING:
    from collections.abc import Callable

INTAKE = Intake()

_DELIVERED: ContextVar[list[Callable[[], None]] | None] = ContextVar("delivered", default=None)
"""In the thread that invokes a function with an event of S3: what is to be called when it has ended."""


def hold_back_events() -> None:
    """Let S3's events wait in `INTAKE`, which counts the executions that they start.

    Events of others go on at once: EventBridge's tell of executions that have ended.
    """
    from ministack.services import lambda_svc, stepfunctions

    invoke, execute = lambda_svc.invoke_async_with_retry, lambda_svc._execute_function  # noqa: SLF001
    run = stepfunctions._run_execution  # noqa: SLF001 - this package's purpose

    def invoke_async_with_retry(func: dict[str, Any], event: dict[str, Any]) -> None:
        if not _is_of_s3(event):
            invoke(func, event)
            return
        context = copy_context()
        context.run(_DELIVERED.set, [INTAKE.ended])
        INTAKE.put(lambda: context.run(invoke, func, event))

    def _execute_function(func: dict[str, Any], event: Any) -> Any:
        try:
            return execute(func, event)
        finally:  # the first attempt: what is tried again has waited before
            if delivered := _DELIVERED.get():
                delivered.pop()()

    def _run_execution(exec_arn: str) -> None:
        INTAKE.began()
        try:
            run(exec_arn)
        finally:
            INTAKE.ended()

    lambda_svc.invoke_async_with_retry = invoke_async_with_retry
    lambda_svc._execute_function = _execute_function  # noqa: SLF001
    stepfunctions._run_execution = _run_execution  # noqa: SLF001


def _is_of_s3(event: Any) -> bool:
    records = event.get("Records") if isinstance(event, dict) else None
    return isinstance(records, list) and bool(records) and records[0].get("eventSource") == "aws:s3"
