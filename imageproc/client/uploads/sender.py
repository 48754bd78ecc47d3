"""Files sent to S3 with boto3's transfers, several at once, unless they are there already."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any, BinaryIO

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from imageproc.aws.translation import error_code, from_botocore, translated
from imageproc.client.cancellation import Cancellation
from imageproc.client.stack import Stack
from imageproc.client.uploads.events import (
    ObjectVersion,
    PreparedFile,
    Uploaded,
    UploadEvent,
    UploadFailed,
    UploadPaused,
    UploadProgress,
    UploadResumed,
)
from imageproc.client.uploads.outage import Outage, is_outage
from imageproc.client.users import check_user
from imageproc.core.attributes import ALBUM_METADATA, USER_METADATA
from imageproc.core.keys import incoming_key, photo_id_of
from imageproc.core.original import Original, left_to_bulk_run
from imageproc.errors import Cancelled, CredentialsExpiredError, ImageprocError, UploadError

PARALLEL = 8

_NAMES = 10
"""Names of the same content that are looked at."""

_TRIES = 5
"""Times that one file is sent, if AWS answers again each time."""

_METADATA_BYTES = 2048
"""Of an object's metadata: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html"""

_POLL_S = 0.1
"""Seconds between two looks at whether the sending was cancelled."""

_GRACE_S = 0.5
"""Seconds that calls under way have to end when the sending is broken off."""

# One connection a file: photos are small, and several files go at once.
_TRANSFER = TransferConfig(multipart_threshold=64 * 1024 * 1024, use_threads=False)

# boto3's transfers keep the answer, which names the version, to themselves. Without threads of their own the
# answer is given to handlers in the thread that sends.
_answers = threading.local()
_ANSWERS_OF = ("PutObject", "CompleteMultipartUpload")

_Events = queue.SimpleQueue[UploadEvent]
_Groups = queue.SimpleQueue[Sequence[PreparedFile]]
_NO_END = (UploadProgress, UploadPaused, UploadResumed)


def object_metadata(user: str, album_id: str) -> dict[str, str]:
    """Return the metadata of a photo's object. Raises UploadError for names that it cannot carry."""
    return {USER_METADATA: check_user(user), ALBUM_METADATA: check_user(album_id)}


@dataclass(frozen=True)
class _Run:
    """What the threads of one run share."""

    events: _Events
    stop: Cancellation
    outage: Outage
    alone: bool
    """Whether a file is sent although another one has the same content."""

    def outlasts(self, error: ImageprocError) -> bool:
        """Wait while AWS does not answer; whether it does again."""
        try:
            return self.outage.outlast(error)
        except Cancelled:
            return False


