"""A file in S3 that is read in ranges: it may be larger than memory."""

from __future__ import annotations

from typing import Any

from imageproc.aws.translation import translated
from imageproc.client.stack import Stack
from imageproc.core.original import Original
from imageproc.errors import AwsError, PhotoNotFoundError

_CHANGED = ("412", "PreconditionFailed")
_NO_SUCH_RANGE = "InvalidRange"


class StoredFile:
    """A file in S3. All that is read of it is of the version that the first answer was about."""

    size: int | None = None
    """Bytes; None before something was read."""

    def __init__(self, stack: Stack, original: Original | None = None, **named: str) -> None:
        """`named` is what names it to S3; `original` is that of a photo that is processed in place."""
        self._stack, self._original = stack, original
        self._named = named | ({"IfMatch": original.etag} if original else {})

    def read(self, start: int = 0, length: int | None = None) -> bytes:
        """Return so many bytes from an offset on, fewer only at the file's end; without a length all.

        Raises AwsError, also if it is gone; PhotoNotFoundError if an original has changed where it lies.
        """
        whole = length is None and not start
        try:
            with translated(f"Reading {self._named['Key']}"):
                return self._read({} if whole else {"Range": _range(start, length)})
        except AwsError as error:
            if error.code == _NO_SUCH_RANGE and not start:
                self.size = 0  # S3 has no range of an empty file
                return b""
            if self._original and error.code in _CHANGED:
                cause = f"{self._original.address} has changed since it was imported."
                raise PhotoNotFoundError(cause, "Import it again.") from error
            raise

    def _read(self, wanted: dict[str, str]) -> bytes:
        s3: Any = self._stack.client("s3")
        answer = s3.get_object(**self._named, **wanted)
        self._named = self._named | {"IfMatch": answer["ETag"]}
        data = bytes(answer["Body"].read())
        self.size = int(answer["ContentRange"].rpartition("/")[2]) if wanted else len(data)
        return data


def _range(start: int, length: int | None) -> str:
    return f"bytes={start}-{'' if length is None else start + length - 1}"
