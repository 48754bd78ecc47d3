"""A file of photos behind an address, from which a browser saves it: a zip or a contact sheet.

It is made here in a temporary file, put under `Downloads/` in the bucket, and served from there, so that
nothing of it passes through the kernel's connection to a browser that reaches S3. The address is presigned:
anyone who has it may read the file until it expires. Never store it. When the next one is made, those that
have expired are removed, and what is left the bucket's lifecycle rule removes after a day.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from tempfile import TemporaryFile
from typing import IO, Any

from imageproc.aws.translation import translated
from imageproc.client.photos.exports import Written
from imageproc.client.photos.presigned import EXPIRY_S, attachment
from imageproc.client.photos.stored_file import StoredFile
from imageproc.client.stack import Stack
from imageproc.core.file_names import saved_name
from imageproc.core.keys import DOWNLOADS_PREFIX
from imageproc.errors import DownloadError

_TYPES = {".zip": "application/zip", ".html": "text/html; charset=utf-8"}


@dataclass(frozen=True)
class Link:
    """A file that a browser saves."""

    url: str
    """Good for a quarter of an hour; on AWS it ends earlier if the credentials do."""
    name: str
    """What the browser calls the file."""
    written: Written
    file: StoredFile
    """The same, for a browser that cannot reach S3."""


def make_link(stack: Stack, name: str, write: Callable[[IO[bytes]], Written]) -> Link:
    """Have a file written, and put it where a browser finds it. See `Photos.link`."""
    called = saved_name(name)
    key = DOWNLOADS_PREFIX + secrets.token_hex(16)
    kind = _TYPES.get(PurePath(called).suffix, "application/octet-stream")
    s3: Any = stack.client("s3")
    _remove_old(s3, stack.bucket)
    try:
        with TemporaryFile() as file:
            written = write(file)
            file.seek(0)
            with translated(f"Uploading {called}"):
                s3.upload_fileobj(file, stack.bucket, key, ExtraArgs={"ContentType": kind})
    except OSError as error:
        raise DownloadError(
            f"{called} cannot be written: {error.strerror or error}.", "Make room for temporary files."
        ) from error
    # It is saved and never opened in a page of the bucket's.
    params = {"Bucket": stack.bucket, "Key": key, "ResponseContentDisposition": attachment(called)}
    with translated(f"Signing the address of {called}"):
        url = stack.target.signer().generate_presigned_url("get_object", Params=params, ExpiresIn=EXPIRY_S)
    return Link(url, called, written, StoredFile(stack, Bucket=stack.bucket, Key=key))


def _remove_old(s3: Any, bucket: str) -> None:
    """Remove, with all versions, files whose addresses have expired."""
    expired = datetime.now(UTC) - timedelta(seconds=EXPIRY_S)
    with translated("Removing earlier downloads"):
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=DOWNLOADS_PREFIX):
            old = [
                {"Key": one["Key"], "VersionId": one["VersionId"]}
                for one in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
                if one["LastModified"] < expired
            ]
            if old:
                s3.delete_objects(Bucket=bucket, Delete={"Objects": old, "Quiet": True})