class Sender:
    """Puts files into the bucket, all with the same metadata. Any number of threads may use it."""

    def __init__(self, stack: Stack, metadata: Mapping[str, str], album_id: str) -> None:
        """Send to this stack's bucket."""
        self.stack, self.metadata = stack, dict(metadata)
        self._s3 = stack.client("s3")
        self._prefix = incoming_key(f"{album_id}/")
        for operation in _ANSWERS_OF:
            self._s3.meta.events.register(
                f"after-call.s3.{operation}", _keep_answer, unique_id=f"imageproc-{operation}"
            )

    def send(
        self,
        files: Iterable[PreparedFile],
        *,
        again: bool = False,
        allow_duplicates: bool = False,
        outage_timeout_s: float = 0,
        cancellation: Cancellation | None = None,
    ) -> Iterator[UploadEvent]:
        """Send files, and yield what happens as it happens. See `Uploads.send`."""
        stop = Cancellation()
        events: _Events = queue.SimpleQueue()
        waiting = list(files)
        if not waiting:
            return
        maybe_there = (lambda _: False) if again else self._maybe_there()
        alone = again or allow_duplicates
        outage = Outage(self.stack.target, self._list, events.put, stop, outage_timeout_s)
        run = _Run(events, stop, outage, alone)
        groups: _Groups = queue.SimpleQueue()
        for same in _by_content(waiting, alone=alone):
            groups.put(same)
        threads: list[threading.Thread] = []
        try:
            threads += self._begin(groups, run, maybe_there)
            left = len(waiting)
            while left:
                event = _next(events, cancellation)
                left -= not isinstance(event, _NO_END)
                yield event
        except (Cancelled, KeyboardInterrupt):
            stop.cancel()
            _await(threads)
            yield from _arrived(events)
            raise
        finally:
            stop.cancel()
            _await(threads)

    def put(
        self, body: BinaryIO, file: PreparedFile, progress: Callable[[int], None] | None = None
    ) -> ObjectVersion:
        """Send a file's bytes, and return its version. `body` is seekable; boto3 may close it.

        `progress` is told of so many more bytes; what it raises breaks the sending off. Raises what boto3's
        transfers raise, which is more than botocore's errors.
        """
        extra = {"ContentType": file.content_type, "Metadata": self.metadata}
        self._s3.upload_fileobj(
            body, self.stack.bucket, file.key, ExtraArgs=extra, Callback=progress, Config=_TRANSFER
        )
        return _version_of_answer(_answers.last)

    def copy(self, source: Mapping[str, str], file: PreparedFile, if_match: str | None = None) -> None:
        """Copy an object of S3, of any bucket, within S3; `if_match` is its ETag, if it must be that.

        `source` names Bucket and Key, and VersionId if it is not the latest. Its tags are not copied: that
        would take further permissions. Raises ClientError.
        """
        more = {"CopySourceIfMatch": if_match} if if_match else {}
        self._s3.copy_object(
            Bucket=self.stack.bucket,
            Key=file.key,
            CopySource=dict(source),
            MetadataDirective="REPLACE",
            TaggingDirective="REPLACE",
            Metadata=self.metadata,
            ContentType=file.content_type,
            **more,
        )

    def point(self, original: Original, size: int, photo_id: str, *, in_bulk: bool = False) -> None:
        """Put a pointer to an original that stays where it is; `size` is the original's, bytes.

        Its processing is started by its event, unless a bulk run does it: `in_bulk`.
        Raises UploadError if S3 cannot carry it, ClientError.
        """
        self._s3.put_object(
            Bucket=self.stack.bucket,
            Key=incoming_key(photo_id),
            Body=original.to_body(),
            ContentType="text/plain; charset=utf-8",
            Metadata=self._of_pointer(original, size, in_bulk=in_bulk),
        )

    def points(self, original: Original, size: int, photo_id: str) -> bool:
        """Whether a photo's object is this very pointer. Raises ClientError."""
        head = self._s3.head_object(Bucket=self.stack.bucket, Key=incoming_key(photo_id))
        return any(head["Metadata"] == self._of_pointer(original, size, in_bulk=one) for one in (True, False))

    def _of_pointer(self, original: Original, size: int, *, in_bulk: bool) -> dict[str, str]:
        metadata = self.metadata | original.to_metadata(size) | (left_to_bulk_run() if in_bulk else {})
        if sum(len(name) + len(value.encode()) for name, value in metadata.items()) > _METADATA_BYTES:
            cause = f"Its key is too long for a pointer, whose metadata may have {_METADATA_BYTES:,} bytes."
            raise UploadError(cause, "Import it without --in-place.")
        return metadata

    def find(self, file: PreparedFile) -> ObjectVersion | None:
        """Return the version in the bucket if it is this very file of the same user. Raises ClientError."""
        try:
            head: dict[str, Any] = self._s3.head_object(Bucket=self.stack.bucket, Key=file.key)
        except ClientError as error:
            if error_code(error) in ("404", "NoSuchKey"):
                return None
            raise
        same = head["ContentLength"] == file.size and head["Metadata"] == self.metadata
        return ObjectVersion(head.get("VersionId"), int(head["LastModified"].timestamp())) if same else None

    def already_there(self, file: PreparedFile, *, allow_duplicates: bool = False) -> Uploaded | None:
        """Return the photo that the album has of this file, also under another name unless that may be.

        Raises ClientError.
        """
        if version := self.find(file):
            return Uploaded(file, version, already_there=True)
        if allow_duplicates:
            return None
        beginning = f"{_content(file.key)}-"
        listed = self._s3.list_objects_v2(Bucket=self.stack.bucket, Prefix=beginning, MaxKeys=_NAMES)
        for one in listed.get("Contents", ()):
            photo_id = photo_id_of(one["Key"])
            if photo_id != file.photo_id and (version := self.find(replace(file, photo_id=photo_id))):
                return Uploaded(file, version, already_there=True, there_as=photo_id)
        return None

    def failed(self, file: PreparedFile, error: Exception) -> UploadFailed:
        """Return the failure of an upload that AWS or the network broke off.

        Credentials that have expired are read anew, for what is sent next.
        """
        ours = _ours(file, error)
        if isinstance(ours, CredentialsExpiredError):
            self.stack.target.reread_credentials()
        return UploadFailed(file, str(ours), is_outage(ours))

    def _begin(
        self, groups: _Groups, run: _Run, maybe_there: Callable[[PreparedFile], bool]
    ) -> list[threading.Thread]:
        """Start threads that send each group of files of the same content, until it is stopped.

        Neither the caller nor the end of the program waits for them, as both do for an executor's: where AWS
        does not answer, a call takes minutes to give up.
        """

        def work() -> None:
            with suppress(queue.Empty):
                while not run.stop.cancelled:
                    same = groups.get_nowait()
                    self._send(same, run, maybe_there(same[0]))

        threads = [
            threading.Thread(target=work, name=f"upload-{number}", daemon=True)
            for number in range(min(PARALLEL, groups.qsize()))
        ]
        for thread in threads:
            thread.start()
        return threads

    def _send(self, same: Sequence[PreparedFile], run: _Run, maybe_there: bool) -> None:
        """Send the first of files of the same content, unless it is there; tell of every one how it ended."""
        ended = self._sent(same[0], run, maybe_there)
        run.events.put(ended)
        for file in same[1:]:
            if isinstance(ended, Uploaded):
                run.events.put(replace(ended, file=file, already_there=True, there_as=ended.photo_id))
            else:
                run.events.put(replace(ended, file=file))

    def _sent(self, file: PreparedFile, run: _Run, maybe_there: bool) -> Uploaded | UploadFailed:
        """Send a file, and again after each outage."""
        told = 0

        def progress(sent: int) -> None:
            nonlocal told
            told += sent
            if told < file.size:  # boto3 tells of a small file when S3 has it
                run.stop.check()
            run.events.put(UploadProgress(file, sent))

        tries = _TRIES
        while True:
            try:
                there = self.already_there(file, allow_duplicates=run.alone) if maybe_there else None
                if there:
                    return there
                with file.path.open("rb") as body:  # boto3 leaves a file open whose sending is broken off
                    return Uploaded(file, self.put(body, file, progress))
            except Exception as error:  # noqa: BLE001 - a thread's exception would be lost, and its file forgotten
                tries -= 1
                if not tries or not run.outlasts(_ours(file, error)):
                    return self.failed(file, error)
            run.events.put(UploadProgress(file, -told))
            told = 0

    def _list(self) -> dict[str, Any]:
        """Return S3's answer about the album's photos, at most a thousand of them."""
        found: dict[str, Any] = self._s3.list_objects_v2(Bucket=self.stack.bucket, Prefix=self._prefix)
        return found

    def _maybe_there(self) -> Callable[[PreparedFile], bool]:
        """Return what tells whether a file may be in the bucket: one request, instead of one for each file.

        In an album of more photos than one answer holds any file may be. Raises AwsError.
        """
        with translated(f"Listing {self._prefix}"):
            found = self._list()
        contents = {_content(one["Key"]) for one in found.get("Contents", ())}
        return lambda file: found["IsTruncated"] or _content(file.key) in contents


