"""Objects of S3: what MiniStack keeps in memory, does twice for each photo, or leaves out of versions."""

from __future__ import annotations

from contextvars import ContextVar
from http import HTTPStatus
from typing import Any

_ASKED = 3
"""How often a form is asked for."""


def keep_versions_on_disk() -> None:
    """Let a version's bytes go from memory once they are on disk, from where they are read like others.

    MiniStack does so with an object's newest bytes, but keeps another reference to them in the list of its
    versions: the server grew by as much as was uploaded.
    """
    from ministack.services import s3

    persist = s3._persist_object  # noqa: SLF001 - this package's purpose

    def _persist_object(bucket: str, key: str, obj: Any) -> None:
        persist(bucket, key, obj)
        if isinstance(obj, dict) and obj.get("body") is None:
            for version in s3._object_versions.get((bucket, key)) or ():  # noqa: SLF001
                if version["version_id"] == obj.get("version_id"):
                    version["data"] = None

    s3._persist_object = _persist_object  # noqa: SLF001


def parse_forms_once() -> None:
    """Parse a browser's upload once: for the gateway, and in MiniStack for the key and for the object.

    Each time a photo's megabytes are copied twice: 29 ms for 7.7 MB (measured), while other requests wait.
    """
    from ministack.services import s3

    parse = s3._parse_multipart_form  # noqa: SLF001
    parsed: ContextVar[tuple[bytes, list[Any], int] | None] = ContextVar("parsed", default=None)

    def _parse_multipart_form(content_type: str, body: bytes) -> list[Any]:
        known = parsed.get()
        if known is None or known[0] is not body:
            known = (body, parse(content_type, body), 0)
        asked = known[2] + 1
        parsed.set((*known[:2], asked) if asked < _ASKED else None)
        return known[1]

    s3._parse_multipart_form = _parse_multipart_form  # noqa: SLF001


def serve_versions_as_objects() -> None:
    """Answer a GET of a version with the range and the headers that it asks for, as that of an object.

    MiniStack sends all of a version, and never with `response-content-disposition`: a browser shows what it
    is to save. Semantics: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    from ministack.services import s3

    original = s3._get_object  # noqa: SLF001

    def _get_object(
        bucket_name: str, key: str, headers: dict[str, str], query_params: dict[str, Any] | None = None
    ) -> tuple[int, dict[str, str], Any]:
        answer: tuple[int, dict[str, str], Any] = original(bucket_name, key, headers, query_params)
        status, answer_headers, body = answer
        if status != HTTPStatus.OK:
            return answer
        s3._apply_response_overrides(answer_headers, query_params or {})  # noqa: SLF001
        if "range" not in headers or not isinstance(body, bytes):
            return answer
        span = s3._parse_range(headers["range"], len(body))  # noqa: SLF001
        if span is None:
            error = s3._xml_body(s3._range_error_xml(bucket_name, key))  # noqa: SLF001
            unsatisfied = {"Content-Type": "application/xml", "Content-Range": f"bytes */{len(body)}"}
            return HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, unsatisfied, error
        part = body[span[0] : span[1] + 1]
        # The checksums are the whole version's, and the SDK would compare them with the part's.
        kept = {k: v for k, v in answer_headers.items() if not k.lower().startswith("x-amz-checksum-")}
        kept["Content-Length"] = str(len(part))
        kept["Content-Range"] = f"bytes {span[0]}-{span[1]}/{len(body)}"
        return HTTPStatus.PARTIAL_CONTENT, kept, part

    s3._get_object = _get_object  # noqa: SLF001
