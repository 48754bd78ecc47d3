"""The door of the local AWS: an ASGI application in front of MiniStack's.

It turns away what no AWS SDK sends. MiniStack has pages for administration that ask for no signature, one of
which deletes everything, and any web page can make a browser send a POST to an address of this machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imageproc.local.worker_gate import CALLED_BY_FUNCTION

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    Scope = dict[str, Any]
    Receive = Callable[[], Awaitable[dict[str, Any]]]
    Send = Callable[[dict[str, Any]], Awaitable[None]]
    Application = Callable[[Scope, Receive, Send], Awaitable[None]]

HEALTH_PATH = "/_ministack/health"
# Custom resources answer here; the URL holds a random token.
_CUSTOM_RESOURCE_PREFIX = "/_ministack/cfn-response/"
_INTERNAL_PREFIXES = ("/_ministack/", "/_localstack/")


class Gateway:
    """Passes on what an AWS SDK may send, and counts it."""

    def __init__(self, application: Application, port: int) -> None:
        """Stand in front of `application`, which is reached through `port`."""
        self._application = application
        self._hosts = {f"{name}:{port}".encode() for name in ("127.0.0.1", "localhost")}
        self._subdomains = f".localhost:{port}".encode()
        self._requests = 0

    def requests(self) -> int:
        """Return the number of requests passed on so far."""
        return self._requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] == "http":
            await self._serve_http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._application(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1008})

    async def _serve_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        if not self._is_known_host(headers.get(b"host", b"")):
            # A web page whose own name was made to point here (DNS rebinding).
            await _deny(send, "This address is not the local AWS's.")
        elif scope["path"] == HEALTH_PATH and scope["method"] == "GET":
            await self._application(scope, receive, send)
        elif _is_custom_resource_answer(scope):
            await self._pass_on(scope, receive, send)
        elif _is_unsigned(scope, headers) or _is_internal(scope["path"]):
            await _deny(send, "Access Denied")
        else:
            await self._pass_on(scope, receive, send)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._requests += 1
        CALLED_BY_FUNCTION.set(_is_call_by_function(scope))
        await self._application(scope, receive, send)

    def _is_known_host(self, host: bytes) -> bool:
        host = host.lower()
        return host in self._hosts or host.endswith(self._subdomains)


def _is_unsigned(scope: Scope, headers: Mapping[bytes, bytes]) -> bool:
    """Say whether a request that AWS wants signed is not.

    MiniStack checks this itself, but lets anybody list and create buckets. Preflights (OPTIONS), forms and
    the calls that Cognito serves unsigned (POST) are left to it.
    """
    if scope["method"] in ("OPTIONS", "POST") or b"authorization" in headers:
        return False
    query: bytes = scope["query_string"]
    return b"Signature=" not in query


def _is_call_by_function(scope: Scope) -> bool:
    """Say whether a function waits for this request, which is to run another function.

    The SDK sends a function's trace ID along with its calls, and nobody else has one.
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
    """
    headers = dict(scope["headers"])
    path: str = scope["path"]
    return (
        b"x-amzn-trace-id" in headers
        and path.endswith("/invocations")
        and headers.get(b"x-amz-invocation-type") != b"Event"
    )


def _is_internal(path: str) -> bool:
    return path.startswith(_INTERNAL_PREFIXES)


def _is_custom_resource_answer(scope: Scope) -> bool:
    path: str = scope["path"]
    return scope["method"] == "PUT" and path.startswith(_CUSTOM_RESOURCE_PREFIX)


async def _deny(send: Send, message: str) -> None:
    """Answer as S3 does: what is denied here is mostly meant for it."""
    body = f"<Error><Code>AccessDenied</Code><Message>{message}</Message></Error>".encode()
    await _answer(send, 403, b"application/xml", body)


async def _answer(send: Send, status: int, content_type: bytes, body: bytes) -> None:
    headers = [
        (b"content-type", content_type),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