def _content(key: str) -> str:
    """Return a key without the file's name: that of all files of the same content in an album."""
    folder, _, name = key.rpartition("/")
    return f"{folder}/{name.partition('-')[0]}"


def _by_content(files: Sequence[PreparedFile], *, alone: bool) -> Iterable[list[PreparedFile]]:
    """Return the files together that have the same content, or each alone."""
    found: dict[str, list[PreparedFile]] = {}
    for file in files:
        found.setdefault(file.key if alone else _content(file.key), []).append(file)
    return found.values()


def _ours(file: PreparedFile, error: Exception) -> ImageprocError:
    return error if isinstance(error, ImageprocError) else from_botocore(error, f"Uploading {file.path.name}")


def _next(events: _Events, cancellation: Cancellation | None) -> UploadEvent:
    """Return the next event as soon as there is one. Raises Cancelled."""
    while True:
        if cancellation:
            cancellation.check()
        try:
            return events.get(timeout=_POLL_S)
        except queue.Empty:
            continue


def _arrived(events: _Events) -> Iterator[Uploaded]:
    """Yield the files that were sent, of what has not been told yet."""
    with suppress(queue.Empty):
        while True:
            event = events.get_nowait()
            if isinstance(event, Uploaded):
                yield event


def _await(threads: Iterable[threading.Thread]) -> None:
    """Wait for threads that were told to stop, but not for calls that AWS does not answer."""
    deadline = time.monotonic() + _GRACE_S
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))


def _keep_answer(parsed: dict[str, Any], **_: Any) -> None:
    _answers.last = parsed


def _version_of_answer(answer: Mapping[str, Any]) -> ObjectVersion:
    """Return the version that an answer names; its time is the answer's, at or just after the upload's."""
    answered = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    uploaded = parsedate_to_datetime(answered).timestamp() if answered else time.time()
    return ObjectVersion(answer.get("VersionId"), int(uploaded))
