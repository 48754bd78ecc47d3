"""The door of the local AWS: an ASGI application in front of MiniStack's.

MiniStack takes a request without a signature, or with an Authorization that it does not know, for the
administrator's. Here each request is identified before MiniStack sees it, and what AWS would not serve is
refused. Any program of this machine can send requests here, and any web page can make a browser send some.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from imageproc.core.limits import MAX_BYTES
from imageproc.local import signatures
from imageproc.local.signatures import HttpRequest, Refused
from imageproc.local.worker_gate import CALLED_BY_FUNCTION

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Scope = dict[str, Any]
    Message = dict[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Application = Callable[[Scope, Receive, Send], Awaitable[None]]

HEALTH_PATH = "/_ministack/health"
_ANSWER_PREFIX = "/_ministack/cfn-response/"
"""Custom resources answer here, as AWS has them do, at an address that ends in a random token."""
_INTERNAL_PREFIX = "/_"
"""MiniStack's own pages, some of which show or delete everything. No path of AWS's begins like this."""
_UNSIGNED_TARGETS = {
    f"AWSCognitoIdentityService.{operation}" for operation in ("GetId", "GetCredentialsForIdentity")
}
"""The operations that AWS serves without a signature: guests get their keys by them."""
_UNSIGNED_HEADERS = {"host", "content-type", "content-length", "transfer-encoding", "origin"}
"""All that MiniStack sees of an unsigned request's headers: others could make another request of it."""
_MOST_OF_A_CALL = 2**20
_MOST_OF_A_FORM = MAX_BYTES + 2**20
"""The most bytes that are read before it is known whose they are: a form has a photo and its fields."""


class HttpAnswer(Protocol):
    """An HTTP answer."""

    @property
    def status(self) -> int: ...  # noqa: D102
    @property
    def headers(self) -> dict[str, str]: ...  # noqa: D102
    @property
    def body(self) -> bytes: ...  # noqa: D102


class Door(Protocol):
    """What the gateway asks MiniStack. `ministack_adapter.door` says more of each."""

    def secret_of(self, access_key_id: str, session_token: str) -> str: ...  # noqa: D102
    def service_of(self, request: HttpRequest, body: bytes = ...) -> str: ...  # noqa: D102
    def refusal(self, refused: Refused, request: HttpRequest) -> HttpAnswer: ...  # noqa: D102
    def bucket_of(self, request: HttpRequest) -> tuple[str, str] | None: ...  # noqa: D102
    def form_fields(self, request: HttpRequest, body: bytes) -> dict[str, str]: ...  # noqa: D102
    def allows_origin(self, request: HttpRequest) -> bool: ...  # noqa: D102
    def preflight(self, request: HttpRequest) -> HttpAnswer: ...  # noqa: D102
    def awaits_answer(self, token: str) -> bool: ...  # noqa: D102


class Gateway:
    """Passes on what AWS would serve, and counts it."""

    def __init__(self, application: Application, port: int, door: Door) -> None:
        """Stand in front of `application`, which is reached through `port`."""
        self._application, self._door = application, door
        self._hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}
        self._subdomains = f".localhost:{port}"
        self._requests = 0

    def requests(self) -> int:
        """Return the number of requests passed on so far."""
        return self._requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] == "http":
            await self._serve_http(scope, _Body(receive), send)
        elif scope["type"] == "lifespan":
            await self._application(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1008})

    async def _serve_http(self, scope: Scope, body: _Body, send: Send) -> None:
        request = _request_of(scope)
        send = send if self._door.allows_origin(request) else _without_cors(send)
        try:
            self._check_address(scope, request)
            if request.method == "OPTIONS":
                await _send_answer(send, request, self._preflight(request))
            elif (request.method, request.path) == ("GET", HEALTH_PATH):
                await self._application(_bare(scope), body.receive, send)
            else:
                admitted = await self._admitted(scope, request, body)
                await self._pass_on(admitted, body.receive, send)
        except Refused as refused:
            await body.skip()
            await _send_answer(send, request, self._door.refusal(refused, request))
        except _DisconnectedError:
            pass

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._requests += 1
        CALLED_BY_FUNCTION.set(_is_call_by_function(_request_of(scope)))
        await self._application(scope, receive, send)

    def _check_address(self, scope: Scope, request: HttpRequest) -> None:
        """Raise Refused for another's name (of a page that has it point here: DNS rebinding)."""
        host = request.headers.get("host", "").lower()
        if host not in self._hosts and not host.endswith(self._subdomains):
            raise Refused("AccessDenied", "This address is not the local AWS's.")
        if not request.path.startswith("/"):
            raise Refused("InvalidRequest", "The path must begin with a slash.", 400)
        if len(scope["headers"]) > len(request.headers):
            # Which of two MiniStack goes by need not be the one that was signed.
            raise Refused("InvalidRequest", "A header was sent twice.", 400)

    def _preflight(self, request: HttpRequest) -> HttpAnswer:
        if not self._door.allows_origin(request):
            raise Refused("AccessForbidden", "CORSResponse: This CORS request is not allowed.")
        return self._door.preflight(request)

    async def _admitted(self, scope: Scope, request: HttpRequest, body: _Body) -> Scope:
        """Return what MiniStack is to see of a request that AWS would serve. Raises Refused."""
        if request.decoded_path.startswith(_INTERNAL_PREFIX):
            if not self._is_awaited(request):
                raise Refused("AccessDenied", "Access Denied")
            await body.read(_MOST_OF_A_CALL)
            return _bare(scope)
        if "authorization" not in request.headers and request.method == "POST" and not request.query:
            target, kind = request.headers.get("x-amz-target"), request.headers.get("content-type", "")
            if target in _UNSIGNED_TARGETS and request.path == "/":
                await body.read(_MOST_OF_A_CALL)
                return _bare(scope, "x-amz-target")
            if kind.startswith("multipart/form-data"):
                await self._check_form(_request_of(_bare(scope)), body)
                return _bare(scope)
        await self._check_signature(request, body)
        return scope

    def _is_awaited(self, request: HttpRequest) -> bool:
        prefix, _, token = request.path.rpartition("/")
        return f"{prefix}/" == _ANSWER_PREFIX and request.method == "PUT" and self._door.awaits_answer(token)

    async def _check_signature(self, request: HttpRequest, body: _Body) -> None:
        signature = signatures.read(request)
        signatures.check_time(signature, time.time())
        secret = self._door.secret_of(signature.access_key_id, signature.token)
        content = await body.read()
        signatures.verify(signature, secret, request, body.sha256)
        if (service := self._door.service_of(request, content)) != signature.service:
            message = f"Credential should be scoped to correct service: '{service}'."
            raise Refused("SignatureDoesNotMatch", message)

    async def _check_form(self, request: HttpRequest, body: _Body) -> None:
        """Raise Refused unless this is an upload to a bucket, with a policy that was signed and is good now.

        MiniStack holds it against the policy's conditions.
        """
        bucket = self._door.bucket_of(request)
        if not bucket or bucket[1] or self._door.service_of(request) != "s3":
            raise Refused("MissingAuthenticationToken", "HttpRequest is missing Authentication Token")
        fields = self._door.form_fields(request, await body.read(_MOST_OF_A_FORM))
        signature = signatures.read_form(fields)
        secret = self._door.secret_of(signature.access_key_id, signature.token)
        signatures.verify_form(signature, secret, fields["policy"], time.time())


