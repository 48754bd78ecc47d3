"""Structured logs: one JSON object a line, with what the event is about in each.

`correlationId`, the name of the execution, joins all lines of one photo's run, from the upload's event to the
last step. The standard library does it: what Powertools for AWS Lambda costs at a cold start is in
docs/how-to/operations.md.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import wraps
from typing import Any, TypeVar

from imageproc.core.execution_input import correlation_id
from imageproc.errors import LabelsQueuedError, PhotoError, RenditionNeededError

Answer = TypeVar("Answer")
Handler = Callable[[Mapping[str, Any], Any], Answer]

_ABOUT: ContextVar[Mapping[str, Any]] = ContextVar("about", default={})  # noqa: B039 - never changed in place
_FROM_EVENT = ("objectID", "versionId", "only")

_log = logging.getLogger(__name__)


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON, ASCII only: no text of a photo's can break a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        now = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {
            "timestamp": now.replace("+00:00", "Z"),
            "level": record.levelname,
            "message": record.getMessage(),
            "function": os.environ.get("AWS_LAMBDA_FUNCTION_NAME", ""),
            "requestId": getattr(record, "aws_request_id", ""),
            **_ABOUT.get(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1]:
            line |= _named(record.exc_info[1]) | {"stackTrace": self.formatException(record.exc_info)}
        return json.dumps(line, default=str)


@contextmanager
def about(**fields: Any) -> Iterator[None]:
    """Put these fields into every line that is logged within."""
    token = _ABOUT.set({**_ABOUT.get(), **fields})
    try:
        yield
    finally:
        _ABOUT.reset(token)


def logged(handler: Handler[Answer]) -> Handler[Answer]:
    """Let a handler log how each invocation ended and how long it took, with what its event is about."""

    @wraps(handler)
    def wrapper(event: Mapping[str, Any], context: Any) -> Answer:
        began = time.perf_counter()
        fields = {name: event[name] for name in _FROM_EVENT if event.get(name)}
        run = correlation_id(event)
        with about(**({"correlationId": run} if run else {}), **fields):
            try:
                answer = handler(event, context)
            except Exception as error:
                _failed(error, _since(began))
                raise
            _log.info("done", extra={"fields": _since(began)})
            return answer

    return wrapper


def metric(name: str, **dimensions: str) -> dict[str, Any]:
    """Return the fields by which CloudWatch counts a log line as one of a metric: no call, no waiting.

    Namespace `imageproc`, dimensions `StackName` and the given ones.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    stack = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "").rpartition("-")[0]
    directive = {
        "Namespace": "imageproc",
        "Dimensions": [["StackName", *dimensions]],
        "Metrics": [{"Name": name, "Unit": "Count"}],
    }
    marked = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
    return {"_aws": marked, "StackName": stack, **dimensions, name: 1}


def _failed(error: Exception, fields: dict[str, Any]) -> None:
    """A photo at fault is worth a line, as is one that goes another way; anything else a stack trace."""
    if isinstance(error, LabelsQueuedError | RenditionNeededError):
        _log.info("handed on", extra={"fields": fields | _named(error)})
    elif isinstance(error, PhotoError):
        _log.warning("failed", extra={"fields": fields | _named(error)})
    else:
        _log.error("failed", extra={"fields": fields}, exc_info=error)


def _named(error: BaseException) -> dict[str, str]:
    return {"error": type(error).__name__, "cause": str(error)}


def _since(began: float) -> dict[str, Any]:
    return {"durationMs": round((time.perf_counter() - began) * 1000, 1)}


def _install() -> None:
    """Make the runtime's own handler write JSON; elsewhere, in tests for example, nothing is changed."""
    logging.getLogger("imageproc").setLevel(logging.INFO)
    if "AWS_LAMBDA_RUNTIME_API" in os.environ:
        for handler in logging.getLogger().handlers:
            handler.setFormatter(JsonFormatter())


_install()
