"""The function runtime: a loop on the Lambda Runtime API, run as a script in each function process.

MiniStack's own Python runtime loses the class of an exception, and the state machine catches by class. So
functions run locally as custom runtimes (`provided.al2023`): their zip holds a `bootstrap` that starts this
file by its path, with the interpreter of the environment that the local AWS was started from. What follows is
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html, and for the names of a runtime's own errors
https://github.com/aws/aws-lambda-python-runtime-interface-client. Only the standard library, and nothing of
imageproc: the `imageproc` that is imported must be the one in the function's zip.
"""

from __future__ import annotations

import http.client
import importlib
import json
import logging
import os
import sys
import threading
import time
import traceback
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from http.client import HTTPMessage

    Handler = Callable[[Any, "Context"], Any]

# -P: the directory of this file must not come first on the path, as it does for scripts.
BOOTSTRAP = b'#!/bin/sh\nexec "$IMAGEPROC_PYTHON" -P "$IMAGEPROC_RUNTIME"\n'

_API = "/2018-06-01/runtime"
_PARENT_CHECK_SECONDS = 1.0


def runtime_bootstrap() -> bytes:
    """Return the `bootstrap` for a local function's zip: mode 0755, at its root, the same on all machines."""
    return BOOTSTRAP


class Context:
    """What a handler gets as its second argument.

    See https://docs.aws.amazon.com/lambda/latest/dg/python-context.html
    """

    def __init__(self, headers: HTTPMessage) -> None:
        """Read the event's headers, and of the environment what stays the same for all events."""
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = int(os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"])
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME", "")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME", "")
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.identity = None
        self.client_context = None
        self._deadline_ms = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds left until the function's time-out, at least 0."""
        return max(0, self._deadline_ms - int(time.time() * 1000))


class _Gone(Exception):  # noqa: N818 - no error: the execution environment was ended
    """The server ended this execution environment."""


class RuntimeApi:
    """The three calls of the Runtime API, on one connection that is kept open."""

    def __init__(self, address: str) -> None:
        """Name the host and port of the Runtime API, and what its paths begin with."""
        host, slash, token = address.partition("/")
        # No time-out: `next` answers when there is an event, which may be never.
        self._connection = http.client.HTTPConnection(host)
        self._path = f"{slash}{token}{_API}"

    def next(self) -> tuple[HTTPMessage, Any]:
        """Wait for the next event: its headers and its payload."""
        self._connection.request("GET", f"{self._path}/invocation/next")
        response = self._connection.getresponse()
        body = response.read()
        if response.status != http.client.OK:
            raise _Gone
        return response.headers, json.loads(body)

    def post(self, path: str, body: bytes, error_type: str = "") -> None:
        """Post a result or an error; `error_type` goes into the header that AWS asks for."""
        headers = {"Content-Type": "application/json"}
        if error_type:
            headers["Lambda-Runtime-Function-Error-Type"] = error_type
        self._connection.request("POST", f"{self._path}/{path}", body, headers)
        self._connection.getresponse().read()


class _RequestIdFilter(logging.Filter):
    """Puts the request ID into each log record, as AWS's runtime does."""

    request_id = ""

    def filter(self, record: logging.LogRecord) -> bool:
        record.aws_request_id = self.request_id
        return True


def error_body(error: BaseException, error_type: str = "", message: str = "") -> dict[str, Any]:
    """Return the error as the Runtime API wants it: `errorType` is the exception's class name.

    The stack trace starts in the handler's module: the frames of this file and of the import are left out.
    """
    frames = [
        f
        for f in traceback.extract_tb(error.__traceback__)
        if f.filename not in (__file__, importlib.__file__) and not f.filename.startswith("<frozen importlib")
    ]
    return {
        "errorType": error_type or type(error).__name__,
        "errorMessage": message or str(error),
        "stackTrace": traceback.format_list(frames),
    }


def _log_error(body: dict[str, Any]) -> None:
    # One write, in the form of AWS's own log lines, so that searches for "[ERROR]" find it.
    trace = "".join(body["stackTrace"])
    text = f"[ERROR] {body['errorType']}: {body['errorMessage']}\n"
    sys.stdout.write(text + (f"Traceback (most recent call last):\n{trace}" if trace else ""))
    sys.stdout.flush()