class _DisconnectedError(Exception):
    """The client went away."""


class _Body:
    """A request's body, read before MiniStack reads it again."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._ended = False
        self._content: bytes | None = None
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    async def read(self, most: int | None = None) -> bytes:
        """Return all of it. Raises Refused if it has more than `most` bytes."""
        chunks, size = [], 0
        while not self._ended:
            chunk = await self._next()
            # Here and there a little: all at once would keep other requests waiting.
            self._hash.update(chunk)
            chunks.append(chunk)
            size += len(chunk)
            if most is not None and size > most:
                raise Refused("EntityTooLarge", f"The body has more than {most:,} bytes.", 400)
        self._content = b"".join(chunks)
        return self._content

    async def skip(self) -> None:
        """Read what is left: who still sends would not see the answer."""
        size = 0
        with contextlib.suppress(_DisconnectedError):
            while not self._ended and size < _MOST_OF_A_FORM:
                size += len(await self._next())

    async def receive(self) -> Message:
        """Return what MiniStack is to receive."""
        if self._content is None:
            return await self._receive()
        content, self._content = self._content, None
        return {"type": "http.request", "body": content, "more_body": False}

    async def _next(self) -> bytes:
        message = await self._receive()
        if message["type"] != "http.request":
            raise _DisconnectedError
        self._ended = not message.get("more_body", False)
        chunk: bytes = message.get("body", b"")
        return chunk


def _request_of(scope: Scope) -> HttpRequest:
    raw_path: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    headers = {name.decode("latin-1").lower(): _text(value) for name, value in scope["headers"]}
    return HttpRequest(scope["method"], raw_path.decode("latin-1"), _text(scope["query_string"]), headers)


def _text(value: bytes) -> str:
    """Decode as MiniStack does."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _bare(scope: Scope, *more: str) -> Scope:
    """Return the scope with no more headers than an unsigned request needs."""
    kept = {name.encode() for name in (*_UNSIGNED_HEADERS, *more)}
    return {**scope, "headers": [pair for pair in scope["headers"] if pair[0].lower() in kept]}


def _is_call_by_function(request: HttpRequest) -> bool:
    """Say whether a function waits for this request, which is to run another function.

    The SDK sends a function's trace ID along with its calls, and nobody else has one.
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
    """
    return (
        "x-amzn-trace-id" in request.headers
        and request.path.endswith("/invocations")
        and request.headers.get("x-amz-invocation-type") != "Event"
    )


def _without_cors(send: Send) -> Send:
    """Leave out what would let a page read the answer. MiniStack would let all of them."""

    async def filtered(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [pair for pair in message["headers"] if not pair[0].lower().startswith(b"access-control-")]
            message = {**message, "headers": kept}
        await send(message)

    return filtered


async def _send_answer(send: Send, request: HttpRequest, answer: HttpAnswer) -> None:
    body = b"" if request.method == "HEAD" else answer.body
    headers = {**answer.headers, "Content-Length": str(len(body)), "Connection": "close"}
    encoded = [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})
