"""A gateway that fails functions' requests as a plan says. It knows them by their user agent."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from typing import TYPE_CHECKING, Any, Protocol

import psutil

from imageproc.local.faults.requests import FunctionRequest, function_of
from imageproc.local.gateway import Gateway

if TYPE_CHECKING:
    from imageproc.local.gateway import Application, Door, Message, Receive, Scope, Send

JSON, XML = b"application/x-amz-json-1.0", b"application/xml"
REFUSALS = {
    "throttled": ("SlowDown", 503, "ThrottlingException", 400),
    "failed": ("InternalError", 500, "InternalServerError", 500),
    "denied": ("AccessDenied", 403, "AccessDeniedException", 400),
}
"""For each kind: S3's error code and status, and those of the services that speak JSON."""


class RequestPlan(Protocol):
    """What decides about requests."""

    def kind(self, request: FunctionRequest) -> str: ...  # noqa: D102 - one of REQUEST_KINDS, or nothing
    def note(self, request: FunctionRequest, kind: str, status: int) -> None: ...  # noqa: D102


class FaultyGateway(Gateway):
    """Fails what is to fail, and passes on the rest."""

    def __init__(self, application: Application, port: int, door: Door, plan: RequestPlan) -> None:
        """Stand in front of `application` as a `Gateway` does."""
        super().__init__(application, port, door)
        self._plan = plan

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if not (function := function_of(headers)):
            await super()._pass_on(scope, receive, send)
            return
        body = await _read(receive)
        query = scope["query_string"].decode()
        request = FunctionRequest(function, scope["method"], scope["path"], headers, query, body)
        kind, status = self._plan.kind(request), 0

        async def note_status(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._answer(kind, request, scope, _replayed(body, receive), note_status)
        finally:
            self._plan.note(request, kind, status)

    async def _answer(
        self, kind: str, request: FunctionRequest, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if kind == "silent":
            await _until_given_up(receive)
        elif kind == "killed":
            _kill(scope["client"])
        elif kind in ("reset", "lost"):
            if kind == "lost":
                await super()._pass_on(scope, receive, _nowhere)
            _reset(scope["client"])
        elif kind:
            await answer(send, *_refusal(kind, request.operation))
        else:
            await super()._pass_on(scope, receive, send)


async def answer(send: Send, status: int, content_type: bytes, body: bytes) -> None:
    """Send an answer of one piece."""
    headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _refusal(kind: str, operation: str) -> tuple[int, bytes, bytes]:
    xml, xml_status, code, status = REFUSALS[kind]
    message = "this fault was injected"
    if operation.startswith("s3."):
        body = f"<Error><Code>{xml}</Code><Message>{message}</Message></Error>"
        return xml_status, XML, body.encode()
    return status, JSON, json.dumps({"__type": code, "message": message}).encode()


async def _read(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def _replayed(body: bytes, receive: Receive) -> Receive:
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return waiting.pop() if waiting else await receive()

    return again


async def _until_given_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _nowhere(_message: Message) -> None:
    pass


def _reset(client: tuple[str, int]) -> None:
    """Abort the caller's connection, as a network does."""
    loop: Any = asyncio.get_running_loop()
    for transport in list(loop._transports.values()):  # noqa: SLF001 - asyncio has no other way to find it
        if transport.get_extra_info("peername") == tuple(client):
            transport.abort()


def _kill(client: tuple[str, int]) -> None:
    """Kill the function process at the other end of a connection, as Lambda's host may."""
    for process in psutil.Process().children(recursive=True):
        if any(one.laddr and one.laddr.port == client[1] for one in process.net_connections("tcp")):
            os.kill(process.pid, signal.SIGKILL)
            return
