"""Puts Rekognition's DetectLabels beside MiniStack's own services.

MiniStack knows no Rekognition, but routes, authenticates and authorises whatever it has a handler for. So
the signature and the permission `rekognition:DetectLabels` are checked as for all others before a request
comes here, and the caller's credentials go on with it: what is read from S3 is read with them alone.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from imageproc.local.recognition.storage import Caller

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from imageproc.local.recognition.service import Answer

    DetectLabels = Callable[[bytes, Caller], Awaitable[Answer]]
    HttpAnswer = tuple[int, dict[str, str], bytes]

_SERVICE = "rekognition"
_TARGET_PREFIX = "RekognitionService"
_TARGET = f"{_TARGET_PREFIX}.DetectLabels"
_CONTENT_TYPE = "application/x-amz-json-1.1"


def serve_rekognition(detect_labels: DetectLabels) -> None:
    """Let MiniStack serve DetectLabels. Once only, before it serves."""
    from ministack import app
    from ministack.core import iam_actions, router

    async def handle_request(
        method: str, _path: str, headers: Mapping[str, str], body: bytes, query_params: Mapping[str, Any]
    ) -> HttpAnswer:
        if not _is_detect_labels(method, headers, query_params):
            return _answer(400, _UNKNOWN_OPERATION)
        found = await detect_labels(body, _caller(headers, query_params))
        return _answer(found.status, found.body)

    router.SERVICE_PATTERNS[_SERVICE] = {"target_prefixes": [_TARGET_PREFIX]}
    iam_actions.SERVICE_TO_IAM_NAMESPACE[_SERVICE] = _SERVICE
    app.SERVICE_HANDLERS[_SERVICE] = handle_request


def _is_detect_labels(method: str, headers: Mapping[str, str], query_params: Mapping[str, Any]) -> bool:
    """Say whether the request can only be a DetectLabels.

    MiniStack takes the action whose permission it checks from a query string or a form first: a request that
    has either may have been let in as another action.
    """
    return (
        method == "POST"
        and not query_params
        and headers.get("x-amz-target") == _TARGET
        and headers.get("content-type") == _CONTENT_TYPE
    )


def _caller(headers: Mapping[str, str], query_params: Mapping[str, Any]) -> Caller:
    """Return the credentials that the request was signed with. MiniStack has checked that it was."""
    from ministack.core import iam_evaluator, router

    key = router.extract_access_key_id(headers, query_params)
    credential = iam_evaluator.resolve_credential(key)
    return Caller(
        access_key_id=credential.access_key_id,
        secret_access_key=credential.secret_access_key,
        session_token=credential.session_token,
        region=router.extract_region(headers, query_params),
    )


def _answer(status: int, body: bytes) -> HttpAnswer:
    return status, {"Content-Type": _CONTENT_TYPE}, body


_UNKNOWN_OPERATION = json.dumps(
    {"__type": "UnknownOperationException", "message": "The local AWS knows Rekognition's DetectLabels only."}
).encode()
