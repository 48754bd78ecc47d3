"""The local AWS, failing the functions' calls as the photos' keys say. Started in the place of the server.

It is the server of `imageproc.local` with the gateway that injects faults, and another plan: the faults
are in the photos' keys. Waits are short: the state machine's between its retries, Lambda's before it
delivers an event again, the SDK's between its tries. How often each of them tries is as it is. Rekognition
sees a cat.

`$IMAGEPROC_TEST_FAULTS` is a folder: `calls.jsonl` in it gets a line for each request of a function, and when
there is a file `lifted`, nothing fails any more.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections import Counter
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imageproc.local import server
from imageproc.local.faults import SWITCH, TIMES
from imageproc.local.faults.gateway import JSON, FaultyGateway, answer
from tests.reliability.faults import ANY, Call, Fault, of_key, photo_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from imageproc.local.faults.requests import FunctionRequest
    from imageproc.local.gateway import Receive, Scope, Send

FOLDER = "IMAGEPROC_TEST_FAULTS"
MODULE = "tests.reliability.faulty_server"
CAT = {"Labels": [{"Name": "Cat", "Confidence": 99.0, "Parents": [], "Instances": []}]}

_QUICK = Path(__file__).parent / "quick"


class PlanOfKeys:
    """Fails what a photo's key says."""

    def __init__(self, *_: object) -> None:
        self._folder = Path(os.environ[FOLDER])
        self._calls: dict[tuple[str, str, str], list[str]] = {}
        self._failed: Counter[tuple[str, Fault, str]] = Counter()

    def kind(self, request: FunctionRequest) -> str:
        photo = photo_of(f"{request.path} {request.body.decode('latin-1')}")
        call = self._numbered(photo, request)
        fault = self._fault(photo, call, _digest(request))
        with (self._folder / "calls.jsonl").open("a") as log:
            log.write(json.dumps([photo, *astuple(call), fault.kind if fault else ""]) + "\n")
        return fault.kind if fault else ""

    def kind_of_event(self, *_: object) -> str:
        return ""

    def note(self, *_: object) -> None:
        pass

    def _numbered(self, photo: str, request: FunctionRequest) -> Call:
        """Tell the calls of one photo apart; the SDK's tries of one call are one."""
        calls = self._calls.setdefault((photo, request.step, request.operation), [])
        invocation = request.headers["amz-sdk-invocation-id"]
        if invocation not in calls:
            calls.append(invocation)
        return Call(request.step, request.operation, calls.index(invocation) + 1)

    def _fault(self, photo: str, call: Call, digest: str) -> Fault | None:
        if (self._folder / "lifted").exists():
            return None
        for fault in of_key(photo):
            of = digest if fault.call.function == ANY else ""
            if _hits(fault, call) and self._failed[photo, fault, of] < TIMES[fault.times]:
                self._failed[photo, fault, of] += 1
                return fault
        return None


class GatewayWithCat(FaultyGateway):
    """Answers for Rekognition what does not fail."""

    async def _answer(
        self, kind: str, request: FunctionRequest, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if not kind and request.operation == "rekognition.DetectLabels":
            await answer(send, 200, JSON, json.dumps(CAT).encode())
        else:
            await super()._answer(kind, request, scope, receive, send)


def _hits(fault: Fault, call: Call) -> bool:
    if fault.call.function == ANY:
        return True
    same = (fault.call.function, fault.call.operation) == (call.function, call.operation)
    return same and call.number >= fault.call.number


def _digest(request: FunctionRequest) -> str:
    """Return what is the same for all tries of one request, by the SDK or by a function that is run again."""
    names = ("x-amz-target", "range", "if-match", "if-none-match")
    asked = [request.headers.get(name, "") for name in names]
    return repr((request.method, request.path, asked, hashlib.sha256(request.body).hexdigest()))


def _set_environment(*arguments: Any) -> None:
    original(*arguments)
    os.environ.update({"SFN_WAIT_SCALE": "0", "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.1"})
    from imageproc.local import ministack_adapter

    install = ministack_adapter.install

    def install_with_haste(gate: Any, environment: Mapping[str, str], layers: Path) -> None:
        # What functions' processes are forked from, and each that is not forked.
        install(gate, {**environment, "PYTHONPATH": str(_QUICK)}, layers)
        from ministack.services import lambda_svc

        made: Callable[..., dict[str, str]] = lambda_svc._provided_worker_env

        def worker_env(*arguments: Any) -> dict[str, str]:
            environment = made(*arguments)
            path = os.pathsep.join([environment["PYTHONPATH"], str(_QUICK)])
            return environment | {"PYTHONPATH": path}

        lambda_svc._provided_worker_env = worker_env

    adapter: Any = ministack_adapter
    adapter.install = install_with_haste


original = server._set_environment

if __name__ == "__main__":
    from imageproc.local.faults import gateway, plan

    changed: Any = server
    changed._set_environment = _set_environment
    gateway.FaultyGateway = GatewayWithCat  # type: ignore[misc]
    plan.FaultPlan = PlanOfKeys  # type: ignore[misc, assignment]
    os.environ[SWITCH] = "on"
    server.main(sys.argv[1], int(sys.argv[2]))
