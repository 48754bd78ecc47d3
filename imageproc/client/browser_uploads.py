"""Uploads from a browser, straight to S3: each file gets a ticket, a form that S3 takes for this file alone.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/HTTPPOSTExamples.html
"""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from botocore.exceptions import BotoCoreError, ClientError

from imageproc.client.albums import Album
from imageproc.client.errors import UploadError
from imageproc.client.sending import Sender
from imageproc.client.stack import Stack
from imageproc.client.uploads import (
    Failed,
    Refusal,
    Refused,
    Sent,
    Upload,
    failed,
    find_version,
    make_object_id,
    photo_metadata,
    refused,
)
from imageproc.core.errors import ImageIdentifyError, ImageRejectedError
from imageproc.core.formats import CONTENT_TYPES, SNIFF_BYTES, sniff
from imageproc.core.limits import check_bytes

TICKET_S = 300
"""Seconds for which a ticket is good. S3 looks at it when an upload begins, not when it ends."""

_DIGEST = re.compile(r"[0-9a-f]{64}")
_LONGEST_NAME = 4096
"""Characters of a file name that are looked at; file systems allow 255."""

_AWS_ERRORS = (BotoCoreError, ClientError)


@dataclass(frozen=True)
class Ticket:
    """A form for one file: POST it to `url` as multipart/form-data, these fields first, `file` last."""

    upload: Upload
    url: str
    fields: dict[str, str]
    expires: int
    """Epoch seconds."""

    @property
    def object_id(self) -> str:
        """The photo's object ID."""
        return self.upload.object_id

    @property
    def key(self) -> str:
        """The object's key; S3 takes no other."""
        return self.upload.key


class BrowserUploads:
    """Gives out tickets for one album. What a browser says of its files is checked, whatever it is."""

    def __init__(self, stack: Stack, album: Album) -> None:
        """Take files into this album. Raises UploadError for a user or album that S3 cannot carry."""
        self._album = album
        self._bucket = stack.bucket
        self._s3 = stack.client("s3")
        self._signer = stack.target.signer()
        self._metadata = photo_metadata(album.user, album.id)
        self._sender = Sender(self._s3, self._bucket, self._metadata)
        if any("${filename}" in value for value in self._metadata.values()):
            raise UploadError("A user or album with ${filename} in its ID cannot upload: S3 replaces that.")

    def ticket(
        self, name: object, size: object, content_type: object, digest: object = None, head: bytes = b""
    ) -> Ticket | Sent | Refused | Failed:
        """Return a ticket for a file of this name and size (bytes), or why there is none.

        `digest` is the content's SHA-256 in hexadecimal digits, None if the browser has none; `head`, the
        file's first bytes, tells what it is if it is no photo. Sent: it had been uploaded before.
        """
        try:
            upload = self._checked(name, size, content_type, digest, head)
        except ImageRejectedError as error:
            return refused(Path(_shown(name)), error)
        except UploadError as error:
            return Refused(Path(_shown(name)), str(error), Refusal.INVALID)
        try:
            there = find_version(self._s3, self._bucket, upload, self._metadata) if digest else None
            return Sent(upload, there, already_there=True) if there else self._signed(upload)
        except _AWS_ERRORS as error:
            return failed(upload, error)

    def finished(self, ticket: Ticket) -> Sent | Failed:
        """Return what the bucket has of a ticket's file, after the browser has sent it."""
        return self._confirmed(ticket.upload)

    def send_bytes(self, ticket: Ticket, body: BinaryIO) -> Sent | Refused | Failed:
        """Send a file that came another way, as its ticket allows. `body` is seekable; it stays open."""
        upload = ticket.upload
        head = body.read(SNIFF_BYTES)
        try:
            true_type = CONTENT_TYPES[sniff(head)]
        except ImageRejectedError as error:
            return refused(upload.path, error)
        if true_type != upload.content_type or body.seek(0, 2) != upload.size:
            changed = "The file is not the one that was offered: it changed meanwhile. Upload it again."
            return Refused(upload.path, changed, Refusal.INVALID)
        body.seek(0)
        try:
            return Sent(upload, self._sender.send(body, upload.key, upload.content_type))
        except Exception as error:  # noqa: BLE001 - the transfer raises more than botocore does
            return failed(upload, error)

    def _checked(
        self, name: object, size: object, content_type: object, digest: object, head: bytes
    ) -> Upload:
        """Return the upload that a browser asks for. Raises ImageRejectedError, UploadError."""
        if not isinstance(name, str) or not name or len(name) > _LONGEST_NAME:
            raise UploadError("A file needs a name of at most 4,096 characters.")
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise UploadError("The browser gave no size of the file.")
        if digest is not None and not (isinstance(digest, str) and _DIGEST.fullmatch(digest)):
            raise UploadError("The browser gave a SHA-256 that is none.")
        check_bytes(size)
        if not size:
            raise ImageIdentifyError("the file is empty")
        known = CONTENT_TYPES[sniff(head)] if head else content_type
        if known not in CONTENT_TYPES.values() or known != content_type:
            raise ImageIdentifyError("by its first bytes the file is no JPEG or PNG")
        object_id = make_object_id(self._album.id, digest or secrets.token_hex(32), name)
        return Upload(Path(_shown(name)), object_id, size, str(known))

    def _signed(self, upload: Upload) -> Ticket:
        fields = {
            "Content-Type": upload.content_type,
            **{f"x-amz-meta-{name}": value for name, value in self._metadata.items()},
        }
        exact: list[object] = [{name: value} for name, value in fields.items()]
        signed = self._signer.generate_presigned_post(
            self._bucket,
            upload.key,
            Fields=dict(fields),
            Conditions=[*exact, ["content-length-range", upload.size, upload.size]],
            ExpiresIn=TICKET_S,
        )
        return Ticket(upload, signed["url"], signed["fields"], int(time.time()) + TICKET_S)

    def _confirmed(self, upload: Upload) -> Sent | Failed:
        try:
            version = find_version(self._s3, self._bucket, upload, self._metadata)
        except _AWS_ERRORS as error:
            return failed(upload, error)
        missing = "The bucket does not have it, although the browser says that it was sent. Upload it again."
        return Sent(upload, version) if version else Failed(upload, missing)


def _shown(name: object) -> str:
    """Return a file's name for messages: one line, of no more than 255 characters."""
    text = name if isinstance(name, str) else "(no name)"
    clean = "".join(one if one.isprintable() and one != "/" else "_" for one in text[-255:])
    return clean or "(no name)"
