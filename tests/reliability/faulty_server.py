"""The local AWS, failing the functions' calls as the photos' keys say. Started in the place of the server.

It is the server of `imageproc.local` with another gateway. A function's requests are known by their user
agent. Waits are short: the state machine's between its retries, Lambda's before it delivers an event again,
the SDK's between its tries. How often each of them tries is as it is. Rekognition sees a cat.

`$IMAGEPROC_FAULTS` is a folder: `calls.jsonl` in it gets a line for each request of a function, and when
there is a file `lifted`, nothing fails any more.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import sys
from collections import Counter
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imageproc.local import server
from imageproc.local.gateway import Gateway
from tests.reliability.faults import ANY, TIMES, Call, Fault, of_key, photo_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from imageproc.local.gateway import Receive, Scope, Send

FOLDER = "IMAGEPROC_FAULTS"
MODULE = "tests.reliability.faulty_server"
CAT = {"Labels": [{"Name": "Cat", "Confidence": 99.0, "Parents": [], "Instances": []}]}

_QUICK = Path(__file__).parent / "quick"
_JSON, _XML = b"application/x-amz-json-1.0", b"application/xml"
_REFUSALS = {
    "throttled": ("SlowDown", 503, "ThrottlingException", 400),
    "failed": ("InternalError", 500, "InternalServerError", 500),
    "denied": ("AccessDenied", 403, "AccessDeniedException", 400),
}


class FaultyGateway(Gateway):
    """Fails what is to fail, and passes on the rest."""

    def __init__(self, application: Any, port: int, door: Any) -> None:
        super().__init__(application, port, door)
        self._folder = Path(os.environ[FOLDER])
        self._calls: dict[tuple[str, str, str], list[str]] = {}
        self._failed: Counter[tuple[str, Fault, str]] = Counter()

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        function = re.search(r" app/(\w+)", headers.get("user-agent", ""))
        if function is None:
            await super()._pass_on(scope, receive, send)
            return
        body = await _read(receive)
        photo = photo_of(f"{scope['path']} {body.decode('latin-1')}")
        operation = _operation(scope, headers)
        call = self._numbered(photo, function[1], operation, headers["amz-sdk-invocation-id"])
        fault = self._fault(photo, call, _digest(scope, headers, body))
        with (self._folder / "calls.jsonl").open("a") as log:
            log.write(json.dumps([photo, *astuple(call), fault.kind if fault else ""]) + "\n")
        if fault:
            await self._fail(fault, operation, scope, _replayed(body, receive), send)
        elif operation == "rekognition.DetectLabels":
            await _answer(send, 200, _JSON, json.dumps(CAT).encode())
        else:
            await super()._pass_on(scope, _replayed(body, receive), send)

    def _numbered(self, photo: str, function: str, operation: str, invocation: str) -> Call:
        """Tell the calls of one photo apart; the SDK's tries of one call are one."""
        calls = self._calls.setdefault((photo, function, operation), [])
        if invocation not in calls:
            calls.append(invocation)
        return Call(function, operation, calls.index(invocation) + 1)

    def _fault(self, photo: str, call: Call, digest: str) -> Fault | None:
        if (self._folder / "lifted").exists():
            return None
        for fault in of_key(photo):
            of = digest if fault.call.function == ANY else ""
            if _hits(fault, call) and self._failed[photo, fault, of] < TIMES[fault.times]:
                self._failed[photo, fault, of] += 1
                return fault
        return None

    async def _fail(self, fault: Fault, operation: str, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.kind == "silent":
            while (await receive())["type"] != "http.disconnect":
                pass
        elif fault.kind == "lost":
            await super()._pass_on(scope, receive, _nowhere)
            _reset(scope)
        elif fault.kind == "reset":
            _reset(scope)
        else:
            await _answer(send, *_refusal(fault, operation))


def _hits(fault: Fault, call: Call) -> bool:
    if fault.call.function == ANY:
        return True
    same = (fault.call.function, fault.call.operation) == (call.function, call.operation)
    return same and call.number >= fault.call.number


def _digest(scope: Scope, headers: Mapping[str, str], body: bytes) -> str:
    """Return what is the same for all tries of one request, by the SDK or by a function that is run again."""
    asked = [headers.get(name, "") for name in ("x-amz-target", "range", "if-match", "if-none-match")]
    return repr((scope["method"], scope["path"], asked, hashlib.sha256(body).hexdigest()))


async def _answer(send: Send, status: int, content_type: bytes, body: bytes) -> None:
    headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _read(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def _replayed(body: bytes, receive: Receive) -> Receive:
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> dict[str, Any]:
        return waiting.pop() if waiting else await receive()

    return again


async def _nowhere(_message: dict[str, Any]) -> None:
    pass


def _reset(scope: Scope) -> None:
    """Abort the caller's connection, as a network does."""
    loop: Any = asyncio.get_running_loop()
    for transport in list(loop._transports.values()):
        if transport.get_extra_info("peername") == tuple(scope["client"]):
            transport.abort()


def _refusal(fault: Fault, operation: str) -> tuple[int, bytes, bytes]:
    xml, xml_status, code, status = _REFUSALS[fault.kind]
    message = "the photo's key says so"
    if operation.startswith("s3."):
        body = f"<Error><Code>{xml}</Code><Message>{message}</Message></Error>"
        return xml_status, _XML, body.encode()
    return status, _JSON, json.dumps({"__type": code, "message": message}).encode()


def _operation(scope: Scope, headers: Mapping[str, str]) -> str:
    if target := headers.get("x-amz-target"):
        service, _, name = target.partition(".")
        known = {"DynamoDB_20120810": "dynamodb", "RekognitionService": "rekognition"}
        return f"{known.get(service, 'stepfunctions')}.{name}"
    method = scope["method"].capitalize()
    if scope["query_string"].startswith(b"notification"):
        return f"s3.{method}BucketNotificationConfiguration"
    return f"s3.{method}Object"


def _set_environment(*arguments: Any) -> None:
    original(*arguments)
    os.environ.update({"SFN_WAIT_SCALE": "0", "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.1"})
    from imageproc.local import ministack_adapter

    install = ministack_adapter.install

    def install_with_names(*arguments: Any) -> None:
        install(*arguments)
        from ministack.services import lambda_svc

        made: Callable[..., dict[str, str]] = lambda_svc._provided_worker_env

        def worker_env(config: dict[str, Any], *more: Any) -> dict[str, str]:
            environment = made(config, *more)
            name = config["FunctionName"].rpartition("-")[2]
            path = os.pathsep.join([environment["PYTHONPATH"], str(_QUICK)])
            return environment | {"AWS_SDK_UA_APP_ID": name, "PYTHONPATH": path}

        lambda_svc._provided_worker_env = worker_env

    adapter: Any = ministack_adapter
    adapter.install = install_with_names


original = server._set_environment

if __name__ == "__main__":
    changed: Any = server
    changed.Gateway = FaultyGateway
    changed._set_environment = _set_environment
    server.main(sys.argv[1], int(sys.argv[2]))
