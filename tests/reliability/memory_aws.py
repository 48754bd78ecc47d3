"""S3 and DynamoDB for handlers in this process, out of memory: the SDK is real, and nothing is sent."""

from __future__ import annotations

import io
import json
import os
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from botocore.awsrequest import AWSResponse

from imageproc.functions import clients

_VERSION = "1"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "IMAGE_METADATA_TABLE": "images",
    "THUMBNAIL_SIZE": "250",
    "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",  # the body as it is, without chunks
}


class _Raw(io.BytesIO):
    """A body as the SDK reads it."""

    def stream(self, **_: Any) -> Any:
        yield self.read()


class MemoryAws:
    """One bucket that holds one original, and one table. Only for a process of its own: it is not undone."""

    def __init__(self) -> None:
        os.environ.update(ENVIRONMENT)
        os.environ.pop("AWS_ENDPOINT_URL", None)
        self.original = b""
        self.thumbnail = b""
        self.stored: dict[str, Any] = {}
        made: tuple[Any, ...] = (clients.s3(), clients.dynamodb())
        for client in made:
            client.meta.events.register("before-send", self._answer)

    def put(self, data: bytes) -> dict[str, Any]:
        """Make this the original, and return the input of its execution."""
        self.original, self.thumbnail, self.stored = data, b"", {}
        return {"s3Bucket": "photos", "s3Key": "Incoming/x", "objectID": "x", "versionId": _VERSION}

    def _answer(self, request: Any, event_name: str, **_: Any) -> AWSResponse:
        operation = event_name.rpartition(".")[2]
        status, headers, body = getattr(self, f"_{operation}")(request)
        return AWSResponse(request.url, status, headers | {"Content-Length": str(len(body))}, _Raw(body))

    def _GetObject(self, request: Any) -> tuple[int, dict[str, str], bytes]:  # noqa: N802 - the operation
        headers = {"x-amz-version-id": _VERSION, "Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT"}
        wanted = request.headers.get("Range")
        if wanted is None:
            return HTTPStatus.OK, headers, self.original
        first, last = (int(number) for number in _text(wanted).removeprefix("bytes=").split("-"))
        if first >= len(self.original):
            return HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, {}, b"<Error><Code>InvalidRange</Code></Error>"
        part = self.original[first : last + 1]
        span = f"bytes {first}-{first + len(part) - 1}/{len(self.original)}"
        return HTTPStatus.PARTIAL_CONTENT, headers | {"Content-Range": span}, part

    def _PutObject(self, request: Any) -> tuple[int, dict[str, str], bytes]:  # noqa: N802 - the operation
        self.thumbnail = request.body if isinstance(request.body, bytes) else request.body.read()
        return HTTPStatus.OK, {}, b""

    def _UpdateItem(self, request: Any) -> tuple[int, dict[str, str], bytes]:  # noqa: N802 - the operation
        asked = json.loads(request.body, parse_constant=_no_json)
        names, values = asked["ExpressionAttributeNames"], asked["ExpressionAttributeValues"]
        sets = (f"#{value[1:]}" for value in values if value[1:].isdigit())
        self.stored |= {names[name]: _valid(values[f":{name[1:]}"]) for name in sets}
        return HTTPStatus.OK, {}, b"{}"


def _no_json(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def _valid(value: Any) -> Any:
    """Return an attribute's value; numbers must be DynamoDB's: 38 digits, 1E-130 to 9.99E+125."""
    plain = TypeDeserializer().deserialize(value)
    if isinstance(plain, Decimal):
        assert plain.is_finite(), plain
        assert len(plain.as_tuple().digits) <= 38, plain
        assert plain == 0 or -130 <= plain.adjusted() <= 125, plain
    if isinstance(plain, dict):
        for item in value["M"].values():
            _valid(item)
    return plain


def _text(header: str | bytes) -> str:
    return header.decode() if isinstance(header, bytes) else header
