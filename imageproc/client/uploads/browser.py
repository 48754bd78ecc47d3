"""Uploads from a browser, straight to S3: each file gets a presigned POST that S3 takes for this file alone.

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
from imageproc.client.uploads.events import PreparedFile, Refusal, RefusedFile, Uploaded, UploadFailed
from imageproc.client.uploads.files import make_photo_id, refused
from imageproc.client.uploads.sender import Sender
from imageproc.core.formats import CONTENT_TYPES, SNIFF_BYTES, sniff
from imageproc.core.limits import check_bytes
from imageproc.errors import ImageIdentifyError, ImageRejectedError, UploadError

EXPIRY_S = 300
"""Seconds for which a presigned POST is valid. S3 looks at it when an upload begins, not when it ends."""

_DIGEST = re.compile(r"[0-9a-f]{64}")
_LONGEST_NAME = 4096
"""Characters of a file name that are looked at; file systems allow 255."""

_AWS_ERRORS = (BotoCoreError, ClientError)


@dataclass(frozen=True)
class PresignedPost:
    """A form for one file: POST it to `url` as multipart/form-data, these fields first, `file` last."""

    file: PreparedFile
    url: str
    fields: dict[str, str]
    expires: int
    """Epoch seconds."""

    @property
    def photo_id(self) -> str:
        """The photo's ID."""
        return self.file.photo_id

    @property
    def key(self) -> str:
        """The object's key; S3 takes no other."""
        return self.file.key


class BrowserUploads:
    """Presigned POSTs for one album. What a browser says of its files is checked, whatever it is."""

    def __init__(self, sender: Sender, album: Album, *, allow_duplicates: bool = False) -> None:
        """Take files into this album. Raises UploadError for a user or album that S3 cannot carry."""
        self._album, self._sender, self._alone = album, sender, allow_duplicates
        self._signer = sender.stack.target.signer()
        if any("${filename}" in value for value in sender.metadata.values()):
            raise UploadError("A user or album with ${filename} in its ID cannot upload: S3 replaces that.")

    def presigned_post(
        self, name: object, size: object, content_type: object, digest: object = None, head: bytes = b""
    ) -> PresignedPost | Uploaded | RefusedFile | UploadFailed:
        """Return a presigned POST for a file of this name and size (bytes), or why there is none.

        `digest` is the content's SHA-256 in hexadecimal digits, None if the browser has none; `head`, the
        file's first bytes, tells what it is if it is not a photo. Uploaded: it had been uploaded before.
        """
        try:
            file = self._checked(name, size, content_type, digest, head)
        except ImageRejectedError as error:
            return refused(Path(_shown(name)), error)
        except UploadError as error:
            return RefusedFile(Path(_shown(name)), str(error), Refusal.INVALID)
        try:
            there = self._sender.already_there(file, allow_duplicates=self._alone) if digest else None
            return there or self._signed(file)
        except _AWS_ERRORS as error:
            return self._sender.failed(file, error)

    def finished(self, post: PresignedPost) -> Uploaded | UploadFailed:
        """Return what the bucket has of a file, after the browser has sent it."""
        try:
            version = self._sender.find(post.file)
        except _AWS_ERRORS as error:
            return self._sender.failed(post.file, error)
        missing = "The bucket does not have it, although the browser says that it was sent. Upload it again."
        return Uploaded(post.file, version) if version else UploadFailed(post.file, missing)

    def send_bytes(self, post: PresignedPost, body: BinaryIO) -> Uploaded | RefusedFile | UploadFailed:
        """Send a file that came through the kernel, as its POST allows.

        `body` is seekable; boto3 may close it.
        """
        file = post.file
        head = body.read(SNIFF_BYTES)
        try:
            true_type = CONTENT_TYPES[sniff(head)]
        except ImageRejectedError as error:
            return refused(file.path, error)
        if true_type != file.content_type or body.seek(0, 2) != file.size:
            changed = "The file is not the one that was offered: it changed meanwhile. Upload it again."
            return RefusedFile(file.path, changed, Refusal.INVALID)
        body.seek(0)
        try:
            return Uploaded(file, self._sender.put(body, file))
        except Exception as error:  # noqa: BLE001 - the transfer raises more than botocore does
            return self._sender.failed(file, error)

    def _checked(
        self, name: object, size: object, content_type: object, digest: object, head: bytes
    ) -> PreparedFile:
        """Return the file that a browser wants to upload. Raises ImageRejectedError, UploadError."""
        if not isinstance(name, str) or not name or len(name) > _LONGEST_NAME:
            raise UploadError("A file needs a name of at most 4,096 characters.")
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise UploadError("The browser gave no size of the file.")
        if digest is not None and not (isinstance(digest, str) and _DIGEST.fullmatch(digest)):
            raise UploadError("The browser gave something other than a SHA-256.")
        check_bytes(size)
        if not size:
            raise ImageIdentifyError("the file is empty")
        known = CONTENT_TYPES[sniff(head)] if head else content_type
        if known not in CONTENT_TYPES.values() or known != content_type:
            raise ImageIdentifyError("by its first bytes the file is neither JPEG nor PNG")
        photo_id = make_photo_id(self._album.id, digest or secrets.token_hex(32), name)
        return PreparedFile(Path(_shown(name)), photo_id, size, str(known))

    def _signed(self, file: PreparedFile) -> PresignedPost:
        metadata = {f"x-amz-meta-{name}": value for name, value in self._sender.metadata.items()}
        fields = {"Content-Type": file.content_type, **metadata}
        exact: list[object] = [{name: value} for name, value in fields.items()]
        signed = self._signer.generate_presigned_post(
            self._sender.stack.bucket,
            file.key,
            Fields=dict(fields),
            Conditions=[*exact, ["content-length-range", file.size, file.size]],
            ExpiresIn=EXPIRY_S,
        )
        return PresignedPost(file, signed["url"], signed["fields"], int(time.time()) + EXPIRY_S)


def _shown(name: object) -> str:
    """Return a file's name for messages: one line, of no more than 255 characters."""
    text = name if isinstance(name, str) else "(no name)"
    clean = "".join(one if one.isprintable() and one != "/" else "_" for one in text[-255:])
    return clean or "(no name)"