def _failed_init(error: BaseException, module: str, name: str) -> dict[str, Any]:
    if isinstance(error, ImportError):
        return error_body(error, "Runtime.ImportModuleError", f"Unable to import module '{module}': {error}")
    if isinstance(error, SyntaxError):
        return error_body(error, "Runtime.UserCodeSyntaxError", f"Syntax error in module '{module}': {error}")
    if isinstance(error, AttributeError) and getattr(error, "name", None) == name:
        return error_body(error, "Runtime.HandlerNotFound", f"Handler '{name}' missing on module '{module}'")
    return error_body(error)


def load_handler(dotted: str) -> Handler:
    """Import the handler, such as `imageproc.functions.generate_thumbnail.handler`.

    If it cannot be imported, a handler comes back that says so: as on AWS, the caller learns why.
    """
    module, _, name = dotted.replace("/", ".").rpartition(".")
    try:
        handler: Handler = getattr(importlib.import_module(module), name)
    except Exception as error:  # noqa: BLE001 - whatever the module raises
        return _failing_handler(_failed_init(error, module, name))
    return handler


class InitError(Exception):
    """The handler could not be imported. `body` is what the Runtime API is to be told."""

    def __init__(self, body: dict[str, Any]) -> None:
        """Keep the error as it is to be posted."""
        super().__init__(body["errorMessage"])
        self.body = body


def _failing_handler(body: dict[str, Any]) -> Handler:
    def handler(_event: Any, _context: Context) -> Any:
        raise InitError(body)

    return handler


def _marshal(result: Any) -> bytes:
    try:
        return json.dumps(result, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise MarshalError(f"Unable to marshal response: {error}") from error


class MarshalError(Exception):
    """The handler returned something that is no JSON."""


def serve_one(api: RuntimeApi, handler: Handler, requests: _RequestIdFilter) -> None:
    """Wait for one event, run the handler on it, and post what it returned or raised."""
    headers, event = api.next()
    context = Context(headers)
    requests.request_id = context.aws_request_id
    # Always there on AWS, traced or not. The SDK sends it along, by which nested calls are known.
    os.environ["_X_AMZN_TRACE_ID"] = headers.get("Lambda-Runtime-Trace-Id") or _new_trace_id()
    path = f"invocation/{context.aws_request_id}"
    try:
        result = _marshal(handler(event, context))
    except InitError as error:
        _post_error(api, path, error.body)
        # The next event gets a new process, and with it another attempt.
        raise _Gone from error
    except MarshalError as error:
        _post_error(api, path, error_body(error, "Runtime.MarshalError"))
    except Exception as error:  # noqa: BLE001 - whatever a handler raises is its answer
        _post_error(api, path, error_body(error))
    else:
        # The server takes the log when it has the answer: what is still in the buffer would be lost.
        sys.stdout.flush()
        api.post(f"{path}/response", result)


def _new_trace_id() -> str:
    # https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-traceids
    return f"Root=1-{int(time.time()):08x}-{os.urandom(12).hex()};Sampled=0"


def _post_error(api: RuntimeApi, path: str, body: dict[str, Any]) -> None:
    _log_error(body)
    api.post(f"{path}/error", json.dumps(body).encode(), body["errorType"])


def _exit_with_parent() -> None:
    """End this process when the server is gone, even in the middle of a handler.

    A waiting process notices by its broken connection; a busy one would outlive a killed server.
    """
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_PARENT_CHECK_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="exit-with-parent", daemon=True).start()


def _set_up_logging() -> _RequestIdFilter:
    requests = _RequestIdFilter()
    output = logging.StreamHandler(sys.stdout)
    output.addFilter(requests)
    output.setFormatter(
        logging.Formatter(
            "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s", "%Y-%m-%dT%H:%M:%S"
        )
    )
    logging.Formatter.converter = time.gmtime
    logging.getLogger().addHandler(output)
    return requests


def main() -> None:
    """Run handlers until the server ends this process."""
    _exit_with_parent()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    requests = _set_up_logging()
    api = RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"])
    try:
        handler = load_handler(os.environ["_HANDLER"])
        while True:
            serve_one(api, handler, requests)
    except (_Gone, OSError, http.client.HTTPException):
        # The server or this environment has ended: there is nobody left to answer.
        raise SystemExit(0) from None


if __name__ == "__main__":
    main()
