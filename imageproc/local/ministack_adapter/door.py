"""What the gateway asks MiniStack: whose a key is, where a request would go, and how a service says no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs
from uuid import uuid4

from imageproc.local.signatures import Refused
from imageproc.local.state import ACCOUNT_ID

if TYPE_CHECKING:
    from imageproc.local.signatures import HttpRequest


@dataclass(frozen=True)
class HttpAnswer:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


def secret_of(access_key_id: str, session_token: str) -> str:
    """Return the secret of a key that exists: the administrator's, or one that IAM, STS or Cognito gave out.

    Raises Refused for any other, and if the session token is not the one that belongs to it.
    """
    from ministack.core import iam_evaluator, responses

    account = (
        responses._account_from_sts_session(access_key_id)  # noqa: SLF001 - this package's purpose
        or iam_evaluator.find_iam_access_key_account(access_key_id)
        or ACCOUNT_ID
    )
    found = iam_evaluator.resolve_credential(access_key_id, account, session_token)
    if isinstance(found, iam_evaluator.CredentialResolutionError):
        raise Refused(found.code, found.message)
    secret: str = found.secret_access_key
    return secret


def service_of(request: HttpRequest, body: bytes = b"") -> str:
    """Return the service that MiniStack would pass the request to, by the name that signatures use."""
    from ministack import app
    from ministack.core import router

    headers, path = dict(request.headers), request.decoded_path
    query = parse_qs(request.query, keep_blank_values=True)
    query = app._routing_params(request.method, path, headers, body, query)  # noqa: SLF001
    service: str = router.detect_service(request.method, path, headers, query)
    return service


def refusal(refused: Refused, request: HttpRequest) -> HttpAnswer:
    """Return the refusal as the service that was asked would write it."""
    from ministack.core import iam_actions

    service = service_of(request)
    status, headers, body = iam_actions.access_denied_response(
        # A form that nobody signed may be for any of the services that take forms; all write errors alike.
        "sts" if service == "unknown_query" else service,
        "",
        "",
        str(uuid4()),
        error_code=refused.code,
        message=str(refused),
        headers=dict(request.headers),
    )
    return HttpAnswer(refused.status or status, {**headers, **_cors_of_bucket(request)}, body)


def bucket_of(request: HttpRequest) -> tuple[str, str] | None:
    """Return the bucket and the key that a path names, None if there is no such bucket."""
    from ministack import app

    found: tuple[str, str] | None = app._s3_cors_target(request.headers.get("host", ""), request.decoded_path)  # noqa: SLF001
    return found


def form_fields(request: HttpRequest, body: bytes) -> dict[str, str]:
    """Return the fields of a form but the file, as MiniStack reads them; of those named alike the last."""
    from ministack.services import s3

    parts = s3._parse_multipart_form(request.headers["content-type"], body)  # noqa: SLF001
    return {name.lower(): value.decode("utf-8", "replace") for name, _, _, value in parts if name != "file"}


def allows_origin(request: HttpRequest) -> bool:
    """Say whether a page of the request's Origin may read the answer.

    A bucket's CORS configuration says so of the bucket. The other services, which AWS opens to all pages,
    are open to those that some bucket names.
    """
    from ministack.services import s3

    origin = request.headers.get("origin")
    if not origin:
        return False
    bucket = bucket_of(request)
    buckets = [bucket[0]] if bucket else [name for _, name in s3._bucket_cors.to_dict()]  # noqa: SLF001
    patterns = (
        pattern
        for name in buckets
        for rule in s3._cors_rules(name) or ()  # noqa: SLF001
        for pattern in rule.get("AllowedOrigin", ())
        if bucket or pattern != "*"
    )
    return any(s3._cors_pattern_matches(pattern, origin) for pattern in patterns)  # noqa: SLF001


def preflight(request: HttpRequest) -> HttpAnswer:
    """HttpAnswer a browser that asks what a page of an allowed Origin may send."""
    from ministack.services import s3

    if target := bucket_of(request):
        return HttpAnswer(*s3.cors_preflight(*target, dict(request.headers)))
    asked = {
        "Access-Control-Allow-Origin": request.headers["origin"],
        "Access-Control-Allow-Methods": request.headers.get("access-control-request-method", "GET"),
        "Access-Control-Allow-Headers": request.headers.get("access-control-request-headers", ""),
        "Vary": "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
    }
    return HttpAnswer(200, {name: value for name, value in asked.items() if value})


def awaits_answer(token: str) -> bool:
    """Say whether a custom resource waits for the answer to this token, which is a random UUID."""
    from ministack.services.cloudformation import custom_resource

    return token in custom_resource._pending  # noqa: SLF001


def _cors_of_bucket(request: HttpRequest) -> dict[str, str]:
    """Return what lets a page read an answer: an upload's, to say why it was refused."""
    from ministack.services import s3

    target = bucket_of(request)
    found: dict[str, Any] = (
        s3.cors_response_headers(target[0], request.method, dict(request.headers)) if target else {}
    )
    return found
