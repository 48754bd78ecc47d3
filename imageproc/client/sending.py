"""Sending one file to S3, and the version that S3 makes of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, BinaryIO

from boto3.s3.transfer import TransferConfig

from imageproc.client.photos import Version

# One connection a file: photos are small, and several files go at once.
_TRANSFER = TransferConfig(multipart_threshold=64 * 1024 * 1024, use_threads=False)

# boto3's transfers keep the answer, which names the version, to themselves. Without threads of their own the
# answer is given to handlers in the thread that sends.
_answers = threading.local()
_ANSWERS_OF = ("PutObject", "CompleteMultipartUpload")


class Sender:
    """Puts files into a bucket, all with the same metadata. Any number of threads may use it."""

    def __init__(self, s3: Any, bucket: str, metadata: Mapping[str, str]) -> None:
        """Send with this client of boto3's."""
        self._s3, self._bucket, self._metadata = s3, bucket, dict(metadata)
        for operation in _ANSWERS_OF:
            s3.meta.events.register(f"after-call.s3.{operation}", _keep, unique_id=f"imageproc-{operation}")

    def send(
        self, body: BinaryIO, key: str, content_type: str, progress: Callable[[int], None] | None = None
    ) -> Version:
        """Send a file, and return its version. `body` is seekable; it stays open.

        `progress` is told of so many more bytes; what it raises breaks the sending off. Raises what boto3's
        transfers raise, which is more than botocore's errors.
        """
        extra = {"ContentType": content_type, "Metadata": self._metadata}
        self._s3.upload_fileobj(body, self._bucket, key, ExtraArgs=extra, Callback=progress, Config=_TRANSFER)
        return _version(_answers.last)


def _keep(parsed: dict[str, Any], **_: Any) -> None:
    _answers.last = parsed


def _version(answer: Mapping[str, Any]) -> Version:
    """Return the version that an answer names; its time is the answer's, at or just after the upload's."""
    answered = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    upload_time = parsedate_to_datetime(answered).timestamp() if answered else time.time()
    return Version(answer.get("VersionId"), int(upload_time))
