"""Pictures for a browser: addresses that it fetches from S3 itself, and pictures that are made for it.

An address is presigned: whoever has it may read that one object until it expires. It is never to be stored.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ShareObjectPreSignedURL.html
"""

from __future__ import annotations

import io
from dataclasses import dataclass

from imageproc.aws.errors import translated
from imageproc.client.photos import Photo
from imageproc.client.stack import Stack
from imageproc.core.formats import CONTENT_TYPES
from imageproc.core.thumbnail import render

EXPIRY_S = 900
"""Seconds for which an address is good. On AWS it ends earlier if the credentials do."""

RENDITION_SIZE = (1600, 1600)
"""The box, width x height in pixels, that a picture made for looking at fits into."""


@dataclass(frozen=True)
class Rendition:
    """A picture's file made for looking at: upright, without metadata. Width and height are in pixels."""

    data: bytes
    content_type: str
    width: int
    height: int


class Links:
    """Addresses of a stack's pictures."""

    def __init__(self, stack: Stack, expiry_s: int = EXPIRY_S) -> None:
        """Make addresses that are good for so many seconds."""
        self._bucket = stack.bucket
        self._signer = stack.target.signer()
        self._expiry_s = expiry_s

    def thumbnail(self, photo: Photo) -> str | None:
        """Return the address of a photo's thumbnail, None if it has none. Nothing is asked of AWS."""
        return self._sign(Key=photo.thumbnail_key) if photo.thumbnail_key else None

    def original(self, photo: Photo) -> str | None:
        """Return the address from which the browser saves the photo's file; None if it has no key.

        The file is served as an attachment: it can hold anything, a page with scripts, say.
        """
        if not photo.key:
            return None
        type_ = CONTENT_TYPES.get(str(photo.record.get("imageFormat")), "application/octet-stream")
        version = {"VersionId": photo.version_id} if photo.version_id else {}
        return self._sign(
            Key=photo.key, ResponseContentDisposition="attachment", ResponseContentType=type_, **version
        )

    def _sign(self, **params: str) -> str:
        with translated(f"Signing the address of {params['Key']}"):
            return str(
                self._signer.generate_presigned_url(
                    "get_object", Params={"Bucket": self._bucket, **params}, ExpiresIn=self._expiry_s
                )
            )


def make_rendition(data: bytes, box: tuple[int, int] = RENDITION_SIZE) -> Rendition:
    """Make a picture for looking at from a photo, given as its whole file.

    Originals can have a hundred megabytes, and formats of colour and orientation that browsers show in their
    own ways; this has some hundred kilobytes, and the boxes of labels fit it. Raises ImageIdentifyError,
    NotSupportedImageType or ImageTooLargeError.
    """
    picture = render(data, box)
    buffer = io.BytesIO()
    if picture.mode in ("LA", "RGBA"):
        picture.save(buffer, "WEBP", quality=85, method=2)
        content_type = "image/webp"
    else:
        picture.save(buffer, "JPEG", quality=85)
        content_type = "image/jpeg"
    return Rendition(buffer.getvalue(), content_type, picture.width, picture.height)
